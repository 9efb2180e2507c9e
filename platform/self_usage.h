// What this process uses of the machine, for its own limits and metrics.
#ifndef ROLLCALL_PLATFORM_SELF_USAGE_H_
#define ROLLCALL_PLATFORM_SELF_USAGE_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/file_tree.h"

namespace rollcall {

struct SelfUsage {
  uint64_t resident_bytes = 0;
  // Resident memory with shared pages counted in proportion; unset where the kernel has no
  // smaps_rollup (before 4.14).
  std::optional<uint64_t> proportional_bytes;
  // User and system time of all threads, to 10 ms.
  absl::Duration cpu_time;
  uint32_t threads = 0;
  uint32_t open_files = 0;
};

// Reads /proc/self of `own_root`, which is the process's own `/`, not the host's tree.
absl::StatusOr<SelfUsage> ReadSelfUsage(const FileTree& own_root);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SELF_USAGE_H_
