// What a store promises about retractions: the faulty version's records end, nothing else does, and the
// agent's complete set comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

UnitName PackagesOf(const AgentName& agent) {
  UnitName unit = {agent, "packages", {}};
  unit.scope.set_type(pb::Scope::HOST);
  return unit;
}

// When run `hours` of a unit takes place: RunBuilder counts them in hours.
absl::Time At(int hours) { return absl::FromUnixSeconds(1'700'000'000) + absl::Hours(hours); }

TEST_P(StoreContractTest, RetractEndsWhatThatVersionWroteAndNothingElse) {
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Record("b", "x").Batch());
  // `a` was confirmed by the good version, but what is stored came with the faulty one.
  Apply(RunBuilder(agent_, "packages", 2).Version("2").Record("a", "x").Record("b", "y").Record("c", "x").Batch());
  EXPECT_EQ(*store().CountWrittenBy(PackagesOf(agent_), "1"), 1u);
  EXPECT_EQ(*store().CountWrittenBy(PackagesOf(agent_), "2"), 2u);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=x", "b=y", "c=x")) << "counting changes nothing";

  EXPECT_EQ(*store().Retract(PackagesOf(agent_), "1", At(3)), 1u);
  EXPECT_THAT(Contents(agent_), ElementsAre("b=y", "c=x"));
  EXPECT_EQ(*store().CountWrittenBy(PackagesOf(agent_), "1"), 0u);
}

TEST_P(StoreContractTest, RetractErasesNothingAndMovesNoDate) {
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Batch());
  Apply(RunBuilder(agent_, "packages", 2).Version("1").Record("a", "x").Batch());
  const StoredVersion before = store().History("acme", TestKey("a"))->at(0);
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(5)), 1u);
  const auto after = store().History("acme", TestKey("a"));
  ASSERT_TRUE(after.ok()) << after.status();
  ASSERT_EQ(after->size(), 1u);
  const StoredVersion& version = after->at(0);
  EXPECT_EQ(version.end_reason, pb::StoredRecord::RETRACTED);
  EXPECT_EQ(version.ended_at, At(5));
  EXPECT_EQ(version.payload, "a=x");
  EXPECT_EQ(version.collector_version, "1");
  // What retention counts from.
  EXPECT_EQ(version.collected_at, before.collected_at);
  EXPECT_EQ(version.received_at, before.received_at);
  EXPECT_EQ(version.first_seen, before.first_seen);
  EXPECT_EQ(version.last_seen, before.last_seen);
  EXPECT_EQ(version.last_seen, At(2));
  EXPECT_THAT(Contents(agent_, At(4)), ElementsAre("a=x")) << "the past stays as it was told";
  EXPECT_THAT(Contents(agent_, At(5)), IsEmpty());
}

TEST_P(StoreContractTest, RetractNeverEndsARecordBeforeItWasSeen) {
  Apply(RunBuilder(agent_, "packages", 5).Version("1").Record("a", "x").Batch());
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(1)), 1u);  // the backend's clock is behind
  const StoredVersion version = store().History("acme", TestKey("a"))->at(0);
  EXPECT_GT(*version.ended_at, version.valid_from);
  EXPECT_GE(*version.ended_at, version.last_seen);
}

TEST_P(StoreContractTest, RetractMakesTheNextDeltaAResyncAndTheCompleteSetRestores) {
  RunBuilder first(agent_, "packages", 1);
  first.Version("1").Record("a", "x").Record("b", "x");
  Apply(first.Batch());
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 2u);

  // What the agent would send: it believes in the set of its first run.
  for (const bool changed : {false, true}) {
    RunBuilder delta(agent_, "packages", 2);
    delta.Version("1").Base(first.OwnDigest()).After(first.OwnDigest());
    if (changed) delta.Record("c", "x");
    const ApplyOutcome outcome = Apply(delta.Batch());
    EXPECT_EQ(outcome.verdict, ApplyVerdict::kResync);
    EXPECT_EQ(outcome.cause, pb::Resync::BASE_MISMATCH);
  }
  EXPECT_THAT(Contents(agent_), IsEmpty());

  RunBuilder full(agent_, "packages", 3);
  full.Version("2").Record("a", "x").Record("b", "good");
  const ApplyOutcome outcome = Apply(full.Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.inserted, 2u);
  EXPECT_EQ(outcome.digest, full.OwnDigest());
  EXPECT_THAT(Contents(agent_), ElementsAre("a=x", "b=good"));
  const auto history = store().History("acme", TestKey("a"));
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ(history->at(0).end_reason, pb::StoredRecord::RETRACTED);
  EXPECT_EQ(history->at(1).collector_version, "2");
  EXPECT_EQ(history->at(1).valid_from, At(3));
  EXPECT_EQ(history->at(1).first_seen, At(1)) << "the retracted version is still kept";
}

TEST_P(StoreContractTest, RetractMakesAConfirmationFail) {
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Record("b", "x").Batch());
  const UnitInfo unit = Unit(agent_);
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 2u);
  const PreparedConfirmation unchanged = {unit.collector,  unit.scope,        unit.epoch,
                                          unit.generation, unit.digest.low(), At(3)};
  const auto answers = store().ConfirmUnits(agent_, {unchanged}, At(3));
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_THAT(*answers, ElementsAre(false));
}

