#include "agent/pipeline/change_filter_sink.h"

#include "agent/pipeline/pipeline_test_util.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

class ChangeFilterTest : public testing::Test {
 protected:
  const RunOutput& Run(pb::RunResult::Status status, std::vector<pb::Record> records) {
    status_ = RunThrough(&filter_, RunOf("packages", status), std::move(records));
    return writer_.outputs.back();
  }
  // A first complete run with packages a and b.
  void Baseline() { Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1"), PackageRecord("b", "1")}); }

  static SetDigest DigestOf(const std::vector<pb::Record>& records) {
    SetDigest digest;
    for (const pb::Record& record : records) {
      const RecordIdentity identity = IdentityOf(record).value();
      digest.Add(identity.asset_key, identity.fingerprint);
    }
    return digest;
  }

  const SpoolUnit unit_{"packages", "host"};
  UnitStates states_;
  FakeSpool spool_;
  RecordingWriter writer_;
  ChangeFilterSink filter_{&states_, &spool_, &writer_};
  absl::Status status_;
};

TEST_F(ChangeFilterTest, FirstCompleteRunIsFull) {
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1"), PackageRecord("b", "1")});
  EXPECT_EQ(output.mode, pb::FULL);
  EXPECT_EQ(output.upserts.size(), 2u);
  EXPECT_TRUE(output.completes_set);
  EXPECT_EQ(output.after, DigestOf({PackageRecord("b", "1"), PackageRecord("a", "1")}));
  EXPECT_EQ(output.result.record_count(), 2u);
}

TEST_F(ChangeFilterTest, UnchangedRunIsAnEmptyDelta) {
  Baseline();
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("b", "1"), PackageRecord("a", "1")});
  EXPECT_EQ(output.mode, pb::DELTA);
  EXPECT_TRUE(output.upserts.empty());
  EXPECT_TRUE(output.retired.empty());
  EXPECT_EQ(output.base, output.after);
  EXPECT_EQ(output.base.count(), 2u);
  EXPECT_FALSE(output.completes_set);
}

TEST_F(ChangeFilterTest, CompleteRunUpsertsAndRetires) {
  Baseline();
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", "2"), PackageRecord("c", "1")});
  EXPECT_EQ(output.mode, pb::DELTA);
  EXPECT_EQ(output.upserts.size(), 2u);
  ASSERT_EQ(output.retired.size(), 1u);
  EXPECT_EQ(output.retired[0], AssetKeyOf(PackageRecord("b", "1")).value());
  EXPECT_EQ(output.base, DigestOf({PackageRecord("a", "1"), PackageRecord("b", "1")}));
  EXPECT_EQ(output.after, DigestOf({PackageRecord("a", "2"), PackageRecord("c", "1")}));
}

TEST_F(ChangeFilterTest, PartialRunRetiresNothing) {
  Baseline();
  const RunOutput& output = Run(pb::RunResult::PARTIAL, {PackageRecord("a", "2")});
  EXPECT_EQ(output.mode, pb::DELTA);
  EXPECT_EQ(output.upserts.size(), 1u);
  EXPECT_TRUE(output.retired.empty());
  EXPECT_EQ(output.after, DigestOf({PackageRecord("a", "2"), PackageRecord("b", "1")}));
}

TEST_F(ChangeFilterTest, PartialRunWithoutBaselineMerges) {
  const RunOutput& partial = Run(pb::RunResult::PARTIAL, {PackageRecord("a", "1")});
  EXPECT_EQ(partial.mode, pb::MERGE);
  EXPECT_EQ(partial.upserts.size(), 1u);
  EXPECT_FALSE(partial.completes_set);
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1")}).mode, pb::FULL) << "a merge gives no baseline";
}

TEST_F(ChangeFilterTest, RunsThatSawNothingRetireNothing) {
  for (const auto status : {pb::RunResult::FAILED, pb::RunResult::UNSUPPORTED, pb::RunResult::THROTTLED}) {
    EXPECT_EQ(Run(status, {}).mode, pb::MERGE);
  }
  Baseline();
  for (const auto status : {pb::RunResult::FAILED, pb::RunResult::UNSUPPORTED, pb::RunResult::THROTTLED}) {
    const RunOutput& output = Run(status, {PackageRecord("z", "1")});
    EXPECT_EQ(output.mode, pb::DELTA);
    EXPECT_TRUE(output.upserts.empty());
    EXPECT_TRUE(output.retired.empty());
    EXPECT_EQ(output.base, output.after);
    EXPECT_EQ(output.result.record_count(), 0u);
    EXPECT_EQ(output.result.status(), status);
  }
}

