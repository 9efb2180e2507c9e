#include "backend/query/record_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

pb::Filter FilterOf(const std::string& field, pb::Filter::Operator op, const std::string& value) {
  pb::Filter filter;
  filter.set_field(field);
  filter.set_op(op);
  filter.set_value(value);
  return filter;
}

absl::StatusOr<RecordFilter> Compile(const char* kind, const pb::Filter& filter) {
  google::protobuf::RepeatedPtrField<pb::Filter> filters;
  *filters.Add() = filter;
  return RecordFilter::Compile(*FindKind(kind), filters);
}

pb::StoredRecord Record(const char* text) {
  pb::StoredRecord stored;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &stored)) << text;
  return stored;
}

const pb::StoredRecord& Port() {
  static const pb::StoredRecord port = Record(
      "record { listening_port { transport: TCP address: '0.0.0.0' port: 443 exposure: ANY v6only: false"
      " owners { pid: 7 name: 'nginx' } owners { pid: 90 name: 'nginx' } } } hostname: 'web-1'");
  return port;
}

bool Holds(const char* kind, const pb::StoredRecord& stored, const pb::Filter& filter) {
  const auto compiled = Compile(kind, filter);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled.ok() && compiled->Matches(stored);
}

TEST(RecordFilter, TakesEnumValuesAsPeopleWriteThem) {
  for (const char* text : {"TCP", "tcp", "Tcp"}) {
    EXPECT_TRUE(Holds("listening_port", Port(), FilterOf("transport", pb::Filter::EQUALS, text))) << text;
  }
  EXPECT_TRUE(Holds("listening_port", Port(), FilterOf("exposure", pb::Filter::MATCHES, "^(any|public)$")));
  EXPECT_FALSE(Holds("listening_port", Port(), FilterOf("exposure", pb::Filter::EQUALS, "")));
  EXPECT_TRUE(
      Holds("os_package", Record("record { os_package { name: 'x' } }"), FilterOf("manager", pb::Filter::EQUALS, "")));
  EXPECT_THAT(
      std::string(Compile("listening_port", FilterOf("exposure", pb::Filter::EQUALS, "every")).status().message()),
      HasSubstr("there are loopback, private, link_local, any"));
}

TEST(RecordFilter, TakesYesAndNo) {
  const pb::StoredRecord package = Record("record { os_package { held: true } }");
  EXPECT_TRUE(Holds("os_package", package, FilterOf("held", pb::Filter::EQUALS, "Yes")));
  EXPECT_TRUE(Holds("os_package", package, FilterOf("held", pb::Filter::EQUALS, "true")));
  EXPECT_TRUE(Holds("os_package", package, FilterOf("installed", pb::Filter::EQUALS, "no")));
  EXPECT_FALSE(Compile("os_package", FilterOf("held", pb::Filter::EQUALS, "maybe")).ok());
}

TEST(RecordFilter, UnknownIsNeitherYesNorNo) {
  const pb::StoredRecord port = Record("record { listening_port { port: 1 } }");
  EXPECT_FALSE(Holds("listening_port", port, FilterOf("v6only", pb::Filter::EQUALS, "no")));
  EXPECT_FALSE(Holds("listening_port", port, FilterOf("v6only", pb::Filter::EQUALS, "yes")));
  EXPECT_TRUE(Holds("listening_port", port, FilterOf("v6only", pb::Filter::EQUALS, "")));
  EXPECT_TRUE(Holds("listening_port", Port(), FilterOf("v6only", pb::Filter::EQUALS, "no")));
}

TEST(RecordFilter, ComparesNumbers) {
  EXPECT_TRUE(Holds("listening_port", Port(), FilterOf("port", pb::Filter::LESS, "1024")));
  EXPECT_FALSE(Holds("listening_port", Port(), FilterOf("port", pb::Filter::LESS, "443")));
  EXPECT_FALSE(Holds("listening_port", Port(), FilterOf("port", pb::Filter::GREATER, "443")));
  EXPECT_TRUE(Holds("listening_port", Port(), FilterOf("port", pb::Filter::GREATER, "442.5")));
  EXPECT_TRUE(Holds("listening_port", Port(), FilterOf("owners.pid", pb::Filter::GREATER, "80"))) << "any element";
  const pb::StoredRecord process = Record("record { process { cpu_time { seconds: 90 } } }");
  EXPECT_TRUE(Holds("process", process, FilterOf("cpu_time", pb::Filter::GREATER, "60")));
  EXPECT_FALSE(Holds("process", process, FilterOf("fds", pb::Filter::LESS, "10"))) << "unknown is not less";
}

TEST(RecordFilter, RefusesToCompareWhatIsNoNumber) {
  for (const char* field : {"address", "transport", "v6only", "owners.start_time"}) {
    EXPECT_THAT(std::string(Compile("listening_port", FilterOf(field, pb::Filter::GREATER, "1")).status().message()),
                HasSubstr("no number"))
        << field;
  }
  for (const char* value : {"", "x", "1x", "nan"}) {
    EXPECT_FALSE(Compile("listening_port", FilterOf("port", pb::Filter::LESS, value)).ok()) << value;
  }
}

}  // namespace
}  // namespace rollcall
