// Batches that come again, late, in parts or in groups.
#include <gmock/gmock.h>

#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContractTest, RedeliveryChangesNothing) {
  const PreparedBatch first = RunBuilder(agent_, "packages", 1).Record("a", "1").Batch();
  const PreparedBatch second = RunBuilder(agent_, "packages", 2).Record("a", "2").Batch();
  Apply(first);
  Apply(second);
  for (const PreparedBatch& again : {first, second, first}) {
    const ApplyOutcome outcome = Apply(again);
    EXPECT_EQ(outcome.verdict, ApplyVerdict::kDuplicate);
    EXPECT_EQ(outcome.digest, DigestOf({{"a", "2"}}));
  }
  Reopen();
  EXPECT_EQ(Apply(second).verdict, ApplyVerdict::kDuplicate);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2"));
  EXPECT_EQ(store().History("acme", TestKey("a"))->size(), 2);
}

TEST_P(StoreContractTest, GenerationZeroOfAFreshUnitIsARun) {
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 0).Epoch(0).Record("a", "1").Batch()).verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 0).Epoch(0).Record("a", "1").Batch()).verdict,
            ApplyVerdict::kDuplicate);
}

TEST_P(StoreContractTest, OlderEpochIsBehind) {
  Apply(RunBuilder(agent_, "packages", 1).Epoch(7).Record("a", "1").Batch());
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "packages", 99).Epoch(6).Record("b", "1").Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kResync);
  EXPECT_EQ(outcome.cause, pb::Resync::EPOCH_BEHIND);
  EXPECT_EQ(outcome.epoch, 7);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
}

TEST_P(StoreContractTest, NewerEpochStartsGenerationsAgain) {
  const uint64_t huge = ~uint64_t{0};
  Apply(RunBuilder(agent_, "packages", 50).Epoch(1).Record("a", "1").Batch());
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 1).Epoch(2).Record("a", "2").Batch()).verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 2).Epoch(huge).Record("a", "3").Batch()).verdict,
            ApplyVerdict::kApplied);
  EXPECT_EQ(Unit(agent_).epoch, huge);
  EXPECT_EQ(Apply(RunBuilder(agent_, "packages", 9).Epoch(huge - 1).Batch()).cause, pb::Resync::EPOCH_BEHIND);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=3"));
}

TEST_P(StoreContractTest, PartsAreInvisibleUntilTheLast) {
  Apply(RunBuilder(agent_, "packages", 1).Record("old", "1").Batch());
  RunBuilder run(agent_, "packages", 2);
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) run.Record(name, "1");
  const std::vector<PreparedBatch> parts = run.Parts(3);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(Apply(parts[i]).verdict, ApplyVerdict::kStaged);
    EXPECT_EQ(Apply(parts[i]).verdict, ApplyVerdict::kDuplicate);
    EXPECT_THAT(Contents(agent_), ElementsAre("old=1"));
    EXPECT_EQ(Unit(agent_).generation, 1);
    Reopen();  // staged parts are durable
  }
  const ApplyOutcome outcome = Apply(parts[2]);
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.inserted, 6);
  EXPECT_EQ(outcome.retired, 1);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1", "b=1", "c=1", "d=1", "e=1", "f=1"));
  for (const PreparedBatch& part : parts) EXPECT_EQ(Apply(part).verdict, ApplyVerdict::kDuplicate);
}

TEST_P(StoreContractTest, PartsBeforeTheLastComeInAnyOrder) {
  RunBuilder run(agent_, "packages", 1);
  for (const char* name : {"a", "b", "c", "d"}) run.Record(name, "1");
  const std::vector<PreparedBatch> parts = run.Parts(4);
  std::vector<int> order = {0, 1, 2};
  uint64_t generation = 1;
  do {
    for (const int i : order) {
      PreparedBatch part = parts[static_cast<size_t>(i)];
      part.generation = generation;
      EXPECT_EQ(Apply(part).verdict, ApplyVerdict::kStaged);
    }
    PreparedBatch last = parts[3];
    last.generation = generation;
    EXPECT_EQ(Apply(last).verdict, ApplyVerdict::kApplied);
    ++generation;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1", "b=1", "c=1", "d=1"));
}

TEST_P(StoreContractTest, MissingPartAsksForResyncUntilItComes) {
  RunBuilder run(agent_, "packages", 1);
  for (const char* name : {"a", "b", "c"}) run.Record(name, "1");
  const std::vector<PreparedBatch> parts = run.Parts(3);
  Apply(parts[0]);
  const ApplyOutcome outcome = Apply(parts[2]);
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kResync);
  EXPECT_EQ(outcome.cause, pb::Resync::MISSING_PART);
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Apply(parts[1]).verdict, ApplyVerdict::kStaged);
  EXPECT_EQ(Apply(parts[2]).verdict, ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1", "b=1", "c=1"));
}

