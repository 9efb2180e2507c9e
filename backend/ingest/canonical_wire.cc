#include "backend/ingest/canonical_wire.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "google/protobuf/stubs/common.h"
#include "google/protobuf/wire_format_lite.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::internal::WireFormatLite;
using Form = CanonicalField::Form;

// Higher field numbers are not worth a table.
constexpr int kMaxNumber = 1000;
constexpr int kBits = 64;

Form FormOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_BOOL:
      return Form::kBool;
    case FieldDescriptor::TYPE_UINT32:
      return Form::kUint32;
    case FieldDescriptor::TYPE_INT32:
      return Form::kInt32;
    case FieldDescriptor::TYPE_UINT64:
      return Form::kUint64;
    case FieldDescriptor::TYPE_INT64:
      return Form::kInt64;
    case FieldDescriptor::TYPE_SINT32:
      return Form::kSint32;
    case FieldDescriptor::TYPE_SINT64:
      return Form::kSint64;
    case FieldDescriptor::TYPE_ENUM:
      return Form::kEnum;
    case FieldDescriptor::TYPE_STRING:
      return Form::kText;
    case FieldDescriptor::TYPE_BYTES:
      return Form::kBytes;
    case FieldDescriptor::TYPE_MESSAGE:
      return Form::kMessage;
    default:
      return Form::kUnknown;
  }
}

// Those that do not fit count as unnamed, so that nothing with them is proven.
uint64_t NamedValues(const EnumDescriptor* type) {
  uint64_t values = 0;
  for (int i = 0; i < type->value_count(); ++i) {
    const int number = type->value(i)->number();
    if (number >= 0 && number < kBits) values |= uint64_t{1} << static_cast<unsigned>(number);
  }
  return values;
}

bool IsCanonicalNumber(const CanonicalField& field, uint64_t value) {
  switch (field.form) {
    case Form::kBool:
      return value <= 1;
    case Form::kUint32:
    case Form::kSint32:
      return value <= std::numeric_limits<uint32_t>::max();
    case Form::kInt32:
      // A negative one is written with 64 bits.
      return value <= std::numeric_limits<int32_t>::max() ||
             value >= static_cast<uint64_t>(int64_t{std::numeric_limits<int32_t>::min()});
    case Form::kUint64:
    case Form::kInt64:
    case Form::kSint64:
      return true;
    case Form::kEnum:
      return value < kBits && (field.values >> value & 1) != 0;
    default:
      return false;
  }
}

bool IsText(absl::string_view bytes) {
  // Nearly all of it is ASCII, eight of which are looked at in one go.
  constexpr uint64_t kBeyondAscii = 0x8080808080808080;
  size_t i = 0;
  uint64_t seen = 0;
  for (; i + sizeof(uint64_t) <= bytes.size(); i += sizeof(uint64_t)) {
    uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + i, sizeof eight);
    seen |= eight;
  }
  for (; i < bytes.size(); ++i) seen |= static_cast<uint8_t>(bytes[i]);
  return (seen & kBeyondAscii) == 0 ||
         google::protobuf::internal::IsStructurallyValidUTF8(bytes.data(), static_cast<int>(bytes.size()));
}

bool HasLength(const CanonicalField& field) {
  return field.packed || field.form == Form::kText || field.form == Form::kBytes || field.form == Form::kMessage;
}

}  // namespace

const CanonicalType* CanonicalTypes::Of(const Descriptor* type) const {
  const auto found = types_.find(type);
  return found == types_.end() ? nullptr : found->second.get();
}

const CanonicalType* CanonicalTypes::Add(const Descriptor* type) {
  const auto [entry, is_new] = types_.try_emplace(type);
  if (!is_new) return entry->second.get();
  // Known before its fields are: a type may hold itself.
  entry->second = std::make_unique<CanonicalType>();
  CanonicalType* made = entry->second.get();
  for (int i = 0; i < type->field_count(); ++i) made->fields.push_back(MakeField(type->field(i)));
  std::sort(made->fields.begin(), made->fields.end(),
            [](const CanonicalField& a, const CanonicalField& b) { return a.field->number() < b.field->number(); });
  for (size_t i = 0; i < made->fields.size() && i < std::numeric_limits<uint8_t>::max(); ++i) {
    const int number = made->fields[i].field->number();
    if (number > kMaxNumber) break;
    made->by_number.resize(static_cast<size_t>(number) + 1);
    made->by_number.back() = static_cast<uint8_t>(i + 1);
  }
  return made;
}

