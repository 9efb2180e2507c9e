#include "agent/transport/backoff.h"

#include <algorithm>

namespace rollcall {
namespace {

// 2^30 s is beyond any cap.
constexpr uint32_t kMaxDoublings = 30;

}  // namespace

absl::Duration UploadBackoff(uint32_t attempt, absl::Duration cap, double random) {
  const absl::Duration ceiling = kBackoffBase * (int64_t{1} << std::min(attempt, kMaxDoublings));
  return std::min(cap, ceiling) * random;
}

absl::Duration RespectAskedWait(absl::Duration own, absl::Duration asked, double random) {
  return std::max(own, asked) * (1.0 + random / 2);
}

absl::Duration RefusalBackoff(absl::Duration cap, double random) { return cap * (0.5 + random / 2); }

absl::Duration PollPause(absl::Duration interval, double random) { return interval * (0.9 + random / 5); }

}  // namespace rollcall
