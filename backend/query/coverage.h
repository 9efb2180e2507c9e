// How far what is known of a unit can be relied on.
#ifndef ROLLCALL_BACKEND_QUERY_COVERAGE_H_
#define ROLLCALL_BACKEND_QUERY_COVERAGE_H_

#include "absl/time/time.h"
#include "backend/store/store.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// The state of a unit at `now`, with one sentence why it is not complete and what can be done.
// Staleness is judged first: an old COMPLETE says nothing about today. Host names are left to
// the caller. `contact_gap` is how long the agent may leave between two contacts: 0 if it holds a
// stream. Pure.
pb::UnitCoverage CoverageOf(const UnitInfo& unit, absl::Time now, absl::Duration contact_gap = absl::ZeroDuration());

// For an enrolled agent that has reported nothing.
pb::UnitCoverage CoverageOfSilentAgent(const AgentRow& agent);

// A unit is stale after this long without a run: two intervals and some slack for the way here, and
// never while an agent that polls still has its next appointment before it.
absl::Duration StaleAfter(const pb::RunResult& last_run, absl::Duration contact_gap = absl::ZeroDuration());

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_COVERAGE_H_