CanonicalField CanonicalTypes::MakeField(const FieldDescriptor* field) {
  CanonicalField made;
  made.field = field;
  made.form = FormOf(field->type());
  made.repeated = field->is_repeated();
  made.packed = field->is_packed();
  made.keeps_default = field->is_repeated() || field->has_presence();
  if (field->real_containing_oneof() != nullptr) {
    const int index = field->real_containing_oneof()->index();
    if (index < kBits) made.oneof = uint64_t{1} << static_cast<unsigned>(index);
    if (index >= kBits) made.form = Form::kUnknown;
  }
  if (field->is_map() || field->file()->syntax() != FileDescriptor::SYNTAX_PROTO3) made.form = Form::kUnknown;
  if (made.form == Form::kEnum) made.values = NamedValues(field->enum_type());
  if (made.form == Form::kMessage) made.message = Add(field->message_type());
  made.tag = WireFormatLite::MakeTag(
      field->number(), HasLength(made) ? WireFormatLite::WIRETYPE_LENGTH_DELIMITED : WireFormatLite::WIRETYPE_VARINT);
  return made;
}

bool CanonicalFields::Next(FoundField* found) {
  if (at_ == end_) return false;
  proven_ = Take(found);
  return proven_;
}

bool CanonicalFields::Take(FoundField* found) {
  found->begin = static_cast<size_t>(at_ - begin_);
  const CanonicalField* field = TakeTag();
  if (field == nullptr) return false;
  found->rule = field;
  found->index = static_cast<size_t>(field - type_.fields.data());
  if (field->packed) {
    if (!TakePacked(*field, &found->content)) return false;
  } else if (HasLength(*field)) {
    if (!TakeContent(&found->content)) return false;
    if (field->form != Form::kMessage && found->content.size() > max_string_bytes_) return false;
    if (found->content.empty() && !field->keeps_default) return false;
    if (field->form == Form::kText && !IsText(found->content)) return false;
  } else {
    if (!TakeVarint(&found->number) || !IsCanonicalNumber(*field, found->number)) return false;
    if (found->number == 0 && !field->keeps_default) return false;
  }
  found->end = static_cast<size_t>(at_ - begin_);
  return true;
}

const CanonicalField* CanonicalFields::TakeTag() {
  uint64_t tag = 0;
  if (!TakeVarint(&tag)) return nullptr;
  const uint64_t number = tag >> 3U;
  if (number >= type_.by_number.size() || type_.by_number[number] == 0) return nullptr;
  const size_t index = type_.by_number[number] - size_t{1};
  const CanonicalField& field = type_.fields[index];
  if (index < next_ || field.tag != tag || (oneofs_ & field.oneof) != 0) return nullptr;
  oneofs_ |= field.oneof;
  next_ = field.repeated && !field.packed ? index : index + 1;
  return &field;
}

bool CanonicalFields::TakeVarint(uint64_t* value) {
  constexpr unsigned kLastShift = 63;
  if (at_ == end_) return false;
  uint64_t byte = *at_++;
  uint64_t result = byte & 0x7fU;
  for (unsigned shift = 7; byte >= 0x80U; shift += 7) {
    if (at_ == end_ || shift > kLastShift) return false;
    byte = *at_++;
    // A last byte of zero could be left out, and of the tenth one bit is left.
    if (byte == 0 || (shift == kLastShift && byte > 1)) return false;
    result |= (byte & 0x7fU) << shift;
  }
  *value = result;
  return true;
}

bool CanonicalFields::TakeContent(absl::string_view* content) {
  uint64_t size = 0;
  if (!TakeVarint(&size) || size > static_cast<size_t>(end_ - at_)) return false;
  *content = absl::string_view(reinterpret_cast<const char*>(at_), size);
  at_ += size;
  return true;
}

bool CanonicalFields::TakePacked(const CanonicalField& field, absl::string_view* content) {
  if (!TakeContent(content) || content->empty()) return false;
  CanonicalFields numbers(type_, *content, max_string_bytes_);
  while (numbers.at_ != numbers.end_) {
    uint64_t number = 0;
    if (!numbers.TakeVarint(&number) || !IsCanonicalNumber(field, number)) return false;
  }
  return true;
}

bool IsCanonical(const CanonicalType& type, absl::string_view bytes, size_t max_string_bytes, int depth) {
  if (depth < 0) return false;
  CanonicalFields fields(type, bytes, max_string_bytes);
  FoundField found;
  while (fields.Next(&found)) {
    const CanonicalType* message = found.rule->message;
    if (message != nullptr && !IsCanonical(*message, found.content, max_string_bytes, depth - 1)) return false;
  }
  return fields.proven();
}

}  // namespace rollcall
