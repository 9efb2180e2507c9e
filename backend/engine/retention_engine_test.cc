// A tenant's data from its end to its certificate, by days, with real stores.
#include "backend/engine/retention_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "backend/engine/testing/engine_world.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 1, 10);     // due on 2024-04-01 if the service ends on 2024-03-01
constexpr absl::CivilDay kRecent(2024, 1, 20);  // 180 days: due on 2024-07-19

class RetentionEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world_.Open().ok());
    ASSERT_TRUE(world_.Enrol().ok());
    ASSERT_TRUE(world_.Found({"ann", "bob"}, kOld).ok());
    ASSERT_TRUE(world_.Found({"carl"}, kRecent).ok());
  }
  // The service ends on 2024-03-01, and what it has goes to the archive.
  void EndAndArchive() {
    world_.Tick();
    ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
    world_.GoTo(absl::CivilDay(2024, 3, 1));
    ASSERT_TRUE(world_.End("end").ok());
    const TickReport report = world_.Settle();
    ASSERT_THAT(report.failed, IsEmpty());
    ASSERT_EQ(report.emptied, 2u);
  }

  EngineWorld world_;
};

TEST_F(RetentionEngineTest, WhileTheServiceRunsEverythingStays) {
  const TickReport report = world_.Tick();
  EXPECT_TRUE(report.clock.ok());
  EXPECT_EQ(report.tenants, 1u);
  EXPECT_EQ(report.buckets, 2u);
  EXPECT_EQ(report.noted, 2u);
  EXPECT_EQ(report.steps, 0u);
  EXPECT_FALSE(report.next_due.has_value());
  EXPECT_EQ(world_.Tick().noted, 0u);
  for (int month = 3; month < 12; ++month) {
    world_.GoTo(absl::CivilDay(2024, month, 1));
    EXPECT_EQ(world_.Tick().steps, 0u);
  }
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_ACTIVE);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "bob"));
}

TEST_F(RetentionEngineTest, FromTheEndToTheCertificate) {
  world_.Tick();
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  const TickReport moved = world_.Tick();
  EXPECT_EQ(moved.archived, 2u);
  EXPECT_EQ(moved.emptied, 2u);
  EXPECT_EQ(moved.rows_deleted, 3u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  EXPECT_THAT(world_.InArchive(kOld), ElementsAre("ann", "bob"));
  EXPECT_EQ(moved.next_due, absl::FromCivil(absl::CivilDay(2024, 4, 1), world_.policy().zone));

  world_.GoTo(absl::CivilDay(2024, 3, 31));
  EXPECT_EQ(world_.Tick().purged, 0u);
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  const TickReport purged = world_.Tick();
  EXPECT_EQ(purged.purged, 1u);
  EXPECT_THAT(purged.refused, IsEmpty());
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_PURGED);
  EXPECT_THAT(world_.InArchive(kOld), IsEmpty());
  EXPECT_THAT(*world_.keys()->KeysOf(world_.Name(kOld)), IsEmpty());
  EXPECT_THAT(world_.InArchive(kRecent), ElementsAre("carl"));
  EXPECT_EQ(purged.next_due, absl::FromCivil(absl::CivilDay(2024, 7, 19), world_.policy().zone));

  const auto certificates = world_.Certificates();
  ASSERT_EQ(certificates.size(), 1u);
  const pb::DeletionStatement& statement = certificates.begin()->second;
  EXPECT_EQ(statement.bucket().collected_day(), "2023-01-10");
  EXPECT_EQ(statement.records(), 2u);
  EXPECT_EQ(statement.last_retained_day(), "2024-03-31");
  ASSERT_EQ(statement.stores_size(), 3);
  EXPECT_EQ(statement.stores(0).kind(), pb::SQL_STORE);
  EXPECT_EQ(statement.stores(1).kind(), pb::OBJECT_ARCHIVE);
  EXPECT_EQ(statement.stores(1).deleted(), 1u);
  EXPECT_EQ(statement.stores(2).kind(), pb::KEY_STORE);
  ASSERT_EQ(statement.destroyed_key_ids_size(), 1);
  EXPECT_TRUE(world_.keys()->VerifyDestroyed(statement.destroyed_key_ids(0)).ok());
  EXPECT_EQ(world_.Tick().steps, 0u);

  world_.GoTo(absl::CivilDay(2024, 7, 19));
  EXPECT_EQ(world_.Tick().purged, 1u);
  EXPECT_EQ(world_.Certificates().size(), 2u);
  EXPECT_TRUE(world_.lifecycle()->Due()->empty());
}

