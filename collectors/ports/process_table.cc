#include "collectors/ports/process_table.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/procfs.h"

namespace rollcall {
namespace {

constexpr uint32_t kInit = 1;

// Puts processes into namespaces.
class NamespaceMap {
 public:
  explicit NamespaceMap(const FileTree& files) : files_(files) {}

  void Add(uint32_t pid, const absl::StatusOr<std::string>& link) {
    if (absl::IsPermissionDenied(link.status())) {
      unreadable_.push_back(pid);
      return;
    }
    // Without a link the process has ended, or the kernel is without namespaces and all
    // processes share the host's.
    const uint64_t inode = link.ok() ? InodeInLink(*link, "net") : 0;
    if (pid == kInit) host_ = inode;
    if (inode == 0 && host_.value_or(0) != 0) return;
    by_inode_[inode].push_back(pid);
  }

  std::vector<NetworkNamespace> Finish(RunReport& report) {
    if (!unreadable_.empty()) PlaceUnreadable(report);
    std::vector<NetworkNamespace> out;
    for (auto& [inode, members] : by_inode_) {
      NetworkNamespace entry = {inode, inode == host_.value_or(0), std::move(members)};
      out.insert(entry.is_host ? out.begin() : out.end(), std::move(entry));
    }
    return out;
  }

 private:
  // Files under /proc/PID/net are inodes of their namespace, and anyone may stat them: what
  // tells namespaces apart where the link does not. 0 if the process has ended.
  uint64_t FileOf(uint32_t pid) const {
    const absl::StatusOr<FileInfo> info = files_.Stat(absl::StrCat("/proc/", pid, "/net/unix"));
    return info.ok() ? info->inode : 0;
  }

  void PlaceUnreadable(RunReport& report) {
    std::map<uint64_t, uint64_t> inode_of_file;
    for (const auto& [inode, members] : by_inode_) inode_of_file.emplace(FileOf(members.front()), inode);
    if (!host_.has_value() && unreadable_.front() == kInit) {
      const auto known = inode_of_file.emplace(FileOf(kInit), 0).first;
      host_ = known->second;
    }
    bool unnamed = false;
    for (const uint32_t pid : unreadable_) {
      const uint64_t file = FileOf(pid);
      const auto known = inode_of_file.find(file);
      if (known != inode_of_file.end()) {
        by_inode_[known->second].push_back(pid);
      } else {
        unnamed = unnamed || file != 0;
      }
    }
    if (unnamed) {
      report.AddProblem(
          "/proc/PID/ns/net",
          absl::PermissionDeniedError("read network namespaces of other users' processes: permission denied"),
          "give the agent CAP_SYS_PTRACE");
    }
  }

  const FileTree& files_;
  std::map<uint64_t, std::vector<uint32_t>> by_inode_;
  std::vector<uint32_t> unreadable_;
  std::optional<uint64_t> host_;
};

}  // namespace

absl::StatusOr<ProcessTable> ReadProcessTable(const FileTree& files, RunReport& report, const StopToken& stop) {
  const Procfs procfs(&files);
  const absl::StatusOr<std::vector<uint32_t>> pids = procfs.ListPids();
  if (!pids.ok()) return pids.status();
  ProcessTable table;
  NamespaceMap namespaces(files);
  for (const uint32_t pid : *pids) {
    if (stop.stop_requested()) return absl::CancelledError("list processes: stop requested");
    const absl::StatusOr<ProcessDirectory> process = procfs.OpenProcess(pid);
    const absl::StatusOr<ProcStat> stat = process.ok() ? process->ReadStat() : process.status();
    if (absl::IsNotFound(stat.status())) continue;  // it has ended
    if (!stat.ok()) {
      report.AddProblem(absl::StrCat("/proc/", pid, "/stat"), stat.status());
      continue;
    }
    if (stat->is_kernel_thread()) continue;
    table.processes.push_back({pid, stat->start_ticks, stat->comm});
    namespaces.Add(pid, process->ReadLink("ns/net"));
  }
  table.namespaces = namespaces.Finish(report);
  return table;
}

uint64_t InodeInLink(absl::string_view target, absl::string_view type) {
  uint64_t inode = 0;
  if (!absl::ConsumePrefix(&target, type) || !absl::ConsumePrefix(&target, ":[") ||
      !absl::ConsumeSuffix(&target, "]")) {
    return 0;
  }
  return absl::SimpleAtoi(target, &inode) ? inode : 0;
}

}  // namespace rollcall
