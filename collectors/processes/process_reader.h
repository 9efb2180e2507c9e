// Reads processes, remembering what of them cannot change unnoticed.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READER_H_
#define ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READER_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collectors/collector.h"
#include "collectors/processes/executable_hasher.h"
#include "collectors/processes/name_scopes.h"
#include "platform/procfs.h"

namespace rollcall {

// A process as the last read found it.
struct KnownProcess {
  // Complete but for `package`.
  pb::Process record;
  // Whether `record.exe` names a file of the host, whose packages then may own it.
  bool host_executable = false;
  // Run in which it was last seen.
  uint64_t seen_run = 0;

  // The rest is the reader's.
  // Addresses in /proc/PID/stat that exec(2) draws anew; empty if they are not shown.
  std::string image_marker;
  std::string command_line;
  uint64_t capabilities_effective = 0;
  uint64_t capabilities_bounding = 0;
  // Whether the names come from the host's tables instead of the process's own.
  bool host_names = false;
  // Had run for a while when it was read completely.
  bool settled = false;
};

// In every run a process's stat, status and command line are read. What only changes when a
// process executes another program, or seldom (executable, directories, namespaces, control
// group, open files), is read again
//   - when the pid is another process or the process has executed a program,
//   - as long as the process has run for less than kSettleTime: runtimes move a process to its
//     control group and namespaces right after they start it,
//   - and in every kFullReadPeriod-th run, for the rest.
// Not thread-safe.
class ProcessReader {
 public:
  static constexpr absl::Duration kSettleTime = absl::Seconds(10);
  static constexpr uint32_t kFullReadPeriod = 16;

  enum class Outcome {
    kProcess,
    // A thread of the kernel, no process.
    kKernelThread,
    // Ended before or while it was read.
    kGone,
  };

  // What `context` points to must outlive this.
  explicit ProcessReader(const CollectorContext& context);

  // Pids there are, ascending.
  absl::StatusOr<std::vector<uint32_t>> ListPids() const { return procfs_.ListPids(); }

  // Begins a run: reads what all processes share. Without it, processes have no identity.
  absl::Status BeginRun();

  // Reads process `pid`; `known` is what the last read left, or fresh. Missing permissions go
  // to the record's `unreadable` and to `report`. Fails if what makes the identity cannot be
  // read or parsed, and with Cancelled.
  absl::StatusOr<Outcome> Read(uint32_t pid, KnownProcess* known, RunReport& report, const StopToken& stop);

  // Whether a pid is a process and no kernel thread; false if it is gone.
  bool IsProcess(uint32_t pid) const;

  uint64_t run() const { return run_; }

 private:
  // One process while it is read.
  struct Reading;

  absl::StatusOr<Outcome> ReadFolder(Reading* reading);
  bool NeedsFullRead(const Reading& reading, absl::string_view image_marker) const;
  void FillFromStat(Reading* reading) const;
  absl::Status FillFromStatus(Reading* reading);
  absl::Status FillCommandLine(Reading* reading);
  absl::Status FillRest(Reading* reading);
  void FillDirectories(Reading* reading) const;
  void FillNamespaces(Reading* reading) const;
  void FillCgroup(Reading* reading) const;
  void FillOpenFiles(Reading* reading) const;
  absl::Status FillExecutable(Reading* reading);
  void FillNames(Reading* reading);
  bool IsHostFile(const std::string& path, const FileInfo& info);

  const FileTree* const files_;
  const Clock* const clock_;
  const Procfs procfs_;
  ExecutableHasher hasher_;
  NameScopes names_;
  // Device and inode of paths on the host, as stated in this run; (0, 0) if not there.
  std::unordered_map<std::string, std::pair<uint64_t, uint64_t>> host_files_;
  uint64_t run_ = 0;
  std::string boot_id_;
  absl::Time boot_time_;
  uint64_t full_capabilities_ = 0;
  // A directory of procfs has no size, one of a recorded tree on disk has.
  bool is_procfs_ = false;
  // Of pid 1; 0 if unknown.
  uint64_t host_mount_namespace_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READER_H_