TEST_F(RetentionEngineTest, WithoutAnAcknowledgedDryRunGuardsRefuse) {
  world_.Tick();
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  world_.Settle();
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.purged, 0u);
  ASSERT_THAT(report.refused, SizeIs(1));
  EXPECT_THAT(std::string(report.refused[0].status.message()), HasSubstr("dry run"));
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  EXPECT_THAT(world_.logger()->lines().back(), HasSubstr("retention.refused"));
}

TEST_F(RetentionEngineTest, MoreThanWasForecastIsStopped) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("u", i)}, kOld + 1 + i).ok());
  world_.Tick();
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  // Nothing looked at it between the end and the day it is all due.
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  world_.GoTo(absl::CivilDay(2024, 4, 5));
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.purged, 0u);
  EXPECT_THAT(report.refused, SizeIs(11));
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_ACTIVE);
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 4, 5)).ok());
  EXPECT_EQ(world_.Tick().purged, 11u);
}

// Days without an engine: what was forecast for them is done when it is back, and asks nobody.
TEST_F(RetentionEngineTest, ABacklogThatWasForecastIsDone) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("u", i)}, absl::CivilDay(2023, 10, 4) + i).ok());
  world_.Tick();
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  world_.Settle();
  // One on each day from 2024-04-02 on, and kOld a day earlier.
  world_.GoTo(absl::CivilDay(2024, 4, 9));
  const TickReport report = world_.Tick();
  EXPECT_THAT(report.refused, IsEmpty());
  EXPECT_EQ(report.purged, 9u);
  world_.GoTo(absl::CivilDay(2024, 4, 10));
  EXPECT_EQ(world_.Tick().purged, 1u);
}

// What nobody forecast: one list is acknowledged, and holds for the days it takes.
TEST_F(RetentionEngineTest, ABacklogTakesOneListAndNotOneADay) {
  for (int i = 1; i < 12; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("u", i)}, kOld + i).ok());
  world_.Tick();
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  world_.GoTo(absl::CivilDay(2024, 4, 5));
  // Waiting lets nothing through.
  for (int day = 5; day < 9; ++day) {
    world_.GoTo(absl::CivilDay(2024, 4, day));
    const TickReport report = world_.Tick();
    EXPECT_EQ(report.purged, 0u) << day;
    EXPECT_THAT(report.refused, SizeIs(12)) << day;
  }
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 4, 8)).ok());
  world_.Close();
  world_.set_max_steps(5);
  ASSERT_TRUE(world_.Open().ok());
  for (int day = 8; day < 11; ++day) {
    world_.GoTo(absl::CivilDay(2024, 4, day));
    const TickReport report = world_.Tick();
    EXPECT_THAT(report.refused, IsEmpty()) << day;
    EXPECT_EQ(report.purged, day < 10 ? 5u : 2u) << day;
  }
  // It is used up.
  world_.GoTo(absl::CivilDay(2024, 4, 11));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("late", i)}, kOld + i, "agent-2").ok());
  EXPECT_THAT(world_.Tick().refused, SizeIs(3));
}

TEST_F(RetentionEngineTest, WhatHasBegunIsNotLeftOver) {
  for (int i = 1; i < 12; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("u", i)}, kOld + i).ok());
  world_.Tick();
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  world_.GoTo(absl::CivilDay(2024, 4, 5));
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 4, 5)).ok());
  world_.Close();
  world_.set_max_steps(5);
  ASSERT_TRUE(world_.Open().ok());
  // Two steps are kRecent's, which goes to the archive.
  EXPECT_EQ(world_.Tick().purged, 3u);
  EXPECT_EQ(world_.Tick().purged, 5u);
  // Four are left, and eight want to go.
  world_.GoTo(absl::CivilDay(2024, 4, 6));
  for (int i = 8; i < 12; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("late", i)}, kOld + i, "agent-2").ok());
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.purged + report.late_purged, 0u);
  EXPECT_THAT(report.refused, SizeIs(8));
}

