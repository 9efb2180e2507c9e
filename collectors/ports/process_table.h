// The processes of a host and the network namespaces they are in.
#ifndef ROLLCALL_COLLECTORS_PORTS_PROCESS_TABLE_H_
#define ROLLCALL_COLLECTORS_PORTS_PROCESS_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// A process, not a kernel thread.
struct ProcessEntry {
  uint32_t pid = 0;
  // With the pid, tells one process from a later one.
  uint64_t start_ticks = 0;
  // comm
  std::string name;
};

struct NetworkNamespace {
  // Inode of the namespace; 0 where it cannot be read.
  uint64_t inode = 0;
  // The one pid 1 is in: number 0 in records.
  bool is_host = false;
  // Pids in it: those whose link is readable ascending, then the others.
  std::vector<uint32_t> members;

  uint64_t record_number() const { return is_host ? 0 : inode; }
};

struct ProcessTable {
  // Ordered by pid.
  std::vector<ProcessEntry> processes;
  // The host's first, then by inode.
  std::vector<NetworkNamespace> namespaces;
};

// Reads /proc. A process that ends meanwhile is left out without a word; one that cannot be
// looked at goes to `report`. Fails if there is no /proc at all, and with Cancelled on a stop.
absl::StatusOr<ProcessTable> ReadProcessTable(const FileTree& files, RunReport& report, const StopToken& stop);

// N of `net:[N]` and `socket:[N]`, the targets of links in /proc; 0 if `target` is not that.
uint64_t InodeInLink(absl::string_view target, absl::string_view type);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_PROCESS_TABLE_H_
