#include "cli/record_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/time_text.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1764000000);
const CellStyle kForPeople = {.people = true, .wide = false, .now = kNow};

pb::StoredRecord Package() {
  pb::StoredRecord stored;
  stored.set_hostname("web-1");
  stored.mutable_record()->set_asset_key("00112233445566778899aabbccddeeff");
  auto* package = stored.mutable_record()->mutable_os_package();
  package->set_manager(pb::OsPackage::DPKG);
  package->set_name("curl");
  package->set_version("7.88");
  package->set_architecture("amd64");
  package->set_installed_bytes(1536);
  return stored;
}

std::vector<std::string> Headings(const std::vector<Column>& columns) {
  std::vector<std::string> headings;
  for (const Column& column : columns) headings.push_back(column.heading);
  return headings;
}

TEST(RecordTable, DefaultColumnsComeFromTheKind) {
  const auto columns = ChooseColumns(*FindKind("os_package"), {}, false, false);
  ASSERT_TRUE(columns.ok());
  EXPECT_THAT(Headings(*columns),
              ElementsAre("NAME", "VERSION", "ARCHITECTURE", "MANAGER", "STATUS", "SOURCE_NAME", "ASSET"));
  EXPECT_THAT(RecordCells(Package(), *columns, kForPeople),
              ElementsAre("curl", "7.88", "amd64", "dpkg", "", "", "001122334455"));
}

TEST(RecordTable, ManyHostsAreNamed) {
  const auto columns = ChooseColumns(*FindKind("os_package"), {}, false, true);
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ(columns->front().heading, "HOST");
}

TEST(RecordTable, WideShowsEveryScalarOnce) {
  const auto columns = ChooseColumns(*FindKind("os_package"), {}, true, false);
  ASSERT_TRUE(columns.ok());
  const auto headings = Headings(*columns);
  EXPECT_THAT(headings, Contains("PURL"));
  EXPECT_EQ(std::count(headings.begin(), headings.end(), "NAME"), 1);
}

TEST(RecordTable, NamedColumnsAreHumanizedOnlyForPeople) {
  const auto columns = ChooseColumns(*FindKind("os_package"), {"installed_bytes", "host"}, false, false);
  ASSERT_TRUE(columns.ok());
  EXPECT_THAT(RecordCells(Package(), *columns, kForPeople), ElementsAre("1.5 KiB", "web-1"));
  EXPECT_THAT(RecordCells(Package(), *columns, {}), ElementsAre("1536", "web-1"));
}

TEST(RecordTable, EmptyColumnsTakeNoRoom) {
  const auto columns = ChooseColumns(*FindKind("os_package"), {}, false, false);
  ASSERT_TRUE(columns.ok());
  pb::StoredRecord second = Package();
  second.mutable_record()->mutable_os_package()->set_status("installed");
  const RecordRows rows = WithoutEmptyColumns(MakeRecordRows({Package(), second}, *columns, kForPeople));
  EXPECT_THAT(rows.header, ElementsAre("NAME", "VERSION", "ARCHITECTURE", "MANAGER", "STATUS", "ASSET"));
  EXPECT_THAT(rows.rows[0], ElementsAre("curl", "7.88", "amd64", "dpkg", "", "001122334455"));
  EXPECT_THAT(rows.rows[1], ElementsAre("curl", "7.88", "amd64", "dpkg", "installed", "001122334455"));
}

TEST(RecordTable, UnknownColumnIsRefused) {
  EXPECT_EQ(ChooseColumns(*FindKind("os_package"), {"nmae"}, false, false).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RecordTable, EveryKindHasDefaultColumns) {
  for (const Kind& kind : AllKinds()) EXPECT_TRUE(ChooseColumns(kind, {}, true, true).ok()) << kind.options->name();
}

TEST(RetentionText, SaysThatAServiceHasNoEnd) {
  pb::RetentionDates dates;
  *dates.mutable_not_before() = ToWire(absl::FromUnixSeconds(1709168523));
  EXPECT_EQ(NotBeforeText(dates), "2024-02-29");
  EXPECT_EQ(DeadlineText(dates), "in service: no end");
  *dates.mutable_deadline_if_ended_now() = ToWire(absl::FromUnixSeconds(1709168523));
  EXPECT_THAT(DeadlineText(dates), HasSubstr("2024-02-29 if it ended today"));
  *dates.mutable_deadline() = ToWire(absl::FromUnixSeconds(1709254923));
  EXPECT_EQ(DeadlineText(dates), "2024-03-01");
}

TEST(RecordTitle, NamesTheIdentity) {
  EXPECT_EQ(RecordTitle(Package()), "os_package manager=DPKG name=curl architecture=amd64 version=7.88");
}

}  // namespace
}  // namespace rollcall
