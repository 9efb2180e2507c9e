// A customer who comes back: in time, half way, too late, and again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "backend/engine/testing/engine_world.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 1, 10);
constexpr absl::CivilDay kRecent(2024, 1, 20);

class RestoreTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world_.Open().ok());
    ASSERT_TRUE(world_.Enrol().ok());
    // One of the old rows is history: it was gone the day after.
    ASSERT_TRUE(world_.FoundAll({"ann", "bob"}, kOld, "agent-2").ok());
    ASSERT_TRUE(world_.FoundAll({"bob"}, kOld + 1, "agent-2").ok());
    ASSERT_TRUE(world_.Found({"carl"}, kRecent).ok());
    world_.Tick();
    ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
    world_.GoTo(absl::CivilDay(2024, 3, 1));
    ASSERT_TRUE(world_.End("end").ok());
  }
  void ExpectEverythingBack() {
    EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann ended"));
    EXPECT_THAT(world_.InStores(kOld + 1), ElementsAre("bob"));
    EXPECT_THAT(world_.InStores(kRecent), ElementsAre("carl"));
    for (const absl::CivilDay day : {kOld, kOld + 1, kRecent}) {
      EXPECT_THAT(world_.InArchive(day), IsEmpty());
      EXPECT_EQ(world_.StateOf(day), pb::BUCKET_ACTIVE);
    }
  }

  EngineWorld world_;
};

TEST_F(RestoreTest, InTimeEverythingIsBack) {
  const std::string before = absl::StrCat(world_.store()->ListUnits(kTenant, "agent-2")->at(0).digest.low());
  EXPECT_EQ(world_.Settle().emptied, 3u);
  world_.GoTo(absl::CivilDay(2024, 3, 25));
  ASSERT_TRUE(world_.Return("back").ok());
  const TickReport report = world_.Settle();
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_EQ(report.restored, 3u);
  ExpectEverythingBack();
  // Its unit has the set it had, so that its agent need not send it again.
  EXPECT_EQ(absl::StrCat(world_.store()->ListUnits(kTenant, "agent-2")->at(0).digest.low()), before);
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(world_.Tick().steps, 0u);

  // And again: archived anew, under the same key.
  world_.GoTo(absl::CivilDay(2024, 4, 10));
  ASSERT_TRUE(world_.End("end again").ok());
  EXPECT_EQ(world_.Settle().emptied, 3u);
  EXPECT_THAT(*world_.keys()->KeysOf(world_.Name(kOld)), SizeIs(1));
  world_.GoTo(absl::CivilDay(2024, 5, 10));
  EXPECT_EQ(world_.Tick().purged, 0u);
  world_.GoTo(absl::CivilDay(2024, 5, 11));
  EXPECT_EQ(world_.Tick().purged, 2u);
  EXPECT_EQ(world_.Certificates().size(), 2u);
}

TEST_F(RestoreTest, HalfWay) {
  // The archive has it, and the stores do not let go.
  for (uint64_t call = 1;; ++call) {
    ASSERT_LT(call, 200u);
    world_.faults()->FailAt(call, FaultPlan::Kind::kGoneBefore);
    world_.engine()->Tick(StopToken()).IgnoreError();
    if (world_.StateOf(kRecent) == pb::BUCKET_ARCHIVED) break;
  }
  world_.faults()->FailAt(0, FaultPlan::Kind::kNone);
  EXPECT_THAT(world_.InStores(kRecent), ElementsAre("carl"));
  EXPECT_THAT(world_.InArchive(kRecent), ElementsAre("carl"));
  ASSERT_TRUE(world_.Return("back").ok());
  EXPECT_THAT(world_.Settle().failed, IsEmpty());
  ExpectEverythingBack();
}

TEST_F(RestoreTest, AnAgentReportsBeforeItIsBack) {
  EXPECT_EQ(world_.Settle().emptied, 3u);
  world_.GoTo(absl::CivilDay(2024, 3, 25));
  ASSERT_TRUE(world_.Return("back").ok());
  ASSERT_TRUE(world_.FoundAll({"bob", "eve"}, absl::CivilDay(2024, 3, 25), "agent-2").ok());
  EXPECT_THAT(world_.Settle().failed, IsEmpty());
  // The current one is the new one; what was archived as current has ended.
  EXPECT_THAT(world_.InStores(absl::CivilDay(2024, 3, 25)), ElementsAre("bob", "eve"));
  EXPECT_THAT(world_.InStores(kOld + 1), ElementsAre("bob ended"));
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann ended"));
  EXPECT_EQ(world_.StateOf(kOld + 1), pb::BUCKET_ACTIVE);
}

TEST_F(RestoreTest, TooLateForSome) {
  EXPECT_EQ(world_.Settle().emptied, 3u);
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(world_.Tick().purged, 2u);
  world_.GoTo(absl::CivilDay(2024, 4, 2));
  ASSERT_TRUE(world_.Return("back").ok());
  EXPECT_EQ(world_.Settle().restored, 1u);
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  EXPECT_THAT(world_.InStores(kRecent), ElementsAre("carl"));
  EXPECT_EQ(world_.Certificates().size(), 2u);

  // Rows of a purged day that would not be due today are nobody's to delete: a person is told.
  ASSERT_TRUE(world_.Found({"late"}, kOld).ok());
  const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->failed, SizeIs(1));
  EXPECT_TRUE(absl::IsFailedPrecondition(report->failed[0].status)) << report->failed[0].status;
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("late"));
}

TEST_F(RestoreTest, AnObjectThatIsDamagedStaysAndIsSaid) {
  EXPECT_EQ(world_.Settle().emptied, 3u);
  const std::string sha256 = world_.archive()->List(world_.Name(kRecent))->versions.at(0).sha256;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(world_.folder() + "/archive")) {
    if (entry.path().filename().string().rfind(sha256, 0) != 0) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200);
    file.put('x');
  }
  world_.GoTo(absl::CivilDay(2024, 3, 25));
  ASSERT_TRUE(world_.Return("back").ok());
  const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->failed, SizeIs(1));
  EXPECT_TRUE(absl::IsDataLoss(report->failed[0].status)) << report->failed[0].status;
  EXPECT_THAT(world_.InStores(kRecent), IsEmpty());
  EXPECT_EQ(world_.StateOf(kRecent), pb::BUCKET_RESTORING);
  EXPECT_THAT(world_.archive()->List(world_.Name(kRecent))->versions, SizeIs(1));
  // Older days of the service wait for it.
  EXPECT_EQ(report->restored, 0u);
}

}  // namespace
}  // namespace rollcall
