// Reads a host's counters and gauges.
#ifndef ROLLCALL_COLLECTORS_RESOURCES_SNAPSHOT_READER_H_
#define ROLLCALL_COLLECTORS_RESOURCES_SNAPSHOT_READER_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collectors/resources/host_snapshot.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "platform/mount_info.h"

namespace rollcall {

// Keeps from one look to the next what seldom changes: which mounts count and which interfaces
// are a container's. Not thread-safe.
class SnapshotReader {
 public:
  // Disks, interfaces or filesystems of one snapshot, each; what is beyond is a degradation.
  static constexpr size_t kMaxSeries = 64;

  // Both must outlive this.
  SnapshotReader(const FileTree* files, const Clock* clock) : files_(files), clock_(clock) {}

  // A file that is not there is an answer; one that cannot be read or parsed is a problem in
  // `report`, and the rest is still there. Unimplemented if this is no host with a /proc; the
  // error of the first file if none of CPU, load and memory could be read.
  absl::StatusOr<HostSnapshot> Read(RunReport& report);

 private:
  // Reads `path` and parses it into `*value`. Reports problems and returns the error.
  template <typename Parse, typename Value>
  absl::Status ReadInto(absl::string_view path, size_t limit, Parse parse, Value* value, RunReport& report);

  void ReadDisks(RunReport& report, HostSnapshot* snapshot);
  void ReadInterfaces(RunReport& report, HostSnapshot* snapshot);
  void ReadFilesystems(RunReport& report, HostSnapshot* snapshot);
  void CountProcesses(RunReport& report, HostSnapshot* snapshot);
  // Mounts to ask for their sizes, parsed anew only if the file changed.
  const std::vector<Mount>& LocalMounts(RunReport& report);

  const FileTree* const files_;
  const Clock* const clock_;
  size_t mounts_hash_ = 0;
  std::vector<Mount> mounts_;
  std::vector<absl::Status> mount_problems_;
  // Interfaces by name: whether it is the host's end of a container's.
  std::map<std::string, bool> container_ends_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RESOURCES_SNAPSHOT_READER_H_
