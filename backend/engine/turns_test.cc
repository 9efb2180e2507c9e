// Tenants take turns: what fails or is plenty at one of them is not the others' delay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/engine/testing/engine_world.h"

namespace rollcall {
namespace {

using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 1, 10);

// `aaa` comes first, has three buckets, and no key to archive them with; `acme` has one. Two steps a tick.
class TurnsTest : public testing::Test {
 protected:
  void SetUp() override {
    world_.set_max_steps(2);
    ASSERT_TRUE(world_.Open().ok());
    ASSERT_TRUE(world_.Enrol().ok());
    ASSERT_TRUE(world_.Found({"ann"}, kOld).ok());
    ASSERT_TRUE(world_.EnrolWithoutKey("aaa").ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(world_.Found({absl::StrCat("bob-", i)}, kOld + i).ok());
    Tick();
    ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
    world_.GoTo(absl::CivilDay(2024, 3, 1));
    ASSERT_TRUE(world_.End("end").ok());
    world_.set_acting(kTenant);
    ASSERT_TRUE(world_.End("end").ok());
  }

  TickReport Tick() {
    const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : TickReport();
  }

  EngineWorld world_;
};

TEST_F(TurnsTest, WhatFailsIsCountedOnceAndIsNobodyElsesDelay) {
  const TickReport first = Tick();
  EXPECT_EQ(first.steps, 2u);
  EXPECT_THAT(first.failed, SizeIs(1));
  EXPECT_EQ(first.archived, 1u);
  EXPECT_TRUE(first.more);
  Tick();
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  // With one step a tick, too.
  world_.Close();
  world_.set_max_steps(1);
  ASSERT_TRUE(world_.Open().ok());
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  uint64_t taken = 0;
  for (int i = 0; i < 2; ++i) {
    const TickReport report = Tick();
    EXPECT_EQ(report.steps, 1u);
    taken += report.late_archived;
  }
  EXPECT_EQ(taken, 1u);
}

TEST_F(TurnsTest, DeletionsToo) {
  Tick();
  Tick();
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 4, 1)).ok());
  EXPECT_EQ(Tick().purged, 2u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_PURGED);
  world_.set_acting("aaa");
  EXPECT_EQ(Tick().purged, 2u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_PURGED);
}

}  // namespace
}  // namespace rollcall
