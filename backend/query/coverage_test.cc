#include "backend/query/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

UnitInfo UnitWith(pb::RunResult::Status status) {
  UnitInfo unit;
  unit.agent = {"acme", "agent"};
  unit.collector = "ports";
  unit.scope.set_type(pb::Scope::HOST);
  unit.last_run.set_status(status);
  *unit.last_run.mutable_interval() = ToWire(absl::Minutes(10));
  unit.last_run_received_at = kNow - absl::Minutes(5);
  return unit;
}

void AddProblem(google::protobuf::RepeatedPtrField<pb::Problem>* problems, const char* message, const char* remedy) {
  pb::Problem* problem = problems->Add();
  problem->set_message(message);
  problem->set_remedy(remedy);
}

TEST(Coverage, EachStatusHasItsState) {
  const struct {
    pb::RunResult::Status status;
    pb::UnitCoverage::State state;
  } cases[] = {
      {pb::RunResult::COMPLETE, pb::UnitCoverage::COVERAGE_COMPLETE},
      {pb::RunResult::PARTIAL, pb::UnitCoverage::COVERAGE_PARTIAL},
      {pb::RunResult::FAILED, pb::UnitCoverage::COVERAGE_FAILED},
      {pb::RunResult::UNSUPPORTED, pb::UnitCoverage::COVERAGE_EXPECTED_GAP},
      {pb::RunResult::THROTTLED, pb::UnitCoverage::COVERAGE_PARTIAL},
      {pb::RunResult::STATUS_UNSPECIFIED, pb::UnitCoverage::COVERAGE_UNKNOWN},
  };
  for (const auto& c : cases) {
    const pb::UnitCoverage coverage = CoverageOf(UnitWith(c.status), kNow);
    EXPECT_EQ(coverage.state(), c.state) << pb::RunResult::Status_Name(c.status);
    if (c.status != pb::RunResult::COMPLETE && c.status != pb::RunResult::PARTIAL) {
      EXPECT_FALSE(coverage.reason().empty()) << pb::RunResult::Status_Name(c.status);
    }
  }
}

TEST(Coverage, CompleteWithDegradationsIsDegradedAndSaysWhatHelps) {
  UnitInfo unit = UnitWith(pb::RunResult::COMPLETE);
  AddProblem(unit.last_run.mutable_degradations(), "owners unknown", "");
  AddProblem(unit.last_run.mutable_degradations(), "second", "grant CAP_SYS_PTRACE");
  const pb::UnitCoverage coverage = CoverageOf(unit, kNow);
  EXPECT_EQ(coverage.state(), pb::UnitCoverage::COVERAGE_DEGRADED);
  EXPECT_EQ(coverage.reason(), "owners unknown (and 1 more)");
  EXPECT_EQ(coverage.remedy(), "grant CAP_SYS_PTRACE");
}

TEST(Coverage, PartialNamesTheFirstProblemAndCountsAll) {
  UnitInfo unit = UnitWith(pb::RunResult::PARTIAL);
  AddProblem(unit.last_run.mutable_problems(), "read /etc/shadow: permission denied", "");
  unit.last_run.set_problem_count(250);
  EXPECT_EQ(CoverageOf(unit, kNow).reason(), "read /etc/shadow: permission denied (and 249 more)");
}

TEST(Coverage, TruncatedRunSaysHowMuchIsMissing) {
  UnitInfo unit = UnitWith(pb::RunResult::PARTIAL);
  unit.last_run.set_truncated(true);
  unit.last_run.set_record_count(10);
  unit.last_run.set_observed_count(99);
  EXPECT_THAT(CoverageOf(unit, kNow).reason(), HasSubstr("10 of 99"));
}

TEST(Coverage, StaleAfterTwoIntervalsAndSlack) {
  UnitInfo unit = UnitWith(pb::RunResult::COMPLETE);
  EXPECT_EQ(StaleAfter(unit.last_run), absl::Minutes(22));
  unit.last_run_received_at = kNow - absl::Minutes(22);
  EXPECT_EQ(CoverageOf(unit, kNow).state(), pb::UnitCoverage::COVERAGE_COMPLETE);
  unit.last_run_received_at -= absl::Seconds(1);
  EXPECT_EQ(CoverageOf(unit, kNow).state(), pb::UnitCoverage::COVERAGE_STALE);
  EXPECT_THAT(CoverageOf(unit, kNow).reason(), HasSubstr("no run since 2023-11-14"));
  unit.last_run.clear_interval();
  EXPECT_EQ(CoverageOf(unit, kNow).state(), pb::UnitCoverage::COVERAGE_COMPLETE) << "default interval of an hour";
}

TEST(Coverage, APollingHostIsNotStaleBeforeItsAppointment) {
  UnitInfo unit = UnitWith(pb::RunResult::COMPLETE);
  // Told to come back within half an hour, an agent takes up to half of that longer.
  const absl::Duration gap = absl::Minutes(45);
  const ContactRhythm polling = {.contact_gap = gap};
  unit.last_run_received_at = kNow - absl::Minutes(10) - gap;
  EXPECT_EQ(CoverageOf(unit, kNow).state(), pb::UnitCoverage::COVERAGE_STALE);
  EXPECT_EQ(CoverageOf(unit, kNow, polling).state(), pb::UnitCoverage::COVERAGE_COMPLETE);
  unit.last_run_received_at = kNow - StaleAfter(unit.last_run, polling) - absl::Seconds(1);
  EXPECT_EQ(CoverageOf(unit, kNow, polling).state(), pb::UnitCoverage::COVERAGE_STALE) << "it missed the appointment";
  EXPECT_EQ(StaleAfter(unit.last_run, {.contact_gap = absl::Minutes(1)}), absl::Minutes(22))
      << "a short gap changes nothing";
}

// Runs that find nothing new are heard of with the heartbeat only.
TEST(Coverage, AUnitThatIsToldOfOnceAnHourIsNotStaleInBetween) {
  UnitInfo unit = UnitWith(pb::RunResult::COMPLETE);
  const ContactRhythm hourly = {.heartbeat_interval = absl::Hours(1)};
  EXPECT_EQ(StaleAfter(unit.last_run, hourly), absl::Minutes(122));
  unit.last_run_received_at = kNow - absl::Minutes(122);
  EXPECT_EQ(CoverageOf(unit, kNow, hourly).state(), pb::UnitCoverage::COVERAGE_COMPLETE);
  unit.last_run_received_at -= absl::Seconds(1);
  EXPECT_EQ(CoverageOf(unit, kNow, hourly).state(), pb::UnitCoverage::COVERAGE_STALE);
  EXPECT_EQ(StaleAfter(unit.last_run, {.heartbeat_interval = absl::Seconds(1)}), absl::Minutes(22))
      << "heartbeats that come often change nothing";
  *unit.last_run.mutable_interval() = ToWire(absl::Minutes(1));
  EXPECT_EQ(StaleAfter(unit.last_run), absl::Minutes(12)) << "nor does a run every minute";
}

TEST(Coverage, SilentAgentsAreUnknownWithARemedy) {
  AgentRow row;
  EXPECT_EQ(CoverageOfSilentAgent(row).state(), pb::UnitCoverage::COVERAGE_UNKNOWN);
  EXPECT_THAT(CoverageOfSilentAgent(row).reason(), HasSubstr("never connected"));
  row.contacted = true;
  EXPECT_THAT(CoverageOfSilentAgent(row).reason(), HasSubstr("has connected"));
}

}  // namespace
}  // namespace rollcall
