// How fast sessions may open.
#ifndef ROLLCALL_BACKEND_INGEST_HANDSHAKE_LIMITER_H_
#define ROLLCALL_BACKEND_INGEST_HANDSHAKE_LIMITER_H_

#include <optional>

#include "absl/time/time.h"

namespace rollcall {

// A token bucket that holds one second's worth. Who finds it empty is told when to come back, each
// a little later than the one before, so that a fleet that lost its backend in one instant returns
// as a queue and not as a crowd. Pure but for its own state; not thread-safe.
class HandshakeLimiter {
 public:
  // Nobody is sent away for longer.
  static constexpr absl::Duration kLongestWait = absl::Minutes(5);

  // `per_second` is 1 or more.
  explicit HandshakeLimiter(double per_second);

  // Admits a session at monotonic time `now`, which never goes back: nullopt. Otherwise how long to
  // stay away, at least a second.
  std::optional<absl::Duration> Admit(absl::Duration now);
  // How long to stay away, for a session that is refused for another reason.
  absl::Duration NextSlot(absl::Duration now);

 private:
  const double per_second_;
  double tokens_;
  absl::Duration filled_at_ = -absl::InfiniteDuration();
  // Who was sent away is expected back until then.
  absl::Duration booked_until_ = -absl::InfiniteDuration();
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_HANDSHAKE_LIMITER_H_
