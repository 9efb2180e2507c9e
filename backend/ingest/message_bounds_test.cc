#include "backend/ingest/message_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "backend/ingest/testing/random_message.h"
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

absl::Status Check(const Message& message) {
  return CheckMessageBounds(message.GetDescriptor(), message.SerializeAsString(), kMaxString);
}

TEST(MessageBounds, AreThoseReflectionFinds) {
  RandomMessage filler(7, kMaxString);
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
  RandomMessage filler(11, kMaxString);
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