// Samples are in no digest: there is no set to send again, the next sample is simply the current one.
TEST_P(StoreContractTest, RetractEndsTheLatestSample) {
  const auto run = [&](int hour, const std::string& version) {
    RunBuilder builder(agent_, "packages", static_cast<uint64_t>(hour));
    builder.Version(version)
        .Record("cpu", absl::StrCat(hour), pb::Record::kResourceUsageFieldNumber)
        .After(SetDigest());
    return builder.Batch();
  };
  Apply(run(1, "1"));
  const UnitInfo before = Unit(agent_);
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 1u);
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Unit(agent_).digest, before.digest);
  EXPECT_EQ(Unit(agent_).last_run.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Apply(run(3, "2")).verdict, ApplyVerdict::kApplied);
  EXPECT_THAT(Contents(agent_), ElementsAre("cpu=3"));
}

TEST_P(StoreContractTest, RetractedRecordsDoNotComeBackWithPartsThatWaited) {
  RunBuilder first(agent_, "packages", 1);
  first.Version("1").Record("a", "x");
  Apply(first.Batch());
  RunBuilder delta(agent_, "packages", 2);
  delta.Version("1").Base(first.OwnDigest()).Record("b", "x").Record("c", "x");
  const auto parts = delta.Parts(2);
  ASSERT_EQ(Apply(parts[0]).verdict, ApplyVerdict::kStaged);
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 1u);
  EXPECT_EQ(Apply(parts[1]).verdict, ApplyVerdict::kResync);
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Apply(first.Batch()).verdict, ApplyVerdict::kDuplicate);
  EXPECT_THAT(Contents(agent_), IsEmpty());
}

TEST_P(StoreContractTest, RetractingTwiceIsRetractingOnce) {
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Batch());
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 1u);
  const UnitInfo unit = Unit(agent_);
  EXPECT_EQ(*store().Retract(PackagesOf(agent_), "1", At(9)), 0u);
  EXPECT_EQ(store().History("acme", TestKey("a"))->at(0).ended_at, At(2));
  EXPECT_EQ(Unit(agent_).last_run.problem_count(), unit.last_run.problem_count());
}

TEST_P(StoreContractTest, RetractLeavesAUnitThatIsNotComplete) {
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Record("p", "x", 105).Batch());
  Apply(RunBuilder(agent_, "packages", 2).Version("2").Record("a", "x").Record("p", "y", 105).Batch());
  const UnitInfo before = Unit(agent_);
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(3)), 1u);
  const UnitInfo unit = Unit(agent_);
  SetDigest left;
  left.Add(TestKey("p"), TestFingerprint("y"));
  EXPECT_EQ(unit.digest, left);
  EXPECT_EQ(unit.generation, before.generation);
  EXPECT_EQ(unit.last_complete_at, before.last_complete_at);
  EXPECT_EQ(unit.last_run_received_at, before.last_run_received_at);
  EXPECT_EQ(unit.last_run.status(), pb::RunResult::PARTIAL);
  ASSERT_EQ(unit.last_run.problems_size(), 1);
  EXPECT_THAT(unit.last_run.problems(0).message(), HasSubstr("1 records of version 1"));
  const auto counts = store().CountRecords("acme");
  ASSERT_TRUE(counts.ok()) << counts.status();
  ASSERT_EQ(counts->size(), 1u);
  EXPECT_EQ(counts->at(0).kind, 105);

  Apply(RunBuilder(agent_, "packages", 4).Version("2").Record("a", "x").Record("p", "y", 105).Batch());
  EXPECT_EQ(Unit(agent_).last_run.status(), pb::RunResult::COMPLETE);
}

TEST_P(StoreContractTest, RetractLeavesOtherUnitsAlone) {
  for (const AgentName& agent : {agent_, other_agent_, other_tenant_}) {
    Apply(RunBuilder(agent, "packages", 1).Version("1").Record("a", "x").Batch());
    Apply(RunBuilder(agent, "processes", 1).Version("1").Record("p", "x").Batch());
  }
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Scope(pb::Scope::CONTAINER, "c1").Record("in", "x").Batch());
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 1u);
  EXPECT_THAT(Contents(agent_), ElementsAre("in=x", "p=x"));
  EXPECT_THAT(Contents(other_agent_), ElementsAre("a=x", "p=x"));
  EXPECT_THAT(Contents(other_tenant_), ElementsAre("a=x", "p=x"));
}

TEST_P(StoreContractTest, RetractingWhatIsNotThereDoesNothing) {
  EXPECT_EQ(*store().Retract(PackagesOf(agent_), "1", At(1)), 0u);
  EXPECT_EQ(*store().CountWrittenBy(PackagesOf({"nobody", "none"}), "1"), 0u);
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Batch());
  EXPECT_EQ(*store().Retract(PackagesOf(agent_), "1.0", At(2)), 0u);
  EXPECT_EQ(*store().Retract(PackagesOf(agent_), "", At(2)), 0u);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=x"));
}

TEST_P(StoreContractTest, RetractSurvivesARestart) {
  Apply(RunBuilder(agent_, "packages", 1).Version("1").Record("a", "x").Record("b", "x").Batch());
  ASSERT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 2u);
  Reopen();
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Unit(agent_).digest, SetDigest());
  EXPECT_EQ(store().History("acme", TestKey("b"))->size(), 1u);
}

TEST_P(StoreContractTest, RetractTakesManyRecordsOfSeveralKinds) {
  RunBuilder run(agent_, "packages", 1);
  run.Version("1");
  for (int i = 0; i < 2000; ++i) run.Record(absl::StrCat("pkg", i), "x", 104 + i % 3);
  Apply(run.Batch());
  EXPECT_EQ(*store().Retract(PackagesOf(agent_), "1", At(2)), 2000u);
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Unit(agent_).digest, SetDigest());
  EXPECT_TRUE(store().CountRecords("acme")->empty());
}

}  // namespace
}  // namespace rollcall
