#include "cli/cell_text.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1764000000);  // 2025-11-24 16:00:00 UTC
const CellStyle kPeople = {.people = true, .wide = false, .now = kNow};
const CellStyle kWide = {.people = true, .wide = true, .now = kNow};

std::string Cell(const char* kind, const char* field, const std::string& record, const CellStyle& style) {
  pb::Record parsed;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(record, &parsed)) << record;
  const auto path = ResolveFieldPath(FindKind(kind)->message, field);
  EXPECT_TRUE(path.ok()) << path.status();
  return CellText(PayloadOf(parsed), *path, style);
}

TEST(CellText, EnumValuesAreWords) {
  const char* record = "listening_port { exposure: LINK_LOCAL }";
  EXPECT_EQ(Cell("listening_port", "exposure", record, kPeople), "link_local");
  EXPECT_EQ(Cell("listening_port", "exposure", record, {}), "LINK_LOCAL");
  EXPECT_EQ(Cell("listening_port", "transport", record, kPeople), "") << "not set";
}

TEST(CellText, BooleansAreYesOrNothingAndNoWhereUnknownExists) {
  EXPECT_EQ(Cell("os_package", "held", "os_package { held: true }", kPeople), "yes");
  EXPECT_EQ(Cell("os_package", "held", "os_package { }", kPeople), "");
  EXPECT_EQ(Cell("os_package", "held", "os_package { }", {}), "false");
  EXPECT_EQ(Cell("listening_port", "v6only", "listening_port { v6only: false }", kPeople), "no");
  EXPECT_EQ(Cell("listening_port", "v6only", "listening_port { }", kPeople), "");
}

TEST(CellText, SizesAndTimesHaveUnits) {
  const std::string record =
      "process { rss_bytes: 1610612736 cpu_time { seconds: 4000 } start_time { seconds: 1763989200 } }";
  EXPECT_EQ(Cell("process", "rss_bytes", record, kPeople), "1.5 GiB");
  EXPECT_EQ(Cell("process", "rss_bytes", record, {}), "1610612736");
  EXPECT_EQ(Cell("process", "cpu_time", record, kPeople), "1h 6m");
  EXPECT_EQ(Cell("process", "start_time", record, kPeople), "3h ago");
  EXPECT_EQ(Cell("process", "start_time", record, {}), "2025-11-24T13:00:00Z");
  EXPECT_EQ(Cell("process", "start_time", "process { start_time { seconds: 1700000000 } }", kPeople), "2023-11-14");
  EXPECT_EQ(Cell("process", "rss_bytes", "process { }", kPeople), "");
  EXPECT_EQ(Cell("os_package", "installed_bytes", "os_package { installed_bytes: 0 }", kPeople), "0 B");
  const char* usage = "resource_usage { first_sample_unix_ms: 1763989200000 cpu_mean_basis_points: 1650 }";
  EXPECT_EQ(Cell("resource_usage", "cpu_mean_basis_points", usage, kPeople), "16.5 %");
  EXPECT_EQ(Cell("resource_usage", "first_sample_unix_ms", usage, kPeople), "3h ago");
  EXPECT_EQ(Cell("host", "uptime_seconds", "host { uptime_seconds: 1050000 }", kPeople), "12d 3h");
}

TEST(CellText, ContainersAreKnownByTheBeginningOfTheirIds) {
  const std::string id(64, 'a');
  const std::string record = absl::StrCat("process { container_id: '", id, "' }");
  EXPECT_EQ(Cell("process", "container_id", record, kPeople), "aaaaaaaaaaaa");
  EXPECT_EQ(Cell("process", "container_id", record, kWide), id);
  EXPECT_EQ(Cell("process", "container_id", record, {}), id);
}

TEST(CellText, ListsAreCutAndSayHowMuch) {
  std::string record = "listening_port { ";
  for (const char* name : {"a", "b", "c", "d", "e", "a"}) record += absl::StrCat("owners { name: '", name, "' } ");
  record += "}";
  EXPECT_EQ(Cell("listening_port", "owners.name", record, kPeople), "a, b, c, 2 more");
  EXPECT_EQ(Cell("listening_port", "owners.name", record, kWide), "a, b, c, d, e");
  EXPECT_EQ(Cell("listening_port", "owners.name", record, {}), "a,b,c,d,e,a");
  EXPECT_EQ(
      Cell("listening_port", "owners.name",
           "listening_port { owners { name: 'a' } owners { name: 'b' } owners { name: 'c' } owners { name: 'd' } }",
           kPeople),
      "a, b, c, d")
      << "cutting one would save nothing";
}

TEST(CellText, AnArgumentVectorIsOneThing) {
  const char* record = "process { argv: 'a' argv: 'a' argv: 'b' argv: 'c' argv: 'd' argv: 'e' }";
  EXPECT_EQ(Cell("process", "argv", record, kPeople), "a a b c d e");
  EXPECT_EQ(Cell("process", "argv", record, {}), "a a b c d e");
}

}  // namespace
}  // namespace rollcall
