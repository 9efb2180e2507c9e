// What is found in a bucket whose deletion was certified: deleted under every guard, with proof, if it is due itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "backend/engine/testing/engine_world.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 1, 10);
constexpr absl::CivilDay kToday(2024, 4, 2);

class LateRowsTest : public testing::Test {
 protected:
  // The service ended, and three days of it are purged.
  void SetUp() override {
    ASSERT_TRUE(world_.Open().ok());
    ASSERT_TRUE(world_.Enrol().ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("ann-", i)}, kOld + i).ok());
    world_.Tick();
    ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
    world_.GoTo(absl::CivilDay(2024, 3, 1));
    ASSERT_TRUE(world_.End("end").ok());
    ASSERT_THAT(world_.Settle().failed, IsEmpty());
    world_.GoTo(absl::CivilDay(2024, 4, 1));
    ASSERT_EQ(world_.Tick().purged, 3u);
    world_.GoTo(kToday);
    world_.Tick();
    world_.set_receives_now(true);
  }

  TickReport TickWithFailures() {
    const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : TickReport();
  }
  size_t Count(bool (pb::LedgerEntry::*has)() const) {
    const std::vector<pb::LedgerEntry> entries = world_.Entries();
    return static_cast<size_t>(
        std::count_if(entries.begin(), entries.end(), [&](const pb::LedgerEntry& entry) { return (entry.*has)(); }));
  }

  EngineWorld world_;
};

TEST_F(LateRowsTest, TheirDeletionIsProven) {
  const size_t intents = Count(&pb::LedgerEntry::has_purge_intended);
  ASSERT_TRUE(world_.Found({"late", "later"}, kOld, "agent-2").ok());
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.late_purged, 1u);
  EXPECT_EQ(report.rows_deleted, 2u);
  EXPECT_THAT(report.missed, IsEmpty());
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  // Decided and done; the certificate stays the only one.
  EXPECT_EQ(Count(&pb::LedgerEntry::has_purge_intended), intents + 1);
  const pb::LedgerEntry effect = world_.Entries().back();
  EXPECT_EQ(effect.bucket().collected_day(), "2023-01-10");
  EXPECT_EQ(effect.store_effect().deleted(), 2u);
  EXPECT_EQ(effect.store_effect().remaining(), 0u);
  EXPECT_EQ(world_.Certificates().size(), 3u);
  EXPECT_THAT(*world_.tenant().UnfinishedSteps(), IsEmpty());
  EXPECT_EQ(world_.Tick().steps, 0u);
}

TEST_F(LateRowsTest, WhatACertifiedDeletionMissedIsSaidLoudly) {
  world_.set_receives_now(false);
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.late_purged, 1u);
  ASSERT_THAT(report.missed, SizeIs(1));
  EXPECT_EQ(report.missed[0].bucket->collected_day, kOld);
  EXPECT_THAT(world_.logger()->lines(), Contains(HasSubstr("error retention.missed")));
  EXPECT_THAT(world_.Entries().back().store_effect().method(), HasSubstr("1 should have gone"));
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
}

TEST_F(LateRowsTest, AHoldThatIsPlacedMeanwhileKeepsThem) {
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  // The tick reads the clock first, then once for each deletion.
  world_.AtReading(2, [this] {
    world_.clock()->Advance(absl::Seconds(1));
    ASSERT_TRUE(world_.Hold("h").ok());
    world_.clock()->Advance(absl::Seconds(1));
  });
  EXPECT_EQ(world_.Tick().late_purged, 0u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("late"));
  world_.clock()->Advance(absl::Seconds(1));
  EXPECT_EQ(world_.Tick().late_purged, 0u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("late"));
  ASSERT_TRUE(world_.Release("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  EXPECT_EQ(world_.Tick().late_purged, 1u);
}

TEST_F(LateRowsTest, AHoldStopsWhatHasBegun) {
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  uint64_t call = 0;
  do {
    world_.faults()->FailAt(++call, FaultPlan::Kind::kRefused);
    TickWithFailures();
    ASSERT_TRUE(world_.faults()->failed());
    world_.faults()->FailAt(0, FaultPlan::Kind::kNone);
  } while (world_.tenant().UnfinishedSteps()->empty());
  ASSERT_THAT(world_.InStores(kOld), ElementsAre("late"));
  const size_t effects = Count(&pb::LedgerEntry::has_store_effect);
  ASSERT_TRUE(world_.Hold("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  EXPECT_EQ(world_.Tick().late_purged, 0u);
  EXPECT_THAT(*world_.tenant().UnfinishedSteps(), IsEmpty());
  EXPECT_EQ(Count(&pb::LedgerEntry::has_store_effect), effects);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("late"));
}

TEST_F(LateRowsTest, AClockThatIsLostMeanwhileKeepsThem) {
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  world_.AtReading(2, [this] { world_.set_synchronised(false); });
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.late_purged, 0u);
  ASSERT_THAT(report.refused, SizeIs(1));
  EXPECT_THAT(std::string(report.refused[0].status.message()), HasSubstr("not synchronised"));
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("late"));
}

TEST_F(LateRowsTest, MoreThanWasForecastTakesAPerson) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("late-", i)}, kOld + i, "agent-2").ok());
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.late_purged, 0u);
  ASSERT_THAT(report.refused, SizeIs(3));
  EXPECT_THAT(std::string(report.refused[0].status.message()), HasSubstr("3 buckets"));
  EXPECT_EQ(Count(&pb::LedgerEntry::has_volume_guard_tripped), 1u);
  const absl::StatusOr<DryRunList> list = world_.lifecycle()->MakeDryRun(kToday);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->lines,
              ElementsAre("acme cvm:1 ASSET_BASIC 2023-01-10 late", "acme cvm:1 ASSET_BASIC 2023-01-11 late",
                          "acme cvm:1 ASSET_BASIC 2023-01-12 late"));
  ASSERT_TRUE(world_.AcknowledgeDryRun(kToday).ok());
  EXPECT_EQ(world_.Tick().late_purged, 3u);
  EXPECT_THAT(world_.lifecycle()->MakeDryRun(kToday)->lines, IsEmpty());
  // They count into the day's volume.
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("again-", i)}, kOld + i, "agent-2").ok());
  EXPECT_EQ(world_.Tick().late_purged, 1u);
}

