// /proc/PID/status, see proc(5).
#ifndef ROLLCALL_PLATFORM_PROC_STATUS_H_
#define ROLLCALL_PLATFORM_PROC_STATUS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

struct ProcStatus {
  struct Ids {
    uint32_t real = 0;
    uint32_t effective = 0;
    uint32_t saved = 0;
    uint32_t filesystem = 0;
  };
  Ids uid;
  Ids gid;
  // Supplementary groups.
  std::vector<uint32_t> groups;
  // Pid in each pid namespace, outermost first; one entry, or none before Linux 4.1, outside
  // containers.
  std::vector<uint32_t> namespace_pids;
  uint64_t capabilities_permitted = 0;
  uint64_t capabilities_effective = 0;
  uint64_t capabilities_bounding = 0;
  // Unset where the kernel does not say.
  std::optional<uint32_t> seccomp;
  std::optional<bool> no_new_privs;
  // Unset for kernel threads and zombies.
  std::optional<uint64_t> resident_bytes;
  std::optional<uint64_t> swap_bytes;
  std::optional<uint32_t> threads;
};

// Parses the file. Unknown lines are skipped, and the first of two equal keys counts: the name
// of the process comes first and the kernel escapes newlines in it. InvalidArgument if Uid or
// Gid is missing or a value that is there cannot be read.
absl::StatusOr<ProcStatus> ParseProcStatus(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROC_STATUS_H_