TEST_F(RetentionEngineTest, AHoldOverTheDueDay) {
  EndAndArchive();
  world_.GoTo(absl::CivilDay(2024, 3, 20));
  ASSERT_TRUE(world_.Hold("h").ok());
  world_.GoTo(absl::CivilDay(2024, 5, 1));
  EXPECT_EQ(world_.Tick().steps, 0u);
  EXPECT_THAT(world_.InArchive(kOld), ElementsAre("ann", "bob"));
  ASSERT_TRUE(world_.Release("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  const TickReport report = world_.Tick();
  // It was forecast for another day, and one bucket more than forecast is let through.
  EXPECT_EQ(report.purged, 1u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_PURGED);
}

TEST_F(RetentionEngineTest, AClockThatJumpsDoesNothing) {
  EndAndArchive();
  const absl::Time right = world_.clock()->Now();
  world_.clock()->JumpWallClock(right + absl::Hours(24 * 400));
  const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->clock.ok());
  EXPECT_EQ(report->tenants, 0u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  EXPECT_THAT(world_.logger()->lines().back(), HasSubstr("retention.clock"));
  world_.clock()->JumpWallClock(right);
  world_.set_synchronised(false);
  EXPECT_FALSE(world_.Tick().clock.ok());
  world_.set_synchronised(true);
  EXPECT_TRUE(world_.Tick().clock.ok());
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
}

TEST_F(RetentionEngineTest, RowsThatComeLateAreArchivedWithTheOthers) {
  EndAndArchive();
  world_.GoTo(absl::CivilDay(2024, 3, 5));
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  ASSERT_TRUE(world_.FoundHalf({"half"}, kRecent).ok());
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.late_archived, 1u);
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  EXPECT_THAT(world_.InArchive(kOld), ElementsAre("ann", "bob", "late"));
  EXPECT_THAT(world_.archive()->List(world_.Name(kOld))->versions, SizeIs(1));
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(world_.Tick().purged, 1u);
  EXPECT_EQ(world_.Certificates().begin()->second.records(), 3u);
  // A run whose last part never came waits for as long as the others of its day.
  EXPECT_EQ(world_.store()->CountBucket(world_.Ref(kRecent))->staged, 1u);

  // After the deletion, too.
  ASSERT_TRUE(world_.Found({"later"}, kOld, "agent-2").ok());
  const TickReport late = world_.Tick();
  EXPECT_EQ(late.late_purged, 1u);
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  EXPECT_EQ(world_.Certificates().size(), 1u);
  world_.GoTo(absl::CivilDay(2024, 7, 19));
  EXPECT_EQ(world_.Tick().purged, 1u);
  EXPECT_EQ(world_.store()->CountBucket(world_.Ref(kRecent))->staged, 0u);
}

// What an agent goes on to see after the end is of another day by then.
TEST_F(RetentionEngineTest, AHostThatStillReports) {
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.FoundAll({"root", "dora"}, absl::CivilDay(2024, 3, 1)).ok());
  world_.Tick();
  ASSERT_TRUE(world_.End("end").ok());
  EXPECT_EQ(world_.Tick().archived, 3u);
  for (int day = 2; day < 6; ++day) {
    world_.GoTo(absl::CivilDay(2024, 3, day));
    ASSERT_TRUE(world_.FoundAll({"root"}, absl::CivilDay(2024, 3, day)).ok());
    EXPECT_EQ(world_.Tick().emptied, 1u) << day;
    EXPECT_THAT(world_.InArchive(absl::CivilDay(2024, 3, day)), ElementsAre("root"));
  }
  EXPECT_THAT(world_.InArchive(absl::CivilDay(2024, 3, 1)), ElementsAre("dora", "root"));
}

TEST_F(RetentionEngineTest, AWholeRequestIsAPurge) {
  world_.Tick();
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  pb::Selector selector;
  selector.set_to_day("2023-12-31");
  ASSERT_TRUE(world_.RequestDeletion("r", selector).ok());
  // Within the cooling-off.
  world_.GoTo(absl::CivilDay(2024, 2, 3));
  EXPECT_EQ(world_.Tick().purged, 0u);
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  EXPECT_EQ(world_.Tick().purged, 1u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_PURGED);
  EXPECT_THAT(world_.InStores(kRecent), ElementsAre("carl"));
  // It never was in the archive, and had no key.
  const auto certificates = world_.Certificates();
  ASSERT_EQ(certificates.size(), 1u);
  EXPECT_EQ(certificates.begin()->second.destroyed_key_ids_size(), 0);
  EXPECT_EQ(certificates.begin()->second.stores(0).deleted(), 2u);
}

TEST_F(RetentionEngineTest, ATickMayBeCutOffAndTakesNoMoreThanItsShare) {
  world_.Tick();
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  StopSource source;
  source.RequestStop();
  const absl::StatusOr<TickReport> stopped = world_.engine()->Tick(source.token());
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_TRUE(stopped->stopped);
  EXPECT_THAT(stopped->failed, IsEmpty());
  EXPECT_EQ(stopped->steps, 0u);
  world_.Close();
  world_.set_max_steps(1);
  ASSERT_TRUE(world_.Open().ok());
  for (int i = 0; i < 4; ++i) {
    const TickReport report = world_.Tick();
    EXPECT_EQ(report.steps, 1u);
    EXPECT_EQ(report.archived + report.emptied, 1u);
  }
  EXPECT_EQ(world_.Tick().steps, 0u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  EXPECT_EQ(world_.StateOf(kRecent), pb::BUCKET_COLD);
}

TEST_F(RetentionEngineTest, AServiceThatOnlyAgentsNameIsSaidOnce) {
  AgentContact contact;
  contact.agent = {kTenant, "agent-2"};
  contact.hosting_service = "cvm:typo";
  contact.host_id = "host-of-agent-2";
  contact.at = world_.clock()->Now();
  ASSERT_TRUE(world_.store()->RecordContact(contact).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("dora", i)}, kOld + i, "agent-2").ok());
  const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->noted, 2u);
  ASSERT_THAT(report->failed, SizeIs(1));
  EXPECT_FALSE(report->failed[0].bucket.has_value());
  EXPECT_THAT(std::string(report->failed[0].status.message()), HasSubstr("cvm:typo: agents name it"));
}

