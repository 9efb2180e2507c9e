// When a run took place, for engines.
#ifndef ROLLCALL_BACKEND_STORE_RUN_TIME_H_
#define ROLLCALL_BACKEND_STORE_RUN_TIME_H_

#include "absl/time/time.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// How far the start an agent reports may lie behind and ahead of the arrival of the run. Retention
// counts from these times: a start in 1970 or 2099 must neither delete nor keep anything.
inline constexpr absl::Duration kMaxRunAge = absl::Hours(7 * 24);
inline constexpr absl::Duration kMaxRunLead = absl::Minutes(5);

// The run's `started_at` if it is set and plausible, else `received_at`.
inline absl::Time RunTime(const pb::RunResult& result, absl::Time received_at) {
  if (!result.has_started_at()) return received_at;
  const absl::Time started =
      absl::FromUnixSeconds(result.started_at().seconds()) + absl::Nanoseconds(result.started_at().nanos());
  if (started < received_at - kMaxRunAge || started > received_at + kMaxRunLead) return received_at;
  return started;
}

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_RUN_TIME_H_
