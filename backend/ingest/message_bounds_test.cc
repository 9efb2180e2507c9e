#include "backend/ingest/message_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "google/protobuf/stubs/logging.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::testing::HasSubstr;

constexpr size_t kMaxString = 20;

// The same rules, read off the messages: what protobuf says of a field against what its bytes say.
bool WithinBounds(const Message& message, int depth) {
  const Reflection* reflection = message.GetReflection();
  if (depth > 8 || !reflection->GetUnknownFields(message).empty()) return false;
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const bool many = field->is_repeated();
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING: {
          const std::string text =
              many ? reflection->GetRepeatedString(message, field, i) : reflection->GetString(message, field);
          if (text.size() > kMaxString) return false;
          break;
        }
        case FieldDescriptor::CPPTYPE_ENUM: {
          const int number =
              many ? reflection->GetRepeatedEnumValue(message, field, i) : reflection->GetEnumValue(message, field);
          if (field->enum_type()->FindValueByNumber(number) == nullptr) return false;
          break;
        }
        case FieldDescriptor::CPPTYPE_MESSAGE:
          if (!WithinBounds(
                  many ? reflection->GetRepeatedMessage(message, field, i) : reflection->GetMessage(message, field),
                  depth + 1)) {
            return false;
          }
          break;
        default:
          break;
      }
    }
  }
  return true;
}

// Fills messages at random; now and then with what is not allowed.
class Filler {
 public:
  explicit Filler(uint32_t seed) : random_(seed) {}

  void Fill(Message* message, int depth) {
    const auto* type = message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      if (Below(3) != 0) continue;
      const int count = type->field(i)->is_repeated() ? 1 + static_cast<int>(Below(3)) : 1;
      for (int j = 0; j < count; ++j) FillOne(message, type->field(i), depth);
    }
    if (Below(300) == 0) message->GetReflection()->MutableUnknownFields(message)->AddVarint(9999, 1);
    if (Below(300) == 0) message->GetReflection()->MutableUnknownFields(message)->AddFixed64(1 + Below(40), 1);
  }

  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_()) % n; }

 private:
  int EnumNumber(const FieldDescriptor* field) {
    if (Below(200) == 0) return -1;
    if (Below(200) == 0) return 77'777;
    return field->enum_type()
        ->value(static_cast<int>(Below(static_cast<uint32_t>(field->enum_type()->value_count()))))
        ->number();
  }

  void FillOne(Message* message, const FieldDescriptor* field, int depth) {
    const Reflection* r = message->GetReflection();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text(Below(100) == 0 ? kMaxString + Below(2) : Below(12), 'x');
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

  std::mt19937 random_;
};

absl::Status Check(const Message& message) {
  return CheckMessageBounds(message.GetDescriptor(), message.SerializeAsString(), kMaxString);
}

TEST(MessageBounds, AreThoseReflectionFinds) {
  Filler filler(7);
  int refused = 0;
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    pb::Record record;
    const Kind& kind = AllKinds()[static_cast<size_t>(i) % AllKinds().size()];
    filler.Fill(record.GetReflection()->MutableMessage(&record, kind.field), 0);
    const bool allowed = WithinBounds(record, 0);
    ASSERT_EQ(Check(record).ok(), allowed) << record.ShortDebugString() << Check(record);
    ++(allowed ? accepted : refused);
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(accepted, 1'000);
}

TEST(MessageBounds, SayWhichFieldAndWhy) {
  pb::Record record;
  record.mutable_os_package()->set_summary(std::string(kMaxString + 1, 'x'));
  EXPECT_THAT(Check(record).message(), HasSubstr("summary: longer than 20 bytes"));
  record.mutable_os_package()->set_summary(std::string(kMaxString, 'x'));
  EXPECT_EQ(Check(record), absl::OkStatus());
  record.mutable_os_package()->set_manager(static_cast<pb::OsPackage::Manager>(-3));
  EXPECT_THAT(Check(record).message(), HasSubstr("manager: no value has number -3"));
}

// Any bytes have an answer; those of a record that were changed are a message still, or are said not to be.
TEST(MessageBounds, AnyBytesHaveAnAnswer) {
  const google::protobuf::LogSilencer of_what_is_no_utf8;
  Filler filler(11);
  for (int i = 0; i < 20'000; ++i) {
    pb::Record record;
    const Kind& kind = AllKinds()[static_cast<size_t>(i) % AllKinds().size()];
    filler.Fill(record.GetReflection()->MutableMessage(&record, kind.field), 0);
    std::string bytes = record.SerializeAsString();
    if (bytes.empty()) continue;
    for (uint32_t flips = 1 + filler.Below(3); flips > 0; --flips) {
      bytes[filler.Below(static_cast<uint32_t>(bytes.size()))] ^= static_cast<char>(1U << filler.Below(8));
    }
    if (filler.Below(2) == 0) bytes.resize(filler.Below(static_cast<uint32_t>(bytes.size())));
    pb::Record parsed;
    const bool allowed = CheckMessageBounds(pb::Record::descriptor(), bytes, kMaxString).ok();
    // The other way round there are differences: a parser forgets what a later field replaces.
    if (allowed && parsed.ParseFromString(bytes)) EXPECT_TRUE(WithinBounds(parsed, 0)) << parsed.ShortDebugString();
  }
}

}  // namespace
}  // namespace rollcall
