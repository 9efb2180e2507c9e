// How far what is known of a unit can be relied on.
#ifndef ROLLCALL_BACKEND_QUERY_COVERAGE_H_
#define ROLLCALL_BACKEND_QUERY_COVERAGE_H_

#include "absl/time/time.h"
#include "backend/store/store.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// The state of a unit at `now`, with one sentence why it is not complete and what can be done.
// Staleness is judged first: an old COMPLETE says nothing about today. Host names are left to
// the caller. Pure.
pb::UnitCoverage CoverageOf(const UnitInfo& unit, absl::Time now);

// For an enrolled agent that has reported nothing.
pb::UnitCoverage CoverageOfSilentAgent(const AgentRow& agent);

// A unit is stale after this long without a run: two intervals and some slack for the way here.
absl::Duration StaleAfter(const pb::RunResult& last_run);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_COVERAGE_H_
