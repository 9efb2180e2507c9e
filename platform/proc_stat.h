// /proc/PID/stat and /proc/stat, see proc(5).
#ifndef ROLLCALL_PLATFORM_PROC_STAT_H_
#define ROLLCALL_PLATFORM_PROC_STAT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// Unit of the times in /proc/PID/stat: USER_HZ, which is 100 in the ABI of every architecture
// that this runs on, whatever the kernel's own HZ.
inline constexpr int64_t kClockTicksPerSecond = 100;

// Set in ProcStat::flags of a kernel thread. An unreadable or empty `exe` says no such thing:
// zombies and other users' processes have that too.
inline constexpr uint32_t kKernelThreadFlag = 0x00200000;

struct ProcStat {
  uint32_t pid = 0;
  // At most 15 bytes from the kernel (63 for its own workers), of any value.
  std::string comm;
  char state = '?';
  // 0 for init, for kthreadd, and for a parent outside the pid namespace.
  uint32_t ppid = 0;
  uint32_t process_group = 0;
  uint32_t session = 0;
  // Device number of the controlling terminal, 0 for none.
  uint32_t tty = 0;
  uint32_t flags = 0;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  uint32_t threads = 0;
  // Since boot.
  uint64_t start_ticks = 0;
  uint64_t virtual_bytes = 0;
  uint64_t resident_pages = 0;

  bool is_kernel_thread() const { return (flags & kKernelThreadFlag) != 0; }
};

// Parses the line. `comm` is the text between the first `(` and the last `)`, since a process
// may name itself `a) R 1 (`. InvalidArgument says which field is bad.
absl::StatusOr<ProcStat> ParseProcStat(absl::string_view text);

// `btime` of /proc/stat. InvalidArgument if there is none.
absl::StatusOr<absl::Time> ParseBootTime(absl::string_view text);

// The instant that is `ticks` after boot.
absl::Time StartTime(absl::Time boot, uint64_t ticks);

// Span of `ticks`; saturates.
absl::Duration TicksToDuration(uint64_t ticks);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROC_STAT_H_