TEST_P(StoreContractTest, PartsOfDifferentRunsDoNotMix) {
  RunBuilder first(agent_, "packages", 1);
  RunBuilder second(agent_, "packages", 2);
  for (const char* name : {"a", "b"}) {
    first.Record(name, "1");
    second.Record(name, "2");
  }
  Apply(first.Parts(2)[0]);
  // The agent died before the last part; its next run is another one.
  EXPECT_EQ(Apply(second.Parts(2)[1]).cause, pb::Resync::MISSING_PART);
  Apply(second.Parts(2)[0]);
  EXPECT_EQ(Apply(second.Parts(2)[1]).verdict, ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2", "b=2"));
  EXPECT_EQ(Apply(first.Parts(2)[1]).verdict, ApplyVerdict::kDuplicate);
}

TEST_P(StoreContractTest, DeltaInPartsRetiresWhatAnyPartNames) {
  const SetDigest base = DigestOf({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Record("c", "1").Batch());
  const auto parts = RunBuilder(agent_, "packages", 2)
                         .Base(base)
                         .Record("d", "1")
                         .Record("e", "1")
                         .Retire("a")
                         .Retire("b")
                         .After(DigestOf({{"c", "1"}, {"d", "1"}, {"e", "1"}}))
                         .Parts(2);
  EXPECT_EQ(Apply(parts[0]).verdict, ApplyVerdict::kStaged);
  EXPECT_EQ(Apply(parts[1]).verdict, ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("c=1", "d=1", "e=1"));
}

TEST_P(StoreContractTest, KeyTwiceInARunCountsOnce) {
  auto parts = RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Parts(2);
  parts[1].records = parts[0].records;
  parts[1].records[0].payload = "second";
  Apply(parts[0]);
  const ApplyOutcome outcome = Apply(parts[1]);
  EXPECT_EQ(outcome.inserted, 1);
  EXPECT_EQ(Contents(agent_).size(), 1);
  EXPECT_EQ(outcome.digest.count(), 1);
}

TEST_P(StoreContractTest, GroupAppliesInOrderAndResyncUndoesNothing) {
  const std::vector<PreparedBatch> group = {
      RunBuilder(agent_, "packages", 1).Record("a", "1").Batch(),
      RunBuilder(agent_, "packages", 2).Base(DigestOf({{"x", "1"}})).Batch(),
      RunBuilder(other_agent_, "packages", 1).Record("b", "1").Batch(),
      RunBuilder(agent_, "packages", 3)
          .Base(DigestOf({{"a", "1"}}))
          .Record("a", "2")
          .After(DigestOf({{"a", "2"}}))
          .Batch(),
  };
  const auto outcomes = store().ApplyGroup(group);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  ASSERT_EQ(outcomes->size(), 4);
  EXPECT_EQ((*outcomes)[0].verdict, ApplyVerdict::kApplied);
  EXPECT_EQ((*outcomes)[1].cause, pb::Resync::BASE_MISMATCH);
  EXPECT_EQ((*outcomes)[2].verdict, ApplyVerdict::kApplied);
  EXPECT_EQ((*outcomes)[3].verdict, ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2"));
  EXPECT_THAT(Contents(other_agent_), ElementsAre("b=1"));
}

TEST_P(StoreContractTest, GroupIsAtomicOnErrors) {
  const AgentName stranger{"acme", "stranger"};
  const auto outcomes = store().ApplyGroup({RunBuilder(agent_, "packages", 1).Record("a", "1").Batch(),
                                            RunBuilder(stranger, "packages", 1).Record("b", "1").Batch()});
  EXPECT_EQ(outcomes.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Contents(agent_), IsEmpty());
}

TEST_P(StoreContractTest, EmptyGroupIsFine) {
  const auto outcomes = store().ApplyGroup({});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_TRUE(outcomes->empty());
}

}  // namespace
}  // namespace rollcall
