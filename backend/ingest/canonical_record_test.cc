#include "backend/ingest/canonical_record.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "backend/ingest/testing/parsed_record.h"
#include "backend/ingest/testing/random_message.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/wire_format_lite.h"
#include "proto/kind_registry.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::google::protobuf::internal::WireFormatLite;

constexpr size_t kMaxString = 20;

pb::Scope HostScope() {
  pb::Scope scope;
  scope.set_type(pb::Scope::HOST);
  return scope;
}

pb::Record RandomRecord(RandomMessage* random, uint32_t number) {
  pb::Record record;
  *record.mutable_scope() = HostScope();
  if (random->Below(4) != 0) *record.mutable_collected_at() = ToWire(absl::FromUnixNanos(1'700'000'000'000'000'000));
  if (random->Below(20) == 0) record.mutable_collected_at()->set_nanos(-1);
  for (uint32_t redactions = random->Below(8); redactions > 5; --redactions) {
    random->Fill(record.add_redactions(), 1);
  }
  const Kind& kind = AllKinds()[number % AllKinds().size()];
  random->Fill(record.GetReflection()->MutableMessage(&record, kind.field), 1);
  return record;
}

bool Read(absl::string_view bytes, CanonicalRecord* record) {
  return CanonicalRecordReader(HostScope(), kMaxString).Read(bytes, record);
}

// What protobuf's serializer gives is read if and only if it is taken when parsed, and alike.
TEST(CanonicalRecord, IsWhatParsingGives) {
  RandomMessage random(3, kMaxString);
  CanonicalRecordReader reader(HostScope(), kMaxString);
  std::map<int, int> read_of_kind;
  int refused = 0;
  for (uint32_t i = 0; i < 20'000; ++i) {
    const pb::Record record = RandomRecord(&random, i);
    const std::string bytes = record.SerializeAsString();
    const std::optional<CanonicalRecord> parsed = ReadByParsing(bytes, HostScope(), kMaxString);
    CanonicalRecord read;
    ASSERT_EQ(reader.Read(bytes, &read), parsed.has_value()) << record.ShortDebugString();
    if (!parsed.has_value()) {
      ++refused;
      continue;
    }
    ASSERT_TRUE(SameRecord(read, *parsed)) << record.ShortDebugString();
    ++read_of_kind[read.kind];
  }
  EXPECT_GT(refused, 500);
  EXPECT_EQ(read_of_kind.size(), AllKinds().size());
  for (const auto& [kind, count] : read_of_kind) EXPECT_GT(count, 300) << kind;
}

TEST(CanonicalRecord, IsOfChangedBytesOnlyReadIfParsingGivesTheSame) {
  const google::protobuf::LogSilencer of_what_is_no_utf8;
  RandomMessage random(5, kMaxString);
  int taken = 0;
  for (uint32_t i = 0; i < 40'000; ++i) {
    std::string bytes = RandomRecord(&random, i).SerializeAsString();
    const auto place = [&] { return random.Below(static_cast<uint32_t>(bytes.size())); };
    switch (random.Below(4)) {
      case 0:
        bytes.resize(place());
        break;
      case 1:
        bytes.insert(place(), 1, static_cast<char>(random.Below(256)));
        break;
      case 2:
        bytes.erase(place(), 1);
        break;
      default:
        bytes[place()] ^= static_cast<char>(1U << random.Below(8));
    }
    CanonicalRecord read;
    if (!Read(bytes, &read)) continue;
    const std::optional<CanonicalRecord> parsed = ReadByParsing(bytes, HostScope(), kMaxString);
    ASSERT_TRUE(parsed.has_value()) << i;
    ASSERT_TRUE(SameRecord(read, *parsed)) << i;
    ++taken;
  }
  EXPECT_GT(taken, 1'000) << "changes within text and numbers leave a record";
}

std::string Field(int number, absl::string_view content) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  WireFormatLite::WriteBytes(number, std::string(content), &out);
  out.Trim();
  return bytes;
}

// A record of the host whose payload is the field `kind` with these bytes.
std::string RecordWith(int kind, absl::string_view payload) {
  return Field(pb::Record::kScopeFieldNumber, HostScope().SerializeAsString()) + Field(kind, payload);
}

std::string Package(absl::string_view payload) { return RecordWith(pb::Record::kOsPackageFieldNumber, payload); }

