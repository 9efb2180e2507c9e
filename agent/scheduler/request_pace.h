// When a task that was asked for runs: soon, but not all the time. Pure arithmetic.
#ifndef ROLLCALL_AGENT_SCHEDULER_REQUEST_PACE_H_
#define ROLLCALL_AGENT_SCHEDULER_REQUEST_PACE_H_

#include "absl/time/time.h"

namespace rollcall {

struct PaceLimits {
  // A request waits this long for more of them, and at most `patience` after the first.
  absl::Duration settle = absl::Milliseconds(300);
  absl::Duration patience = absl::Seconds(1);
  // Pause between two runs that were asked for: it doubles from the first to the last as long as
  // requests keep coming, and starts anew when none came for as long as the last.
  absl::Duration first_pause = absl::Seconds(2);
  absl::Duration last_pause = absl::Seconds(30);
  // The pause is also at least this many times what the last such run took, up to a limit.
  int rest_per_work = 10;
  absl::Duration longest_rest = absl::Minutes(5);
};

// The requests of one task. The first on a quiet host is served within `patience`; a stream of
// them, such as an upgrade of many packages makes, costs a few runs and then one every
// `last_pause`. Runs that are due anyway serve requests too. Times are Clock::Monotonic(). Not
// thread-safe.
class RequestPace {
 public:
  explicit RequestPace(const PaceLimits& limits = {}) : limits_(limits) {}

  // Another run is wanted. One asked for while the task runs is for another run.
  void Ask(absl::Duration now);
  // When to run; infinite if nobody asked.
  absl::Duration due() const;
  // A run begins, for whatever reason.
  void RunBegins();
  void RunEnded(absl::Duration now, absl::Duration took);

 private:
  PaceLimits limits_;
  bool asked_ = false;
  bool serving_ = false;
  absl::Duration first_ask_;
  absl::Duration last_ask_;
  // End of the last run that served a request, and what must pass after it.
  absl::Duration served_at_ = -absl::InfiniteDuration();
  absl::Duration pause_;
  absl::Duration rest_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SCHEDULER_REQUEST_PACE_H_
