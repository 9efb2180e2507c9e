#include "backend/query/coverage.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr absl::Duration kDefaultInterval = absl::Hours(1);
constexpr absl::Duration kSlack = absl::Minutes(2);
// However often an agent runs and says so, a network may be down for this long.
constexpr absl::Duration kShortestPatience = absl::Minutes(5);
// For so long a full backend puts off an agent that polls.
constexpr absl::Duration kPutOff = absl::Minutes(5);

std::string ProblemText(const pb::Problem& problem) {
  return problem.message().empty() ? absl::StrCat(problem.path(), ": ", problem.code()) : problem.message();
}

// The first problem speaks for the rest; its remedy, or the first that has one.
void ExplainWith(const google::protobuf::RepeatedPtrField<pb::Problem>& problems, uint64_t count,
                 pb::UnitCoverage* coverage) {
  if (problems.empty()) return;
  std::string reason = ProblemText(problems[0]);
  if (count > 1) absl::StrAppend(&reason, " (and ", count - 1, " more)");
  coverage->set_reason(reason);
  for (const pb::Problem& problem : problems) {
    if (problem.remedy().empty()) continue;
    coverage->set_remedy(problem.remedy());
    return;
  }
}

void ExplainPartial(const pb::RunResult& run, pb::UnitCoverage* coverage) {
  coverage->set_state(pb::UnitCoverage::COVERAGE_PARTIAL);
  ExplainWith(run.problems(), run.problem_count(), coverage);
  if (!run.truncated()) return;
  coverage->set_reason(
      absl::StrCat("a limit cut the run short at ", run.record_count(), " of ", run.observed_count(), " records"));
  coverage->set_remedy("raise the collector's limit in the agent's configuration");
}

void ExplainLastRun(const pb::RunResult& run, pb::UnitCoverage* coverage) {
  switch (run.status()) {
    case pb::RunResult::COMPLETE:
      coverage->set_state(pb::UnitCoverage::COVERAGE_COMPLETE);
      if (run.degradations().empty()) return;
      coverage->set_state(pb::UnitCoverage::COVERAGE_DEGRADED);
      return ExplainWith(run.degradations(), static_cast<uint64_t>(run.degradations_size()), coverage);
    case pb::RunResult::PARTIAL:
      return ExplainPartial(run, coverage);
    case pb::RunResult::FAILED:
      coverage->set_state(pb::UnitCoverage::COVERAGE_FAILED);
      coverage->set_reason("the last run read nothing");
      return ExplainWith(run.problems(), run.problem_count(), coverage);
    case pb::RunResult::UNSUPPORTED:
      coverage->set_state(pb::UnitCoverage::COVERAGE_EXPECTED_GAP);
      coverage->set_reason("this host has no such thing to read");
      return ExplainWith(run.problems(), run.problem_count(), coverage);
    case pb::RunResult::THROTTLED:
      coverage->set_state(pb::UnitCoverage::COVERAGE_PARTIAL);
      coverage->set_reason("the last run was skipped to stay within the agent's resource budget");
      coverage->set_remedy("raise the agent's budget or the collector's interval");
      return;
    default:
      coverage->set_state(pb::UnitCoverage::COVERAGE_UNKNOWN);
      coverage->set_reason("no run has been reported yet");
      return;
  }
}

}  // namespace

absl::Duration StaleAfter(const pb::RunResult& last_run, const ContactRhythm& rhythm) {
  absl::Duration interval = kDefaultInterval;
  if (last_run.has_interval()) interval = FromWire(last_run.interval()).value_or(kDefaultInterval);
  const absl::Duration held = 2 * std::max({interval, rhythm.heartbeat_interval, kShortestPatience}) + kSlack;
  // A run just after one contact is told at the next, and that one may be put off once by a full backend.
  const absl::Duration polled = interval + rhythm.contact_gap + kPutOff + kSlack;
  return rhythm.contact_gap > absl::ZeroDuration() ? std::max(held, polled) : held;
}

pb::UnitCoverage CoverageOf(const UnitInfo& unit, absl::Time now, const ContactRhythm& rhythm) {
  pb::UnitCoverage coverage;
  coverage.set_agent_id(unit.agent.agent_id);
  coverage.set_collector(unit.collector);
  *coverage.mutable_scope() = unit.scope;
  coverage.set_record_count(unit.digest.count());
  if (unit.last_complete_at.has_value()) *coverage.mutable_last_complete_at() = ToWire(*unit.last_complete_at);
  *coverage.mutable_last_run() = unit.last_run;
  ExplainLastRun(unit.last_run, &coverage);
  const bool reported = unit.last_run.status() != pb::RunResult::STATUS_UNSPECIFIED;
  if (reported && now - unit.last_run_received_at > StaleAfter(unit.last_run, rhythm)) {
    coverage.set_state(pb::UnitCoverage::COVERAGE_STALE);
    coverage.set_reason(absl::StrCat(
        "no run since ", absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", unit.last_run_received_at, absl::UTCTimeZone())));
    coverage.set_remedy("see whether the host is up and rollcall-agent runs and reaches the backend");
  }
  return coverage;
}

pb::UnitCoverage CoverageOfSilentAgent(const AgentRow& agent) {
  pb::UnitCoverage coverage;
  coverage.set_agent_id(agent.contact.agent.agent_id);
  coverage.set_host_id(agent.contact.host_id);
  coverage.set_state(pb::UnitCoverage::COVERAGE_UNKNOWN);
  coverage.set_reason(agent.contacted ? "the agent has connected but not reported a run yet"
                                      : "the agent is enrolled but has never connected");
  coverage.set_remedy(agent.contacted ? "wait for its first runs" : "start rollcall-agent with its certificate");
  return coverage;
}

}  // namespace rollcall