TEST_F(RetentionEngineTest, WhoKnowsLessIsStoppedByTheFence) {
  world_.Tick();
  // Another engine knows more.
  ASSERT_TRUE(world_.store()->RaiseFence(kTenant, 1000).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->failed, SizeIs(1));
  EXPECT_TRUE(absl::IsFailedPrecondition(report->failed[0].status)) << report->failed[0].status;
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_ACTIVE);
}

TEST_F(RetentionEngineTest, TheForecastIsMadeDailyAndKeyBackupsGoHourly) {
  EndAndArchive();
  ASSERT_TRUE(world_.keys()->Backup(world_.clock()->Now()).ok());
  const auto backups = [&] {
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(world_.folder() + "/ring")) {
      if (entry.path().extension() == ".db") ++files;
    }
    return files;
  };
  EXPECT_EQ(backups(), 1u);
  world_.clock()->Advance(absl::Hours(25));
  world_.Tick();
  EXPECT_EQ(backups(), 0u);
  EXPECT_EQ(world_.lifecycle()->Forecast(40)->at(absl::CivilDay(2024, 4, 1)), 1u);
}

// An agreement without an archive: what is due is deleted from the stores, and never was anywhere else.
TEST(RetentionEngineShapesTest, ACategoryWithoutAnArchiveStaysInTheStores) {
  EngineWorld::Options options;
  options.policy = std::filesystem::path(ROLLCALL_DEFAULT_POLICY).parent_path() / "ecm-shaped.textproto";
  EngineWorld world(options);
  ASSERT_TRUE(world.Open().ok());
  ASSERT_TRUE(world.Enrol().ok());
  const absl::CivilDay day(2024, 1, 31);
  ASSERT_TRUE(world.Found({"ann"}, day).ok());
  EXPECT_EQ(world.Tick().noted, 1u);
  ASSERT_TRUE(world.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  ASSERT_TRUE(world.End("end").ok());
  EXPECT_EQ(world.Tick().steps, 0u);
  EXPECT_FALSE(std::filesystem::exists(world.folder() + "/archive/eu-frankfurt"));
  // Up to seven days, whether the service runs or not.
  world.GoTo(absl::CivilDay(2024, 2, 9));
  EXPECT_EQ(world.Tick().purged, 1u);
  EXPECT_THAT(world.InStores(day), IsEmpty());
  EXPECT_EQ(world.Certificates().size(), 1u);
}

TEST(RetentionEngineForensicsTest, NothingOfTenThousandRowsIsLeft) {
  EngineWorld::Options options;
  options.ledger_in_folder = true;
  EngineWorld world(options);
  ASSERT_TRUE(world.Open().ok());
  ASSERT_TRUE(world.Enrol().ok());
  for (int chunk = 0; chunk < 10; ++chunk) {
    std::vector<std::string> names;
    for (int i = 0; i < 1000; ++i) names.push_back(absl::StrCat("MARKED-", chunk * 1000 + i));
    world.clock()->Advance(absl::Seconds(1));
    ASSERT_TRUE(world.Found(names, chunk % 2 == 0 ? kOld : kRecent).ok());
    ASSERT_TRUE(world.Found({absl::StrCat("kept-", chunk)}, absl::CivilDay(2024, 2, 1), "agent-2").ok());
  }
  ASSERT_GE(world.CountMarks("MARKED-"), 10'000u);
  world.Tick();
  ASSERT_TRUE(world.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  world.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world.End("end").ok());
  EXPECT_EQ(world.Tick().emptied, 3u);
  ASSERT_TRUE(world.keys()->Backup(world.clock()->Now()).ok());
  world.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(world.Tick().purged, 1u);
  world.GoTo(absl::CivilDay(2024, 7, 19));
  EXPECT_EQ(world.Tick().purged, 1u);
  // While everything is open, logs and all.
  EXPECT_EQ(world.CountMarks("MARKED-"), 0u);
  EXPECT_THAT(world.InArchive(absl::CivilDay(2024, 2, 1)), SizeIs(10));
  world.Close();
  EXPECT_EQ(world.CountMarks("MARKED-"), 0u);
}

}  // namespace
}  // namespace rollcall
