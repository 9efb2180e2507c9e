// Which processes hold a socket open.
#ifndef ROLLCALL_COLLECTORS_PORTS_SOCKET_OWNERS_H_
#define ROLLCALL_COLLECTORS_PORTS_SOCKET_OWNERS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/ports/process_table.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// Finds owners through the descriptors in /proc/PID/fd, the only place that tells, and
// remembers which descriptors were listeners. A later run reads
//   those descriptors again, of every process it knows;
//   all descriptors of processes it does not know; and
//   all descriptors of all processes, if a socket has no owner that had none unknown before
//   either, and every kFullWalkInterval runs: a known process may have been handed another
//   process's socket.
// Not thread-safe.
class SocketOwners {
 public:
  static constexpr int kFullWalkInterval = 10;

  struct Owners {
    // Pids ascending, by socket inode. A socket without an entry has no known owner.
    std::unordered_map<uint64_t, std::vector<uint32_t>> pids;
    // Some process did not let its descriptors be read.
    bool incomplete = false;
  };

  // Owners of the sockets in `wanted`, of all `processes` (ordered by pid) there are.
  // Cancelled on a stop.
  absl::StatusOr<Owners> Find(const FileTree& files, const std::vector<ProcessEntry>& processes,
                              const std::unordered_set<uint64_t>& wanted, const StopToken& stop);

  // Processes whose descriptors were all read in the last run.
  size_t walked_processes() const { return walked_; }

 private:
  using Descriptor = std::pair<uint32_t, uint64_t>;  // number, socket inode
  struct Known {
    uint64_t start_ticks = 0;
    std::vector<Descriptor> listeners;
    bool unreadable = false;
    // Walked in the current run.
    bool walked = false;
  };

  void ForgetEnded(const std::vector<ProcessEntry>& processes);
  absl::Status CheckKnown(const DirectoryView& proc, const std::unordered_set<uint64_t>& wanted, const StopToken& stop);
  // Of every process, or only of those not known.
  absl::Status Walk(const DirectoryView& proc, const std::vector<ProcessEntry>& processes, bool all,
                    const std::unordered_set<uint64_t>& wanted, const StopToken& stop);
  Known WalkProcess(const DirectoryView& proc, const ProcessEntry& process,
                    const std::unordered_set<uint64_t>& wanted) const;
  // Sockets of `wanted` that no known process holds.
  std::unordered_set<uint64_t> Unowned(const std::unordered_set<uint64_t>& wanted) const;
  Owners Result() const;

  std::map<uint32_t, Known> known_;
  // Unowned after the last walk of everything; looking again would find no more.
  std::unordered_set<uint64_t> given_up_;
  int runs_since_full_walk_ = 0;
  size_t walked_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_SOCKET_OWNERS_H_
