#include "backend/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace rollcall {

absl::StatusOr<uint64_t> RaiseDescriptorLimit(uint64_t sessions) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::ErrnoToStatus(errno, "read limit of descriptors");
  const uint64_t wanted = sessions + kOtherDescriptors;
  if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::ErrnoToStatus(errno, "raise limit of descriptors");
  }
  const uint64_t available = std::max<uint64_t>(limit.rlim_cur, kOtherDescriptors + 1);
  return std::min(sessions, available - kOtherDescriptors);
}

}  // namespace rollcall
