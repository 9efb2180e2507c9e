// What a run makes of its set: whole, by differences or by addition; and that sets never mix.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kPartial = pb::RunResult::PARTIAL;

TEST_P(StoreContractTest, FullFillsAnEmptyUnit) {
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.inserted, 2);
  EXPECT_EQ(outcome.changed, 0);
  EXPECT_EQ(outcome.retired, 0);
  EXPECT_EQ(outcome.digest, DigestOf({{"a", "1"}, {"b", "1"}}));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1", "b=1"));
}

TEST_P(StoreContractTest, FullReplacesTheSet) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Record("c", "1").Batch());
  const ApplyOutcome outcome =
      Apply(RunBuilder(agent_, "packages", 2).Record("a", "1").Record("b", "2").Record("d", "1").Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.inserted, 1);
  EXPECT_EQ(outcome.changed, 1);
  EXPECT_EQ(outcome.retired, 1);
  EXPECT_EQ(outcome.digest, DigestOf({{"a", "1"}, {"b", "2"}, {"d", "1"}}));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1", "b=2", "d=1"));
}

TEST_P(StoreContractTest, CompleteRunWithoutRecordsEmptiesTheUnit) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Batch());
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 2).Batch()).retired, 1);
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Unit(agent_).digest, SetDigest());
}

TEST_P(StoreContractTest, OnlyCompleteRunsRetire) {
  uint64_t epoch = 0;
  for (const auto status : {pb::RunResult::PARTIAL, pb::RunResult::FAILED, pb::RunResult::UNSUPPORTED,
                            pb::RunResult::THROTTLED, pb::RunResult::STATUS_UNSPECIFIED}) {
    for (const auto mode : {pb::FULL, pb::DELTA, pb::MERGE}) {
      SCOPED_TRACE(absl::StrCat(status, " ", mode));
      ++epoch;
      const SetDigest both = DigestOf({{"a", "1"}, {"b", "1"}});
      Apply(RunBuilder(agent_, "packages", 1).Epoch(epoch).Record("a", "1").Record("b", "1").Batch());
      const ApplyOutcome outcome = Apply(RunBuilder(agent_, "packages", 2)
                                             .Epoch(epoch)
                                             .Base(both)
                                             .Mode(mode)
                                             .Status(status)
                                             .Record("a", "1")
                                             .Retire("b")
                                             .After(both)
                                             .Batch());
      EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
      EXPECT_EQ(outcome.retired, 0);
      EXPECT_THAT(Contents(agent_), ElementsAre("a=1", "b=1"));
    }
  }
}

TEST_P(StoreContractTest, DeltaAppliesOnItsBase) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Record("c", "1").Batch());
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "packages", 2)
                                         .Base(DigestOf({{"a", "1"}, {"b", "1"}, {"c", "1"}}))
                                         .Record("b", "2")
                                         .Record("d", "1")
                                         .Retire("a")
                                         .After(DigestOf({{"b", "2"}, {"c", "1"}, {"d", "1"}}))
                                         .Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.inserted, 1);
  EXPECT_EQ(outcome.changed, 1);
  EXPECT_EQ(outcome.retired, 1);
  EXPECT_THAT(Contents(agent_), ElementsAre("b=2", "c=1", "d=1"));
}

TEST_P(StoreContractTest, DeltaOnAnotherBaseAsksForResyncAndChangesNothing) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Batch());
  const UnitInfo before = Unit(agent_);
  const PreparedBatch delta = RunBuilder(agent_, "packages", 2)
                                  .Base(DigestOf({{"a", "2"}}))
                                  .Record("b", "1")
                                  .After(DigestOf({{"a", "2"}, {"b", "1"}}))
                                  .Batch();
  for (int delivery = 0; delivery < 2; ++delivery) {
    const ApplyOutcome outcome = Apply(delta);
    EXPECT_EQ(outcome.verdict, ApplyVerdict::kResync);
    EXPECT_EQ(outcome.cause, pb::Resync::BASE_MISMATCH);
    EXPECT_EQ(outcome.digest, before.digest);
  }
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
  EXPECT_EQ(Unit(agent_).generation, before.generation);
  // The snapshot the agent then sends heals it.
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 3).Record("a", "2").Record("b", "1").Batch()).verdict,
            ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2", "b=1"));
}

