// Processes of a host, through its /proc.
#ifndef ROLLCALL_PLATFORM_PROCFS_H_
#define ROLLCALL_PLATFORM_PROCFS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/file_tree.h"
#include "platform/mount_info.h"
#include "platform/proc_stat.h"
#include "platform/proc_status.h"
#include "platform/proc_text.h"

namespace rollcall {

// One process's folder, kept open: all reads are of the same process even if its pid is used
// again meanwhile (on a live /proc). Every read fails with NotFound once the process is gone,
// which is no problem to report, and with PermissionDenied where /proc does not show a file.
// Borrows a buffer, so not thread-safe; must not outlive its Procfs.
class ProcessDirectory {
 public:
  absl::StatusOr<ProcStat> ReadStat() const;
  absl::StatusOr<ProcStatus> ReadStatus() const;
  absl::StatusOr<CgroupTable> ReadCgroup() const;
  // At most kMaxCommandLineBytes; `*truncated` says whether there was more. Empty for kernel
  // threads and zombies.
  absl::StatusOr<std::vector<std::string>> ReadCommandLine(bool* truncated) const;
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadEnvironment(size_t limit, bool* truncated) const;
  absl::StatusOr<MountTable> ReadMountInfo() const;
  // The inode number in `ns/<name>`, such as `net` or `pid_for_children`.
  absl::StatusOr<uint64_t> ReadNamespace(absl::string_view name) const;
  // `exe`, `cwd`, `root`: as stored, with ` (deleted)` if so.
  absl::StatusOr<std::string> ReadLink(absl::string_view name) const { return view_->ReadLink(name); }
  // Metadata of the executable itself, through the link.
  absl::StatusOr<FileInfo> StatExecutable() const { return view_->StatTarget("exe"); }
  // Everything else, such as `fd`.
  const DirectoryView& view() const { return *view_; }

 private:
  friend class Procfs;
  ProcessDirectory(std::unique_ptr<DirectoryView> view, std::string* buffer)
      : view_(std::move(view)), buffer_(buffer) {}

  std::unique_ptr<DirectoryView> view_;
  std::string* buffer_;
};

// Not thread-safe: one buffer serves all reads.
class Procfs {
 public:
  // `tree` must outlive this.
  explicit Procfs(const FileTree* tree) : tree_(tree) {}

  // Pids of /proc, ascending. One that is listed may be gone when it is opened.
  absl::StatusOr<std::vector<uint32_t>> ListPids() const;
  // NotFound if there is no such process.
  absl::StatusOr<ProcessDirectory> OpenProcess(uint32_t pid) const;
  // Of /proc/stat. Moves when the wall clock is set; the start ticks of processes do not.
  absl::StatusOr<absl::Time> ReadBootTime() const;
  // Of /proc/sys/kernel/random/boot_id.
  absl::StatusOr<std::string> ReadBootId() const;

 private:
  const FileTree* const tree_;
  mutable std::string buffer_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROCFS_H_
