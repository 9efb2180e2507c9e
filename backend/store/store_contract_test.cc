#include "backend/store/store_contract_test.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kComplete = pb::RunResult::COMPLETE;
constexpr auto kPartial = pb::RunResult::PARTIAL;

SetDigest DigestOf(const std::vector<std::pair<std::string, std::string>>& assets) {
  SetDigest digest;
  for (const auto& [name, value] : assets) digest.Add(TestKey(name), TestFingerprint(value));
  return digest;
}

// ---- Full snapshots

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

// ---- Deltas and merges

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

// ---- Idempotence, epochs, parts

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

// ---- Groups

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

// ---- Separation

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

// ---- History

TEST_P(StoreContractTest, ChangeMovesTheOldVersionToHistory) {
  const absl::Time t1 = start_ + absl::Hours(1);
  const absl::Time t2 = start_ + absl::Hours(2);
  const absl::Time t3 = start_ + absl::Hours(3);
  Apply(RunBuilder(agent_, "packages", 1).At(t1).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(t2).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 3).At(t3).Record("a", "2").Batch());
  const auto history = store().History("acme", TestKey("a"));
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 2);
  const StoredVersion& old = (*history)[0];
  EXPECT_EQ(old.payload, "a=1");
  EXPECT_EQ(old.fingerprint, TestFingerprint("1"));
  EXPECT_EQ(old.agent, agent_);
  EXPECT_EQ(old.collector, "packages");
  EXPECT_EQ(old.collector_version, "1.2.3");
  EXPECT_EQ(old.kind, 104);
  EXPECT_EQ(old.collected_at, t1);
  EXPECT_EQ(old.received_at, t1 + absl::Seconds(1));
  EXPECT_EQ(old.first_seen, t1);
  EXPECT_EQ(old.valid_from, t1);
  EXPECT_EQ(old.last_seen, t2);  // the last COMPLETE run that had it
  EXPECT_EQ(old.ended_at, t3);
  EXPECT_EQ(old.end_reason, pb::StoredRecord::CHANGED);
  const StoredVersion& now = (*history)[1];
  EXPECT_EQ(now.payload, "a=2");
  EXPECT_EQ(now.first_seen, t1);
  EXPECT_EQ(now.valid_from, t3);
  EXPECT_EQ(now.last_seen, t3);
  EXPECT_EQ(now.ended_at, std::nullopt);
  EXPECT_EQ(now.end_reason, pb::StoredRecord::END_REASON_UNSPECIFIED);
}

TEST_P(StoreContractTest, GoneAssetThatReturnsKeepsItsFirstSeen) {
  const auto at = [&](int hour) { return start_ + absl::Hours(hour); };
  Apply(RunBuilder(agent_, "packages", 1).At(at(1)).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(at(2)).Batch());
  auto history = store().History("acme", TestKey("a"));
  ASSERT_EQ(history->size(), 1);
  EXPECT_EQ((*history)[0].end_reason, pb::StoredRecord::GONE);
  EXPECT_EQ((*history)[0].last_seen, at(1));
  EXPECT_EQ((*history)[0].ended_at, at(2));
  Apply(RunBuilder(agent_, "packages", 3).At(at(3)).Record("a", "1").Batch());
  history = store().History("acme", TestKey("a"));
  ASSERT_EQ(history->size(), 2);
  EXPECT_EQ((*history)[1].first_seen, at(1));
  EXPECT_EQ((*history)[1].valid_from, at(3));
}

TEST_P(StoreContractTest, LastSeenFollowsCompleteRunsOnly) {
  const auto at = [&](int hour) { return start_ + absl::Hours(hour); };
  const auto last_seen = [&](const char* name) { return store().History("acme", TestKey(name))->back().last_seen; };
  Apply(RunBuilder(agent_, "packages", 1).At(at(1)).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(at(2)).Record("a", "1").Batch());
  EXPECT_EQ(last_seen("a"), at(2));
  Apply(RunBuilder(agent_, "packages", 3).At(at(3)).Mode(pb::MERGE).Status(kPartial).Record("b", "1").Batch());
  EXPECT_EQ(last_seen("a"), at(2));
  EXPECT_EQ(last_seen("b"), at(3));
  EXPECT_EQ(Unit(agent_).last_complete_at, at(2));
  Apply(RunBuilder(agent_, "packages", 4).At(at(4)).Record("a", "1").Record("b", "1").Batch());
  EXPECT_EQ(last_seen("a"), at(4));
  EXPECT_EQ(last_seen("b"), at(4));
}

