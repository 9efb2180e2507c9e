// How far what is known of a unit can be relied on.
#ifndef ROLLCALL_BACKEND_QUERY_COVERAGE_H_
#define ROLLCALL_BACKEND_QUERY_COVERAGE_H_

#include "absl/time/time.h"
#include "backend/store/store.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// How often an agent is heard of.
struct ContactRhythm {
  // What it was told: how often it says on its stream what is unchanged.
  absl::Duration heartbeat_interval = absl::Minutes(3);
  // How long it may leave between two contacts: 0 if it holds a stream.
  absl::Duration contact_gap = absl::ZeroDuration();
};

// The state of a unit at `now`, with one sentence why it is not complete and what can be done.
// Staleness is judged first: an old COMPLETE says nothing about today. Host names are left to
// the caller. Pure.
pb::UnitCoverage CoverageOf(const UnitInfo& unit, absl::Time now, const ContactRhythm& rhythm = {});

// For an enrolled agent that has reported nothing.
pb::UnitCoverage CoverageOfSilentAgent(const AgentRow& agent);

// A unit is stale after this long without a run: two intervals, of its runs or of the heartbeats that tell
// of unchanged ones, whichever is longer, and some slack for the way here; and never while an agent that
// polls still has its next appointment before it. Pure.
absl::Duration StaleAfter(const pb::RunResult& last_run, const ContactRhythm& rhythm = {});

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_COVERAGE_H_