TEST_P(StoreContractTest, DeltaForAnUnknownUnitNeedsTheEmptyBase) {
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 1).Base(DigestOf({{"a", "1"}})).Batch()).cause,
            pb::Resync::BASE_MISMATCH);
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 2).Base({}).Record("a", "1").Batch()).verdict, ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
}

TEST_P(StoreContractTest, DeltaRetiringWhatIsNotThereOrWasFoundChangesNothing) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Batch());
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "packages", 2)
                                         .Base(DigestOf({{"a", "1"}}))
                                         .Record("a", "2")
                                         .Retire("a")
                                         .Retire("never seen")
                                         .After(DigestOf({{"a", "2"}}))
                                         .Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.retired, 0);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2"));
}

TEST_P(StoreContractTest, MergeWritesAndEndsNothing) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Batch());
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "packages", 2)
                                         .Mode(pb::MERGE)
                                         .Status(kPartial)
                                         .Record("a", "2")
                                         .Record("c", "1")
                                         .After({})  // means nothing for MERGE
                                         .Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.digest, DigestOf({{"a", "2"}, {"b", "1"}, {"c", "1"}}));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2", "b=1", "c=1"));
}

TEST_P(StoreContractTest, DigestMismatchKeepsTheRecords) {
  const PreparedBatch batch = RunBuilder(agent_, "packages", 1).Record("a", "1").After(DigestOf({{"x", "1"}})).Batch();
  const ApplyOutcome outcome = Apply(batch);
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kResync);
  EXPECT_EQ(outcome.cause, pb::Resync::DIGEST_MISMATCH);
  EXPECT_EQ(outcome.digest, DigestOf({{"a", "1"}}));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
  EXPECT_EQ(Apply(batch).verdict, ApplyVerdict::kDuplicate);
}

TEST_P(StoreContractTest, BatchWithoutModeIsInvalid) {
  PreparedBatch batch = RunBuilder(agent_, "packages", 1).Record("a", "1").Batch();
  batch.mode = pb::BATCH_MODE_UNSPECIFIED;
  EXPECT_EQ(store().ApplyGroup({batch}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreContractTest, AgentsTenantsCollectorsAndScopesNeverMix) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Batch());
  Apply(RunBuilder(other_agent_, "packages", 1).Record("a", "2").Batch());
  Apply(RunBuilder(other_tenant_, "packages", 1).Record("a", "3").Batch());
  Apply(RunBuilder(agent_, "processes", 1).Record("a", "4").Batch());
  Apply(RunBuilder(agent_, "packages", 1).Scope(pb::Scope::CONTAINER, "c1").Record("a", "5").Batch());
  // An empty snapshot of one unit ends nothing of the others.
  Apply(RunBuilder(agent_, "packages", 2).Batch());
  EXPECT_THAT(Contents(agent_), ElementsAre("a=4", "a=5"));
  EXPECT_THAT(Contents(other_agent_), ElementsAre("a=2"));
  EXPECT_THAT(Contents(other_tenant_), ElementsAre("a=3"));
  EXPECT_EQ(store().History("acme", TestKey("a"))->size(), 4);
  EXPECT_EQ(store().History("globex", TestKey("a"))->size(), 1);
  EXPECT_EQ(store().History("nobody", TestKey("a"))->size(), 0);
  EXPECT_EQ(store().ListUnits("acme", "agent-1")->size(), 3);
  EXPECT_EQ(store().ListUnits("acme", "")->size(), 4);
  EXPECT_EQ(store().ListUnits("globex", "")->size(), 1);
  EXPECT_EQ(store().ListUnits("nobody", "")->size(), 0);
}

}  // namespace
}  // namespace rollcall