TEST_P(StoreContractTest, UnitThatNeverCompletedHasNoLastComplete) {
  Apply(RunBuilder(agent_, "packages", 1).At(start_).Mode(pb::MERGE).Status(kPartial).Record("a", "1").Batch());
  EXPECT_EQ(Unit(agent_).last_complete_at, std::nullopt);
  EXPECT_EQ(store().History("acme", TestKey("a"))->back().last_seen, start_);
}

TEST_P(StoreContractTest, VersionsStayInOrderWhenTheClockStepsBack) {
  const absl::Time t = start_ + absl::Hours(5);
  Apply(RunBuilder(agent_, "packages", 1).At(t).Record("a", "1").Record("b", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(t - absl::Hours(1)).Record("a", "2").Batch());
  Apply(RunBuilder(agent_, "packages", 3).At(t - absl::Hours(2)).Record("a", "3").Record("b", "1").Batch());
  for (const char* name : {"a", "b"}) {
    const auto history = store().History("acme", TestKey(name));
    ASSERT_TRUE(history.ok());
    for (size_t i = 0; i < history->size(); ++i) {
      const StoredVersion& v = (*history)[i];
      EXPECT_LE(v.first_seen, v.valid_from);
      EXPECT_LE(v.valid_from, v.last_seen);
      if (i + 1 == history->size()) continue;
      ASSERT_TRUE(v.ended_at.has_value());
      EXPECT_LT(v.valid_from, *v.ended_at);
      EXPECT_LE(v.last_seen, *v.ended_at);
      EXPECT_LE(*v.ended_at, (*history)[i + 1].valid_from);
    }
  }
  EXPECT_EQ(store().History("acme", TestKey("a"))->size(), 3);
}

TEST_P(StoreContractTest, ImplausibleRunStartCountsFromArrival) {
  PreparedBatch batch = RunBuilder(agent_, "packages", 1).At(start_).Record("a", "1").Batch();
  batch.run_result.mutable_started_at()->set_seconds(4'000'000'000);  // 2096
  Apply(batch);
  EXPECT_EQ(Unit(agent_).last_complete_at, batch.received_at);
  batch = RunBuilder(agent_, "packages", 2).At(start_ + absl::Hours(1)).Record("a", "1").Batch();
  batch.run_result.mutable_started_at()->set_seconds(0);
  Apply(batch);
  EXPECT_EQ(Unit(agent_).last_complete_at, batch.received_at);
}

TEST_P(StoreContractTest, TimesKeepNanosecondsAndSuspicion) {
  const absl::Time odd = start_ + absl::Nanoseconds(123'456'789);
  PreparedBatch batch = RunBuilder(agent_, "packages", 1).At(odd).Record("a", "1").Batch();
  batch.records[0].clock_suspect = true;
  Apply(batch);
  const auto history = store().History("acme", TestKey("a"));
  EXPECT_EQ(history->front().collected_at, odd);
  EXPECT_TRUE(history->front().clock_suspect);
  Apply(RunBuilder(agent_, "packages", 2).At(odd + absl::Hours(1)).Record("a", "2").Batch());
  EXPECT_TRUE(store().History("acme", TestKey("a"))->front().clock_suspect);
  EXPECT_FALSE(store().History("acme", TestKey("a"))->back().clock_suspect);
}

TEST_P(StoreContractTest, ScanAtGivesTheStateOfThatInstant) {
  const auto at = [&](double hour) { return start_ + absl::Hours(hour); };
  Apply(RunBuilder(agent_, "packages", 1).At(at(1)).Record("a", "1").Record("b", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(at(2)).Record("a", "2").Record("b", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 3).At(at(3)).Record("a", "2").Batch());
  Apply(RunBuilder(agent_, "packages", 4).At(at(4)).Record("a", "2").Record("b", "2").Batch());
  EXPECT_THAT(Contents(agent_, at(0.5)), IsEmpty());
  EXPECT_THAT(Contents(agent_, at(1)), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(Contents(agent_, at(1.9)), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(Contents(agent_, at(2)), ElementsAre("a=2", "b=1"));
  EXPECT_THAT(Contents(agent_, at(3)), ElementsAre("a=2"));
  EXPECT_THAT(Contents(agent_, at(3.5)), ElementsAre("a=2"));
  EXPECT_THAT(Contents(agent_, at(4)), ElementsAre("a=2", "b=2"));
  EXPECT_THAT(Contents(agent_, absl::InfiniteFuture()), ElementsAre("a=2", "b=2"));
  EXPECT_THAT(Contents(agent_, absl::InfinitePast()), IsEmpty());
}

// ---- Scans

TEST_P(StoreContractTest, ScanIsOrderedAndCompleteForEveryPageSize) {
  for (const AgentName& agent : {agent_, other_agent_}) {
    for (const char* collector : {"packages", "processes"}) {
      for (const char* container : {"", "c1"}) {
        RunBuilder run(agent, collector, 1);
        run.Scope(*container == '\0' ? pb::Scope::HOST : pb::Scope::CONTAINER, container);
        for (int i = 0; i < 5; ++i) run.Record(absl::StrCat(i), "1", i % 2 == 0 ? 104 : 102);
        Apply(run.Batch());
      }
    }
  }
  ScanQuery query;
  query.tenant = "acme";
  const auto all = ScanAll(query, 1000);
  ASSERT_EQ(all.size(), 40);
  for (size_t page : {1, 2, 3, 5, 7, 39, 40, 41}) {
    const auto paged = ScanAll(query, page);
    ASSERT_EQ(paged.size(), all.size()) << page;
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(std::tie(paged[i].agent, paged[i].collector, paged[i].kind, paged[i].asset_key),
                std::tie(all[i].agent, all[i].collector, all[i].kind, all[i].asset_key));
    }
  }
  for (size_t i = 1; i < all.size(); ++i) {
    EXPECT_LE(std::tie(all[i - 1].agent, all[i - 1].collector), std::tie(all[i].agent, all[i].collector));
    if (i % 5 == 0) continue;  // the next unit
    EXPECT_LT(std::tie(all[i - 1].kind, all[i - 1].asset_key), std::tie(all[i].kind, all[i].asset_key));
  }
}

TEST_P(StoreContractTest, ScanSelectsKindAndAgents) {
  for (const AgentName& agent : {agent_, other_agent_, other_tenant_}) {
    Apply(RunBuilder(agent, "packages", 1).Record("a", "1", 102).Record("b", "1", 103).Record("c", "1", 104).Batch());
  }
  ScanQuery query;
  query.tenant = "acme";
  query.kind = 103;
  for (size_t page : {1, 2, 10}) {
    const auto rows = ScanAll(query, page);
    ASSERT_EQ(rows.size(), 2);
    EXPECT_EQ(rows[0].agent, agent_);
    EXPECT_EQ(rows[1].agent, other_agent_);
    EXPECT_EQ(rows[0].payload, "b=1");
  }
  query.agent_ids = {"agent-2", "agent-2", "nobody"};
  EXPECT_EQ(ScanAll(query, 1).size(), 1);
  query.kind = 0;
  query.agent_ids = {"agent-2", "agent-1"};
  const auto both = ScanAll(query, 2);
  ASSERT_EQ(both.size(), 6);
  EXPECT_EQ(both[0].agent, agent_);
  EXPECT_EQ(both[5].agent, other_agent_);
  query.tenant = "nobody";
  EXPECT_THAT(ScanAll(query, 2), IsEmpty());
}

TEST_P(StoreContractTest, CursorSurvivesReopeningAndDeletions) {
  RunBuilder run(agent_, "packages", 1);
  for (int i = 0; i < 6; ++i) run.Record(absl::StrCat(i), "1");
  Apply(run.Batch());
  ScanQuery query;
  query.tenant = "acme";
  const auto first = store().Scan(query, "", 3);
  ASSERT_TRUE(first.ok());
  Apply(RunBuilder(agent_, "packages", 2).Batch());  // the row under the cursor is gone
  Reopen();
  const auto rest = store().Scan(query, first->next_cursor, 3);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(rest->versions, IsEmpty());
  query.at = start_ + absl::Hours(1);
  const auto past = store().Scan(query, first->next_cursor, 10);
  ASSERT_TRUE(past.ok());
  EXPECT_EQ(past->versions.size(), 3);
}

TEST_P(StoreContractTest, ScanRefusesForeignCursorsAndEmptyPages) {
  ScanQuery query;
  query.tenant = "acme";
  for (const char* cursor : {"x", "!!", "AAAA", "AQ"}) {
    EXPECT_EQ(store().Scan(query, cursor, 1).status().code(), absl::StatusCode::kInvalidArgument) << cursor;
  }
  EXPECT_EQ(store().Scan(query, "", 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreContractTest, FindAssetsGivesCurrentAndPastKeysInOrder) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1", 102).Batch());
  Apply(RunBuilder(agent_, "packages", 2).Record("a", "2").Batch());
  Apply(RunBuilder(other_agent_, "packages", 1).Record("a", "1").Record("c", "1").Batch());
  std::vector<AssetKey> keys = {TestKey("a"), TestKey("b"), TestKey("c")};
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(*store().FindAssets("acme", "", 10), keys);
  EXPECT_THAT(*store().FindAssets("acme", "", 2), ElementsAre(keys[0], keys[1]));
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(keys[1].data()), keys[1].size()));
  for (size_t digits : {5, 8, 31, 32}) {
    EXPECT_THAT(*store().FindAssets("acme", hex.substr(0, digits), 10), ElementsAre(keys[1])) << digits;
  }
  EXPECT_THAT(*store().FindAssets("globex", "", 10), IsEmpty());
  for (const std::string& bad : {std::string("xyz"), hex + "0"}) {
    EXPECT_EQ(store().FindAssets("acme", bad, 1).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_P(StoreContractTest, CountRecordsPerAgentAndKind) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1", 102).Record("b", "1", 104).Record("c", "1", 104).Batch());
  Apply(RunBuilder(agent_, "processes", 1).Record("d", "1", 104).Batch());
  Apply(RunBuilder(agent_, "packages", 2).Record("b", "2", 104).Record("c", "1", 104).Batch());
  const auto counts = store().CountRecords("acme");
  ASSERT_TRUE(counts.ok());
  ASSERT_EQ(counts->size(), 1);
  EXPECT_EQ(counts->front().agent_id, "agent-1");
  EXPECT_EQ(counts->front().kind, 104);
  EXPECT_EQ(counts->front().count, 3);
  EXPECT_THAT(*store().CountRecords("globex"), IsEmpty());
}

TEST_P(StoreContractTest, UnitsKeepTheirLastRun) {
  PreparedBatch batch = RunBuilder(agent_, "packages", 4).Epoch(3).Status(kPartial).Mode(pb::MERGE).Batch();
  batch.run_result.add_problems()->set_path("/var/lib/dpkg/status");
  Apply(batch);
  const UnitInfo unit = Unit(agent_);
  EXPECT_EQ(unit.epoch, 3);
  EXPECT_EQ(unit.generation, 4);
  EXPECT_EQ(unit.scope.type(), pb::Scope::HOST);
  EXPECT_EQ(unit.last_run.status(), kPartial);
  EXPECT_EQ(unit.last_run.problems(0).path(), "/var/lib/dpkg/status");
  EXPECT_EQ(unit.last_run_received_at, batch.received_at);
  Apply(RunBuilder(agent_, "packages", 5).Epoch(3).Status(kComplete).Batch());
  EXPECT_EQ(Unit(agent_).last_run.problems_size(), 0);
}

TEST_P(StoreContractTest, UnitWithStagedPartsOnlyIsNotListed) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Parts(2)[0]);
  EXPECT_THAT(*store().ListUnits("acme", ""), IsEmpty());
}

// ---- Tenants, agents, contacts

TEST_P(StoreContractTest, EnrollmentIsIdempotentAndNeedsATenant) {
  ASSERT_TRUE(store().EnrollAgent(agent_, start_ + absl::Hours(9)).ok());
  ASSERT_TRUE(store().AddTenant("acme", start_ + absl::Hours(9)).ok());
  EXPECT_TRUE(*store().IsEnrolled(agent_));
  EXPECT_FALSE(*store().IsEnrolled({"acme", "nobody"}));
  EXPECT_FALSE(*store().IsEnrolled({"globex", "agent-2"}));
  EXPECT_EQ(store().EnrollAgent({"nobody", "agent-1"}, start_).code(), absl::StatusCode::kNotFound);
  const auto agents = store().ListAgents("acme");
  ASSERT_EQ(agents->size(), 2);
  EXPECT_EQ(agents->front().contact.agent, agent_);
  EXPECT_EQ(agents->front().enrolled_at, start_);
  EXPECT_FALSE(agents->front().contacted);
}

AgentContact ContactOf(const AgentName& agent, const std::string& host, const std::string& boot, absl::Time at) {
  AgentContact contact;
  contact.agent = agent;
  contact.agent_version = "0.1.0";
  contact.host_id = host;
  contact.boot_id = boot;
  contact.hosting_service = "cvm:ins-1";
  contact.region = "eu";
  contact.epoch = 5;
  contact.clock_offset = absl::Milliseconds(-1500);
  contact.at = at;
  return contact;
}

TEST_P(StoreContractTest, ContactsAreKept) {
  ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", "b1", start_)).ok());
  ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", "b2", start_ + absl::Hours(1))).ok());
  Reopen();
  const AgentRow row = store().ListAgents("acme")->front();
  EXPECT_TRUE(row.contacted);
  EXPECT_EQ(row.first_contact, start_);
  EXPECT_EQ(row.last_contact, start_ + absl::Hours(1));
  EXPECT_EQ(row.contact.at, row.last_contact);
  EXPECT_EQ(row.contact.agent_version, "0.1.0");
  EXPECT_EQ(row.contact.host_id, "h");
  EXPECT_EQ(row.contact.boot_id, "b2");
  EXPECT_EQ(row.contact.hosting_service, "cvm:ins-1");
  EXPECT_EQ(row.contact.region, "eu");
  EXPECT_EQ(row.contact.epoch, 5);
  EXPECT_EQ(row.contact.clock_offset, absl::Milliseconds(-1500));
  EXPECT_FALSE(row.clone_suspected);
  EXPECT_EQ(store().RecordContact(ContactOf({"acme", "nobody"}, "h", "b", start_)).code(), absl::StatusCode::kNotFound);
}

TEST_P(StoreContractTest, IdentityThatGoesBackSuggestsAClone) {
  struct Case {
    const char* what;
    std::vector<std::pair<const char*, const char*>> host_and_boot;
    bool suspected;
  };
  const Case cases[] = {
      {"one machine", {{"h", "1"}, {"h", "1"}}, false},
      {"reboots", {{"h", "1"}, {"h", "2"}, {"h", "3"}, {"h", "3"}}, false},
      {"reinstalled", {{"h", "1"}, {"i", "2"}}, false},
      {"boot id goes back", {{"h", "1"}, {"h", "2"}, {"h", "1"}}, true},
      {"host id goes back", {{"h", "1"}, {"i", "2"}, {"h", "3"}}, true},
      {"three machines", {{"h", "1"}, {"h", "2"}, {"h", "3"}, {"h", "1"}}, true},
      {"unknown is not a value", {{"h", "1"}, {"", ""}, {"h", "1"}}, false},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    const AgentName agent{"acme", absl::StrCat("clone-", i)};
    ASSERT_TRUE(store().EnrollAgent(agent, start_).ok());
    absl::Time at = start_;
    for (const auto& [host, boot] : cases[i].host_and_boot) {
      ASSERT_TRUE(store().RecordContact(ContactOf(agent, host, boot, at)).ok());
      at += absl::Minutes(1);
    }
    const auto agents = store().ListAgents("acme");
    const auto row = std::find_if(agents->begin(), agents->end(),
                                  [&](const AgentRow& candidate) { return candidate.contact.agent == agent; });
    EXPECT_EQ(row->clone_suspected, cases[i].suspected) << cases[i].what;
  }
}

TEST_P(StoreContractTest, CloneSuspicionEnds) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", i == 1 ? "2" : "1", start_ + absl::Minutes(i))).ok());
  }
  EXPECT_TRUE(store().ListAgents("acme")->front().clone_suspected);
  ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", "1", start_ + kCloneSuspicionPeriod)).ok());
  EXPECT_TRUE(store().ListAgents("acme")->front().clone_suspected);
  ASSERT_TRUE(
      store().RecordContact(ContactOf(agent_, "h", "1", start_ + kCloneSuspicionPeriod + absl::Minutes(2))).ok());
  EXPECT_FALSE(store().ListAgents("acme")->front().clone_suspected);
}

TEST_P(StoreContractTest, CheckWritable) {
  EXPECT_TRUE(store().CheckWritable().ok());
  EXPECT_TRUE(store().CheckWritable().ok());
}

}  // namespace
}  // namespace rollcall
