// When a periodic task is due: pure arithmetic.
#ifndef ROLLCALL_AGENT_SCHEDULER_DUE_TIME_H_
#define ROLLCALL_AGENT_SCHEDULER_DUE_TIME_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// A place in [0, interval) that depends on the agent and the task only, so that a fleet
// started at once does not run, or report, at once. The same in every process.
absl::Duration HostSpread(absl::string_view agent_id, absl::string_view task, absl::Duration interval);

// The first of the times spread + k * interval that is not before `earliest`. `interval`
// must be positive. Missed times are not made up for.
absl::Duration NextDue(absl::Duration earliest, absl::Duration interval, absl::Duration spread);

// When a task that just ended at `now` is due again: at the first grid time at least half an
// interval away, so that gaps are between a half and one and a half intervals.
absl::Duration DueAfterRun(absl::Duration now, absl::Duration interval, absl::Duration spread);

// When the `position`-th of `count` tasks first runs: the first at once, the last before
// `window` is over.
absl::Duration InitialDue(absl::Duration start, size_t position, size_t count, absl::Duration window);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SCHEDULER_DUE_TIME_H_
