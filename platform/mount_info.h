// /proc/PID/mountinfo, see proc(5).
#ifndef ROLLCALL_PLATFORM_MOUNT_INFO_H_
#define ROLLCALL_PLATFORM_MOUNT_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// One mount. Text is as in the file with its octal escapes undone.
struct Mount {
  uint32_t id = 0;
  uint32_t parent_id = 0;
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  // Directory of the filesystem that is mounted; not `/` for a bind mount.
  std::string root;
  std::string mount_point;
  // Of the mount, such as `rw,relatime`.
  std::string options;
  std::string fs_type;
  std::string source;
  // Of the filesystem.
  std::string super_options;
};

struct MountTable {
  // In the order of the file: a later mount hides an earlier one on the same point.
  std::vector<Mount> mounts;
  // One for each line that could not be read; at most a few are kept.
  std::vector<absl::Status> problems;
};

// Mounts kept of one table.
inline constexpr size_t kMaxMounts = 20'000;

MountTable ParseMountInfo(absl::string_view text);

// Undoes the kernel's `\ooo` escapes of space, tab, newline and backslash.
std::string UnescapeMountText(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_MOUNT_INFO_H_
