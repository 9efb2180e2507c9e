#include "backend/ingest/testing/random_message.h"

#include <string>

#include "google/protobuf/descriptor.h"

namespace rollcall {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

void RandomMessage::Fill(Message* message, int depth) {
  const auto* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    if (Below(3) != 0) continue;
    const int count = type->field(i)->is_repeated() ? 1 + static_cast<int>(Below(3)) : 1;
    for (int j = 0; j < count; ++j) FillOne(message, type->field(i), depth);
  }
  if (Below(300) == 0) message->GetReflection()->MutableUnknownFields(message)->AddVarint(9999, 1);
  if (Below(300) == 0) message->GetReflection()->MutableUnknownFields(message)->AddFixed64(1 + Below(40), 1);
}

int RandomMessage::EnumNumber(const FieldDescriptor* field) {
  if (Below(200) == 0) return -1;
  if (Below(200) == 0) return 77'777;
  const auto count = static_cast<uint32_t>(field->enum_type()->value_count());
  return field->enum_type()->value(static_cast<int>(Below(count)))->number();
}

std::string RandomMessage::Text(const FieldDescriptor* field) {
  if (Below(100) == 0) return std::string(max_string_bytes_ + Below(2), 'x');
  if (Below(10) != 0) return std::string(Below(12), 'x');
  if (field->type() == FieldDescriptor::TYPE_BYTES) return std::string("\xff\0\x80", 3);
  return "z\xc3\xbcrich \xe2\x82\xac";
}

void RandomMessage::FillOne(Message* message, const FieldDescriptor* field, int depth) {
  const Reflection* r = message->GetReflection();
  const bool many = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = Text(field);
      return many ? r->AddString(message, field, text) : r->SetString(message, field, text);
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = EnumNumber(field);
      return many ? r->AddEnumValue(message, field, number) : r->SetEnumValue(message, field, number);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message* inner = many ? r->AddMessage(message, field) : r->MutableMessage(message, field);
      if (depth < 4) Fill(inner, depth + 1);
      return;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = uint64_t{Below(1U << 31U)} << Below(33);
      return many ? r->AddUInt64(message, field, value) : r->SetUInt64(message, field, value);
    }
    case FieldDescriptor::CPPTYPE_INT64:
      return many ? r->AddInt64(message, field, -1) : r->SetInt64(message, field, -1);
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? r->AddUInt32(message, field, Below(1000)) : r->SetUInt32(message, field, Below(1000));
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? r->AddInt32(message, field, -5) : r->SetInt32(message, field, -5);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return many ? r->AddDouble(message, field, 1.5) : r->SetDouble(message, field, 1.5);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return many ? r->AddFloat(message, field, 1.5F) : r->SetFloat(message, field, 1.5F);
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? r->AddBool(message, field, true) : r->SetBool(message, field, true);
  }
}

}  // namespace rollcall
