// How long to wait before the next attempt to reach a backend.
#ifndef ROLLCALL_AGENT_TRANSPORT_BACKOFF_H_
#define ROLLCALL_AGENT_TRANSPORT_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"

namespace rollcall {

inline constexpr absl::Duration kBackoffBase = absl::Seconds(1);

// Full jitter: uniform in [0, min(cap, 1 s * 2^attempt)]. `attempt` counts failures in a row
// from 0; `random` is uniform in [0, 1). A fleet that lost its backend at one instant thus
// comes back spread out. Pure.
absl::Duration UploadBackoff(uint32_t attempt, absl::Duration cap, double random);

// The wait when the backend asked for one: the longer of both, stretched by up to half, so that
// all that were told the same time do not return at once. Pure.
absl::Duration RespectAskedWait(absl::Duration own, absl::Duration asked, double random);

// The wait after a refusal that only an operator can lift (revoked, unknown, not permitted):
// uniform in [cap / 2, cap]. Pure.
absl::Duration RefusalBackoff(absl::Duration cap, double random);

// The wait until the next poll: the interval the backend named, less or more a tenth of it. Pure.
absl::Duration PollPause(absl::Duration interval, double random);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_BACKOFF_H_
