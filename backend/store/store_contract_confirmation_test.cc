// The rules of Store::ConfirmUnits and of what a run says of the time before it.
#include <gmock/gmock.h>

#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;

PreparedConfirmation ConfirmationOf(const UnitInfo& unit, absl::Time started_at) {
  return {unit.collector, unit.scope, unit.epoch, unit.generation, unit.digest.low(), started_at};
}

std::vector<bool> Confirm(Store& store, const std::vector<PreparedConfirmation>& confirmations,
                          absl::Time received_at) {
  const auto answers = store.ConfirmUnits({"acme", "agent-1"}, confirmations, received_at);
  EXPECT_TRUE(answers.ok()) << answers.status();
  return answers.value_or(std::vector<bool>());
}

TEST_P(StoreContractTest, AConfirmedUnitWasSeenLater) {
  const PreparedBatch batch = RunBuilder(agent_, "packages", 1).At(start_).Record("a", "1").Batch();
  Apply(batch);
  const absl::Time later = start_ + absl::Minutes(10);
  EXPECT_THAT(Confirm(store(), {ConfirmationOf(Unit(agent_), later)}, later + absl::Seconds(2)), ElementsAre(true));
  Reopen();
  const UnitInfo unit = Unit(agent_);
  EXPECT_EQ(unit.last_complete_at, later);
  EXPECT_EQ(unit.last_run_received_at, later + absl::Seconds(2));
  EXPECT_EQ(unit.generation, 1u);
  EXPECT_EQ(ScanAll({"acme"}).at(0).last_seen, later);
  EXPECT_THAT(Confirm(store(), {ConfirmationOf(unit, start_)}, start_), ElementsAre(true))
      << "an old one that comes again";
  EXPECT_EQ(Unit(agent_).last_complete_at, later) << "never moves time back";
  EXPECT_EQ(Unit(agent_).last_run_received_at, later + absl::Seconds(2));
}

TEST_P(StoreContractTest, AnotherRunOrSetIsNotConfirmed) {
  Apply(RunBuilder(agent_, "packages", 3).Epoch(2).At(start_).Record("a", "1").Batch());
  const UnitInfo before = Unit(agent_);
  const absl::Time later = start_ + absl::Minutes(10);
  const PreparedConfirmation good = ConfirmationOf(before, later);
  std::vector<PreparedConfirmation> wrong(5, good);
  wrong[0].generation = 2;
  wrong[1].epoch = 1;
  wrong[2].digest_low ^= 1;
  wrong[3].collector = "ports";
  wrong[4].scope.set_type(pb::Scope::CONTAINER);
  wrong[4].scope.set_id("c");
  EXPECT_THAT(Confirm(store(), wrong, later), ElementsAre(false, false, false, false, false));
  EXPECT_EQ(Unit(agent_).last_complete_at, before.last_complete_at);
  EXPECT_EQ(Unit(agent_).last_run_received_at, before.last_run_received_at);
  EXPECT_THAT(Confirm(store(), {wrong[0], good}, later), ElementsAre(false, true)) << "each for itself";
}

TEST_P(StoreContractTest, ARunThatWasNotCompleteIsHeardOfButProvesNothing) {
  Apply(RunBuilder(agent_, "packages", 1).At(start_).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2)
            .At(start_ + absl::Minutes(1))
            .Mode(pb::DELTA)
            .Base(Unit(agent_).digest)
            .After(Unit(agent_).digest)
            .Status(pb::RunResult::PARTIAL)
            .Batch());
  const absl::Time later = start_ + absl::Minutes(10);
  EXPECT_THAT(Confirm(store(), {ConfirmationOf(Unit(agent_), later)}, later), ElementsAre(true));
  EXPECT_EQ(Unit(agent_).last_complete_at, start_);
  EXPECT_EQ(Unit(agent_).last_run_received_at, later);
}

TEST_P(StoreContractTest, UnknownAgentsConfirmNothing) {
  EXPECT_EQ(store().ConfirmUnits({"acme", "nobody"}, {}, start_).status().code(), absl::StatusCode::kNotFound);
}

// Retention counts from when a record was last seen: a run that ends it must not forget the
// confirmed runs before it.
TEST_P(StoreContractTest, WhatEndsWasSeenUntilItsBaseWasConfirmed) {
  Apply(RunBuilder(agent_, "packages", 1).At(start_).Record("a", "1").Record("b", "1").Batch());
  PreparedBatch batch = RunBuilder(agent_, "packages", 2)
                            .At(start_ + absl::Hours(1))
                            .Mode(pb::DELTA)
                            .Base(Unit(agent_).digest)
                            .After(RunBuilder(agent_, "packages", 2).Record("b", "1").OwnDigest())
                            .Retire("a")
                            .Batch();
  batch.base_seen_at = start_ + absl::Minutes(59);
  EXPECT_EQ(Apply(batch).verdict, ApplyVerdict::kApplied);
  const auto history = store().History("acme", TestKey("a"));
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ(history->front().last_seen, start_ + absl::Minutes(59));
  EXPECT_EQ(history->front().ended_at, start_ + absl::Hours(1));
}

}  // namespace
}  // namespace rollcall
