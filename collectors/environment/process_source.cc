#include "collectors/environment/process_source.h"

#include <linux/capability.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/environment/environ_block.h"
#include "collectors/environment/file_source.h"
#include "platform/container_cgroup.h"
#include "platform/proc_status.h"
#include "platform/procfs.h"

namespace rollcall {
namespace {

constexpr char kEnviron[] = "/proc/PID/environ";
constexpr size_t kMaxStatusBytes = size_t{64} << 10;

// Whether the agent has the right to look into any process (ptrace(2), access mode checks).
bool MayTrace(const FileTree& files) {
  const absl::StatusOr<std::string> text = files.ReadFile("/proc/self/status", kMaxStatusBytes);
  if (!text.ok()) return false;
  const absl::StatusOr<ProcStatus> status = ParseProcStatus(*text);
  return status.ok() && (status->capabilities_effective >> CAP_SYS_PTRACE & 1U) != 0;
}

class Source {
 public:
  Source(const FileTree& files, absl::Time now, VariableGroups* groups)
      : files_(files), procfs_(&files), now_(now), groups_(groups) {}

  absl::StatusOr<size_t> ReadAll(const StopToken& stop, RunReport& report) {
    const auto pids = procfs_.ListPids();
    if (!pids.ok()) return pids.status();
    if (pids->empty()) return absl::NotFoundError("list /proc: not mounted");
    const absl::StatusOr<absl::Time> boot = procfs_.ReadBootTime();
    // NotFound is for a host without processes.
    if (!boot.ok()) return absl::DataLossError(boot.status().message());
    boot_ = *boot;
    if (pids->front() != 1) {
      report.AddProblem("/proc", absl::PermissionDeniedError("list /proc: process 1 is not shown, nor may others be"),
                        "mount /proc without hidepid, and share the host's pid namespace with the agent's container");
    }
    for (const uint32_t pid : *pids) {
      // A megabyte of one environment takes its time.
      if (stop.stop_requested()) return absl::CancelledError("read environments: stopped");
      const absl::Status status = ReadOne(pid);
      if (absl::IsPermissionDenied(status)) {
        ++refused_;
      } else if (!status.ok() && !absl::IsNotFound(status)) {
        report.AddProblem(absl::StrCat("/proc/", pid), status);
      }
    }
    ReportTotals(report);
    return read_;
  }

 private:
  absl::Status ReadOne(uint32_t pid) {
    const absl::StatusOr<ProcessDirectory> folder = procfs_.OpenProcess(pid);
    if (!folder.ok()) return folder.status();
    const absl::StatusOr<ProcStat> stat = folder->ReadStat();
    if (!stat.ok()) return stat.status();
    const bool young = now_ - StartTime(boot_, stat->start_ticks) < kMinProcessAge;
    if (stat->is_kernel_thread() || stat->state == 'Z' || young) return absl::OkStatus();
    const absl::StatusOr<std::string> exe = folder->ReadLink("exe");
    if (!exe.ok()) return exe.status();
    bool truncated = false;
    if (absl::Status status = folder->view().Read("environ", kMaxEnvironBytes, &block_, &truncated); !status.ok()) {
      return status;
    }
    Variables variables = ParseEnvironBlock(block_);
    if (variables.variables.size() > kMaxProcessVariables) {
      variables.variables.resize(kMaxProcessVariables);
      ++too_many_;
    }
    left_out_ += variables.left_out;
    too_large_ += truncated ? 1 : 0;
    ++read_;
    const std::string container = ContainerOf(*folder);
    if (container.empty()) {
      groups_->AddProcess(VariableGroups::Record::PROCESS, absl::StripSuffix(*exe, " (deleted)"), variables.variables);
    } else {
      groups_->AddProcess(VariableGroups::Record::CONTAINER, container, variables.variables);
    }
    return absl::OkStatus();
  }

  static std::string ContainerOf(const ProcessDirectory& folder) {
    const absl::StatusOr<CgroupTable> cgroup = folder.ReadCgroup();
    return cgroup.ok() ? ContainerIdInCgroup(MainCgroupPath(*cgroup)) : "";
  }

  static void AddCut(absl::string_view what, size_t processes, RunReport& report) {
    if (processes == 0) return;
    report.AddProblem(kEnviron,
                      absl::ResourceExhaustedError(absl::StrCat("read environments: ", what, ": ", processes)));
  }

  void ReportRefused(RunReport& report) const {
    if (refused_ == 0) return;
    const absl::Status status =
        absl::PermissionDeniedError(absl::StrCat("read environments: permission denied: ", refused_, " processes"));
    if (MayTrace(files_)) {
      // Guarded by more than rights, as they were in every run before: they have no records.
      report.AddDegradation(kEnviron, status, "none needed: the kernel guards them from everybody");
    } else {
      // What these have may be records of an earlier run, which must not count as gone.
      report.AddProblem(kEnviron, status, "run the agent as root or grant CAP_SYS_PTRACE");
    }
  }

  void ReportTotals(RunReport& report) const {
    ReportRefused(report);
    AddCut("larger than the limit", too_large_, report);
    AddCut("with more variables than are kept", too_many_, report);
    ReportLeftOut(kEnviron, left_out_, report);
  }

  const FileTree& files_;
  const Procfs procfs_;
  const absl::Time now_;
  VariableGroups* const groups_;
  absl::Time boot_;
  std::string block_;
  size_t read_ = 0;
  size_t refused_ = 0;
  size_t too_large_ = 0;
  size_t too_many_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace

absl::StatusOr<size_t> ReadProcessEnvironments(const FileTree& files, absl::Time now, const StopToken& stop,
                                               RunReport& report, VariableGroups* groups) {
  return Source(files, now, groups).ReadAll(stop, report);
}

}  // namespace rollcall