TEST_F(ChangeFilterTest, AdoptsWhatTheBackendHolds) {
  states_.SetBackendDigest(unit_, DigestOf({PackageRecord("a", "1")}));
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1")});
  EXPECT_EQ(output.mode, pb::DELTA);
  EXPECT_TRUE(output.upserts.empty());
  EXPECT_EQ(output.base, output.after);
  EXPECT_TRUE(output.completes_set);
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {PackageRecord("a", "2")}).mode, pb::DELTA);
}

TEST_F(ChangeFilterTest, DoesNotAdoptWhileEntriesArePending) {
  states_.SetBackendDigest(unit_, DigestOf({PackageRecord("a", "1")}));
  ASSERT_TRUE(spool_.Append(unit_, "older").ok());
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1")}).mode, pb::FULL);
}

TEST_F(ChangeFilterTest, ARequestAlwaysGetsAFull) {
  Baseline();
  states_.SetBackendDigest(unit_, DigestOf({PackageRecord("a", "1"), PackageRecord("b", "1")}));
  states_.RequestFull(unit_);
  EXPECT_EQ(Run(pb::RunResult::PARTIAL, {PackageRecord("a", "1")}).mode, pb::MERGE);
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1"), PackageRecord("b", "1")});
  EXPECT_EQ(output.mode, pb::FULL);
  EXPECT_EQ(output.upserts.size(), 2u);
}

TEST_F(ChangeFilterTest, LostEntriesLeadToAFull) {
  Baseline();
  spool_.DropUnit(unit_);
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1")}).mode, pb::FULL);
}

TEST_F(ChangeFilterTest, AWriterErrorDropsTheBaseline) {
  Baseline();
  writer_.answer = absl::UnavailableError("append to spool: no room");
  Run(pb::RunResult::COMPLETE, {PackageRecord("a", "2")});
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
  writer_.answer = absl::OkStatus();
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {PackageRecord("a", "2")}).mode, pb::FULL);
}

TEST_F(ChangeFilterTest, FirstOfTwoRecordsWithOneKeyIsKept) {
  for (const char* what : {"without baseline", "with baseline"}) {
    const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1"), PackageRecord("a", "2")});
    EXPECT_EQ(output.after, DigestOf({PackageRecord("a", "1")})) << what;
    EXPECT_EQ(output.result.record_count(), 1u);
    ASSERT_EQ(output.result.degradations_size(), 1);
    EXPECT_EQ(output.result.degradations(0).code(), "ALREADY_EXISTS");
    EXPECT_EQ(output.result.status(), pb::RunResult::COMPLETE);
  }
  EXPECT_EQ(filter_.counters().duplicates, 2u);
}