TEST_F(LateRowsTest, NothingIsDeletedWithoutProofWhateverFails) {
  bool failed = true;
  for (uint64_t call = 1; failed; ++call) {
    ASSERT_TRUE(world_.AcknowledgeDryRun(kToday).ok());
    const size_t intents = Count(&pb::LedgerEntry::has_purge_intended);
    const size_t effects = Count(&pb::LedgerEntry::has_store_effect);
    ASSERT_TRUE(world_.Found({absl::StrCat("late-", call)}, kOld, "agent-2").ok());
    world_.faults()->FailAt(call, call % 2 == 0 ? FaultPlan::Kind::kRefused : FaultPlan::Kind::kAnswerLost);
    TickWithFailures();
    failed = world_.faults()->failed();
    world_.faults()->FailAt(0, FaultPlan::Kind::kNone);
    world_.Settle();
    // Each is another day, for the guard of the volume.
    world_.clock()->Advance(absl::Hours(24));
    EXPECT_THAT(world_.InStores(kOld), IsEmpty()) << call;
    EXPECT_EQ(Count(&pb::LedgerEntry::has_purge_intended), intents + 1) << call;
    EXPECT_EQ(Count(&pb::LedgerEntry::has_store_effect), effects + 1) << call;
    EXPECT_THAT(*world_.tenant().UnfinishedSteps(), IsEmpty()) << call;
  }
}

// The customer is back: what comes for a day that is purged is not due, however it came.
TEST_F(LateRowsTest, WhatIsNotDueStaysAndAPersonIsTold) {
  ASSERT_TRUE(world_.Return("back").ok());
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  const TickReport report = TickWithFailures();
  EXPECT_EQ(report.late_purged, 0u);
  ASSERT_THAT(report.failed, SizeIs(1));
  EXPECT_THAT(std::string(report.failed[0].status.message()), HasSubstr("1 records are not due"));
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("late"));
}

// Seven days from the receipt of a record, whatever day it is of.
std::string PolicyFromReceipt(const std::string& folder) {
  const std::filesystem::path shipped(ROLLCALL_DEFAULT_POLICY);
  std::ifstream file(shipped.parent_path() / "ecm-shaped.textproto");
  std::stringstream text;
  text << file.rdbuf();
  std::filesystem::create_directories(folder + "/agreements");
  std::filesystem::copy(shipped.parent_path().parent_path() / "calendars", folder + "/calendars");
  const std::string path = folder + "/agreements/from-receipt.textproto";
  std::ofstream(path) << absl::StrReplaceAll(text.str(), {{"anchor: COLLECTED", "anchor: CREATED"}});
  return path;
}

TEST(LateRowsShapesTest, EachRowByItsOwnDates) {
  std::string folder = (std::filesystem::temp_directory_path() / "late_rows_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EngineWorld::Options options;
  options.policy = PolicyFromReceipt(folder);
  EngineWorld world(options);
  ASSERT_TRUE(world.Open().ok());
  ASSERT_TRUE(world.Enrol().ok());
  const absl::CivilDay day(2024, 1, 31);
  ASSERT_TRUE(world.Found({"ann"}, day).ok());
  world.Tick();
  ASSERT_TRUE(world.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  world.GoTo(absl::CivilDay(2024, 2, 9));
  ASSERT_EQ(world.Tick().purged, 1u);
  world.GoTo(absl::CivilDay(2024, 2, 10));
  world.Tick();
  // One that should have gone, and one that was received only now: the agent names that bucket, or another service.
  ASSERT_TRUE(world.Found({"bob"}, day, "agent-1", "missed").ok());
  world.set_receives_now(true);
  ASSERT_TRUE(world.Found({"fresh"}, day, "agent-2", "fresh").ok());
  const absl::StatusOr<TickReport> report = world.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->late_purged, 1u);
  EXPECT_THAT(report->missed, SizeIs(1));
  ASSERT_THAT(report->failed, SizeIs(1));
  EXPECT_THAT(std::string(report->failed[0].status.message()), HasSubstr("stay"));
  EXPECT_THAT(world.InStores(day), ElementsAre("fresh"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rollcall