struct OddCase {
  const char* name;
  std::string bytes;
};

std::vector<OddCase> OddCases() {
  const std::string good = Field(2, "bash");
  const std::string scope = Field(pb::Record::kScopeFieldNumber, HostScope().SerializeAsString());
  const std::string package = Field(pb::Record::kOsPackageFieldNumber, good);
  const int process = pb::Record::kProcessFieldNumber;
  return {
      {"LongerTagThanNeeded", Package(std::string("\x92\x00\x04", 3) + "bash")},
      {"LongerLengthThanNeeded", Package(std::string("\x12\x84\x00", 3) + "bash")},
      {"LongerNumberThanNeeded", Package(std::string("\x08\x81\x00", 3) + good)},
      {"FieldsOutOfOrder", Package(Field(3, "amd64") + good)},
      {"EnvelopeOutOfOrder", package + scope},
      {"FieldTwice", Package(good + Field(2, "dash"))},
      {"ScopeTwice", scope + scope + package},
      {"PayloadTwice", scope + package + package},
      {"TwoPayloads", scope + Field(process, "\x08\x01") + package},
      {"EmptyTextWritten", Package(good + Field(3, ""))},
      {"ZeroWritten", RecordWith(process, std::string("\x08\x00", 2))},
      {"NotUtf8", Package(Field(2, "b\xff"))},
      {"OverlongUtf8", Package(Field(2, "b\xc0\x80"))},
      {"SurrogateInUtf8", Package(Field(2, "b\xed\xa0\x80"))},
      {"TooLong", Package(Field(2, std::string(kMaxString + 1, 'x')))},
      {"NumberOfMoreThan32Bits", RecordWith(process, "\x08\xff\xff\xff\xff\x1f")},
      {"NumberOfMoreThan64Bits", RecordWith(process, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")},
      {"NumberWithoutEnd", RecordWith(process, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
      {"UnnamedValue", Package("\x08\x3f" + good)},
      {"LengthBeyondTheEnd", Package("\x12\x7f" + std::string("bash"))},
      {"OtherWireType", Package("\x10\x01")},
      {"UnknownField", Package(good + Field(900, "x"))},
      {"UnknownKind", RecordWith(900, good)},
      {"NumberZero", Package(std::string("\x02\x00", 2))},
      {"DerivedKind", Field(pb::Record::kKindFieldNumber, "x") + scope + package},
      {"DerivedPurposes", scope + Field(pb::Record::kPurposesFieldNumber, "\x01") + package},
      {"NoScope", package},
      {"OtherScope", Field(pb::Record::kScopeFieldNumber,
                           "\x08\x02\x12\x01"
                           "c") +
                         package},
      {"NoPayload", scope},
      {"Empty", ""},
  };
}

TEST(CanonicalRecord, IsNotReadFromOddBytes) {
  CanonicalRecord read;
  ASSERT_TRUE(Read(Package(Field(2, "bash")), &read));
  for (const OddCase& odd : OddCases()) EXPECT_FALSE(Read(odd.bytes, &read)) << odd.name;
}

// Each record of these is parsed as before.
TEST(CanonicalRecord, ReaderForgetsWhatItReadLast) {
  CanonicalRecordReader reader(HostScope(), kMaxString);
  CanonicalRecord first;
  ASSERT_TRUE(reader.Read(Package(Field(2, "bash")), &first));
  CanonicalRecord other;
  for (const OddCase& odd : OddCases()) EXPECT_FALSE(reader.Read(odd.bytes, &other)) << odd.name;
  ASSERT_TRUE(reader.Read(Package(Field(2, "bash")), &other));
  EXPECT_TRUE(SameRecord(first, other));
}

TEST(CanonicalRecord, IsOfItsScope) {
  pb::Scope container;
  container.set_type(pb::Scope::CONTAINER);
  container.set_id("c1");
  const std::string bytes = Field(pb::Record::kScopeFieldNumber, container.SerializeAsString()) +
                            Field(pb::Record::kOsPackageFieldNumber, Field(2, "bash"));
  CanonicalRecord read;
  EXPECT_FALSE(Read(bytes, &read));
  ASSERT_TRUE(CanonicalRecordReader(container, kMaxString).Read(bytes, &read));
  const auto parsed = ReadByParsing(bytes, container, kMaxString);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(SameRecord(read, *parsed));
}

}  // namespace
}  // namespace rollcall