TEST_F(ChangeFilterTest, AnOversizedRecordMakesTheRunPartial) {
  Baseline();
  const std::string big(ChangeFilterSink::kMaxRecordBytes + 1, 'x');
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", big)});
  EXPECT_EQ(output.result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(output.result.problem_count(), 1u);
  EXPECT_TRUE(output.retired.empty());
  EXPECT_TRUE(output.upserts.empty());
}

TEST_F(ChangeFilterTest, UnitsDoNotMix) {
  Baseline();
  ASSERT_TRUE(RunThrough(&filter_, RunOf("processes"), {PackageRecord("q", "1")}).ok());
  EXPECT_EQ(writer_.outputs.back().mode, pb::FULL);
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1"), PackageRecord("b", "1")}).base.count(), 2u);
}

// The backend has what Baseline() sent.
class ConfirmationTest : public ChangeFilterTest {
 protected:
  void SetUp() override {
    Baseline();
    states_.SetBackendDigest(unit_, DigestOf(Same()));
    // The first run after the one that was FULL says how a DELTA run ends; the same again is no news.
    written_ = writer_.outputs.size();
  }
  static std::vector<pb::Record> Same() { return {PackageRecord("a", "1"), PackageRecord("b", "1")}; }
  size_t NewlyWritten() const { return writer_.outputs.size() - written_; }

  size_t written_ = 0;
};

TEST_F(ConfirmationTest, AnUnchangedRunIsConfirmedNotWritten) {
  pb::RunResult run = RunOf("packages");
  run.mutable_started_at()->set_seconds(1'700'000'060);
  run.mutable_finished_at()->set_seconds(1'700'000'061);
  ASSERT_TRUE(RunThrough(&filter_, run, Same()).ok());
  EXPECT_EQ(NewlyWritten(), 0u);
  EXPECT_EQ(filter_.counters().confirmed, 1u);
  const auto confirmations = states_.TakeConfirmations(10);
  ASSERT_EQ(confirmations.size(), 1u);
  EXPECT_EQ(confirmations[0].first, unit_);
  EXPECT_EQ(confirmations[0].second.confirms, (RunNumber{1, 1}));
  EXPECT_EQ(confirmations[0].second.digest, DigestOf(Same()));
  EXPECT_EQ(confirmations[0].second.started_at, absl::FromUnixSeconds(1'700'000'060));
  EXPECT_TRUE(states_.TakeConfirmations(10).empty()) << "each is sent once";
  states_.SetBackendStates({{unit_, DigestOf(Same())}});
  EXPECT_EQ(states_.TakeConfirmations(10).size(), 1u) << "and again to a backend that greets anew";
}

TEST_F(ConfirmationTest, AChangeSaysUntilWhenItsBaseWasSeen) {
  pb::RunResult run = RunOf("packages");
  run.mutable_started_at()->set_seconds(1'700'000'060);
  ASSERT_TRUE(RunThrough(&filter_, run, Same()).ok());
  const RunOutput& output = Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1")});
  EXPECT_EQ(output.mode, pb::DELTA);
  EXPECT_EQ(output.base_seen_at, absl::FromUnixSeconds(1'700'000'060));
  EXPECT_TRUE(states_.TakeConfirmations(10).empty()) << "the batch replaces it";
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, {}).base_seen_at, std::nullopt);
}

TEST_F(ConfirmationTest, WhateverDiffersIsWritten) {
  Run(pb::RunResult::COMPLETE, {PackageRecord("a", "1"), PackageRecord("b", "2")});
  EXPECT_EQ(NewlyWritten(), 1u) << "another record";
  Run(pb::RunResult::COMPLETE, Same());
  EXPECT_EQ(NewlyWritten(), 2u) << "the backend is not known to hold this set yet";
  Run(pb::RunResult::PARTIAL, Same());
  EXPECT_EQ(NewlyWritten(), 3u) << "another status";
  Run(pb::RunResult::PARTIAL, Same());
  EXPECT_EQ(NewlyWritten(), 3u) << "the same status again";
  pb::RunResult run = RunOf("packages", pb::RunResult::PARTIAL);
  run.add_problems()->set_message("read x: permission denied");
  ASSERT_TRUE(RunThrough(&filter_, run, Same()).ok());
  EXPECT_EQ(NewlyWritten(), 4u) << "another problem";
}

TEST_F(ConfirmationTest, NothingIsConfirmedThatTheBackendMayNotHold) {
  spool_.Append(unit_, "on its way").value();
  Run(pb::RunResult::COMPLETE, Same());
  EXPECT_EQ(NewlyWritten(), 1u) << "something of the unit is on its way";
  ASSERT_TRUE(spool_.Acknowledge(spool_.Stats().next_sequence - 1).ok());
  states_.SetBackendStates({});
  Run(pb::RunResult::COMPLETE, Same());
  EXPECT_EQ(NewlyWritten(), 2u) << "the backend has lost the unit";
  states_.SetBackendDigest(unit_, DigestOf(Same()));
  states_.RequestFull(unit_);
  EXPECT_EQ(Run(pb::RunResult::COMPLETE, Same()).mode, pb::FULL) << "the backend asks for everything";
}

TEST_F(ChangeFilterTest, RefusesRecordsOutsideARun) {
  EXPECT_EQ(filter_.Emit(PackageRecord("a", "1")).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(filter_.EndRun(RunOf("packages")).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(filter_.BeginRun(RunOf("packages")).ok());
  EXPECT_EQ(filter_.Emit(pb::Record()).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall
