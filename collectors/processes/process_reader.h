// Reads processes, remembering what of them cannot change unnoticed.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READER_H_
#define ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collectors/collector.h"
#include "collectors/processes/executable_hasher.h"
#include "collectors/processes/known_process.h"
#include "collectors/processes/name_scopes.h"
#include "platform/procfs.h"

namespace rollcall {

// In every run the stat line of a process is read. If it says the very same as before, the
// process has hardly run since: then nothing more is read, but in every kStatusPeriod-th run,
// as a short moment's work may leave no trace there. If it says anything else, `status` and
// the command line are read too. Everything (also executable, directories, namespaces, control
// group, open files) is read
//   - when the pid is another process or the process has executed a program,
//   - as long as the process has run for less than kSettleTime: runtimes move a process to its
//     control group and namespaces right after they start it,
//   - and in every kFullPeriod-th run.
// Of a thread of the kernel that is known only the stat line is read, to see that it is one still.
// Not thread-safe.
class ProcessReader {
 public:
  static constexpr absl::Duration kSettleTime = absl::Seconds(10);
  static constexpr uint32_t kStatusPeriod = 16;
  static constexpr uint32_t kFullPeriod = 32;

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

  // Reads process `pid`; `known` is what the last read of it left, or fresh. Missing permissions
  // go to the record's `unreadable` and to `report`. Fails if what makes the identity cannot be
  // read or parsed, and with Cancelled.
  absl::StatusOr<Outcome> Read(uint32_t pid, KnownProcess* known, RunReport& report, const StopToken& stop);

  // Fills all of `record` but `package`. `known` is from a Read in this run.
  absl::Status MakeRecord(uint32_t pid, const KnownProcess& known, pb::Process* record) const;

  // Whether a pid is a process and no kernel thread; false if it is gone.
  bool IsProcess(uint32_t pid) const;

  uint64_t run() const { return run_; }

 private:
  // One process while it is read.
  struct Reading;
  enum class Depth { kStat, kStatus, kFull };

  absl::StatusOr<Outcome> ReadAny(Reading* reading);
  absl::StatusOr<Outcome> ReadFolder(Depth due, Reading* reading);
  // What has to be read in this run whatever stat says.
  Depth DueDepth(uint32_t pid, const KnownProcess& known) const;
  absl::StatusOr<Outcome> Finish(Reading* reading);
  absl::Status FillAll(Depth depth, Reading* reading);
  void ReportUnreadable(const Reading& reading);

  absl::Status FillFromStatus(Reading* reading) const;
  static absl::Status FillCommandLine(Reading* reading);
  absl::Status FillNames(Reading* reading);
  // The table for a process; nullptr if it cannot be had.
  const NameTable* NamesFor(Reading* reading);

  // What is read seldom; in process_details.cc.
  absl::Status FillDetails(Reading* reading);
  static void FillDirectories(Reading* reading);
  static void FillNamespaces(Reading* reading);
  static void FillCgroup(Reading* reading);
  void FillOpenFiles(Reading* reading) const;
  absl::Status FillExecutable(Reading* reading);
  bool IsHostFile(const std::string& path, const FileInfo& info);

  const FileTree* const files_;
  const Clock* const clock_;
  const Procfs procfs_;
  ExecutableHasher hasher_;
  NameScopes names_;
  // Device and inode of paths on the host, as stated in this run; (0, 0) if not there.
  std::unordered_map<std::string, std::pair<uint64_t, uint64_t>> host_files_;
  // /proc, opened in this run.
  std::unique_ptr<DirectoryView> proc_;
  uint64_t run_ = 0;
  // Since when it has been this boot.
  uint64_t first_run_of_boot_ = 0;
  std::string boot_id_;
  absl::Time boot_time_;
  uint64_t full_capabilities_ = 0;
  // A directory of procfs has no size, one of a recorded tree on disk has.
  bool is_procfs_ = false;
  // Of pid 1; 0 if unknown.
  uint64_t host_mount_namespace_ = 0;
  const uint64_t page_bytes_;
  // Bits of KnownProcess::unreadable that this run's report has.
  uint16_t reported_unreadable_ = 0;
  // Reused for every process.
  pb::Process record_;
  std::string text_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READER_H_
