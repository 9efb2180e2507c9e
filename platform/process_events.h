// Processes that a scan of /proc would miss.
#ifndef ROLLCALL_PLATFORM_PROCESS_EVENTS_H_
#define ROLLCALL_PLATFORM_PROCESS_EVENTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/file_tree.h"

namespace rollcall {

// What /proc/PID showed of a process shortly after its start.
struct ProcessSighting {
  uint32_t pid = 0;
  // Of `stat`; with the pid it makes the process.
  uint64_t start_ticks = 0;
  // By name in the folder, which is a literal; what could not be read has its error.
  using Contents = std::vector<std::pair<absl::string_view, absl::StatusOr<std::string>>>;
  // `stat`, `status` without the supplementary groups, `cmdline`, `cgroup`. ResourceExhausted in the
  // place of what is too long; `cmdline` is cut one byte after what is used of it.
  Contents files;
  // `exe`, `cwd`, `root`, `ns/net` and the like.
  Contents links;
  // What `exe` leads to.
  absl::StatusOr<FileInfo> executable = absl::NotFoundError("");
};

// A process that ended.
struct EndedProcess {
  ProcessSighting sighting;
  absl::Time ended_at;
  // As wait(2) gives it; unset if its end was not told.
  std::optional<uint32_t> wait_status;
};

struct ProcessEventReport {
  // In the order in which they ended.
  std::vector<EndedProcess> ended;
  // Processes that lived long enough to be told of but are not among `ended`:
  // beyond the limits on how many are looked at and remembered,
  uint64_t skipped = 0;
  // and gone before they were looked at.
  uint64_t missed = 0;
  // Times the kernel dropped events; how many, it does not say.
  uint64_t losses = 0;
};

// Sees processes start and end. Thread-safe.
class ProcessEvents {
 public:
  virtual ~ProcessEvents() = default;

  // Why there are no events: PermissionDenied, Unimplemented or Unavailable; OK while there are.
  virtual absl::Status status() const = 0;

  // What has ended since the last call, and of that only what `known` does not know: a scan has
  // seen it. Of those that still run, the known ones are of no interest any more. Called with
  // pid and start ticks.
  using Known = std::function<bool(uint32_t pid, uint64_t start_ticks)>;
  virtual ProcessEventReport Take(const Known& known) = 0;
};

// Reads all of a sighting. NotFound if the process is gone, or is a thread of the kernel;
// otherwise what could not be read is said in the sighting. `files` is the host's tree.
absl::StatusOr<ProcessSighting> ReadProcessSighting(const FileTree& files, uint32_t pid);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROCESS_EVENTS_H_
