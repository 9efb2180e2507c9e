#include "collectors/processes/processes_collector.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/processes/ended_processes.h"
#include "collectors/processes/package_owners.h"
#include "collectors/processes/process_reader.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProcesses = 20'000;
constexpr size_t kPidsBetweenStopChecks = 32;

class ProcessesCollector : public Collector {
 public:
  explicit ProcessesCollector(const CollectorContext& context)
      : files_(context.files), reader_(context), ended_(context) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    const auto pids = reader_.ListPids();
    if (absl::IsNotFound(pids.status())) return absl::UnimplementedError("list /proc: not there");
    if (!pids.ok()) return pids.status();
    if (pids->empty()) return absl::UnimplementedError("list /proc: not mounted");
    if (absl::Status status = reader_.BeginRun(); !status.ok()) return status;
    if (pids->front() != 1) {
      report.AddProblem("/proc", absl::PermissionDeniedError("list /proc: process 1 is not shown, nor may others be"),
                        "mount /proc without hidepid, or let the agent join its group, and share the host's pid "
                        "namespace with the agent's container");
    }
    std::vector<uint32_t> found;
    if (absl::Status status = ReadAll(*pids, report, stop, &found); !status.ok()) return status;
    Forget();
    // After the scan: what it has found is of no interest there.
    if (absl::Status status = TakeEnded(report, stop); !status.ok()) return status;
    FindOwners(found, report, stop);
    if (absl::Status status = EmitAll(found, sink, stop); !status.ok()) return status;
    return ended_.Emit(sink, owners_, stop);
  }

 private:
  // Reads the processes among `pids`; their pids go to `found`.
  absl::Status ReadAll(const std::vector<uint32_t>& pids, RunReport& report, const StopToken& stop,
                       std::vector<uint32_t>* found) {
    uint64_t beyond_limit = 0;
    size_t done = 0;
    for (const uint32_t pid : pids) {
      if (done++ % kPidsBetweenStopChecks == 0 && stop.stop_requested()) {
        return absl::CancelledError("read processes: stopped");
      }
      if (found->size() >= kMaxProcesses) {
        beyond_limit += reader_.IsProcess(pid) ? 1 : 0;
        continue;
      }
      const auto outcome = reader_.Read(pid, &known_[pid], report, stop);
      if (absl::IsCancelled(outcome.status())) return outcome.status();
      if (!outcome.ok()) {
        report.AddProblem(absl::StrCat("/proc/", pid), outcome.status(), Remedy(outcome.status()));
      } else if (*outcome == ProcessReader::Outcome::kProcess) {
        found->push_back(pid);
      }
    }
    if (beyond_limit > 0) report.SetTruncated(found->size() + beyond_limit);
    return absl::OkStatus();
  }

  static absl::string_view Remedy(const absl::Status& status) {
    return absl::IsPermissionDenied(status) ? "grant CAP_SYS_PTRACE, or mount /proc without hidepid" : "";
  }

  // Drops what is left of pids that are no process now.
  void Forget() {
    for (auto process = known_.begin(); process != known_.end();) {
      process = process->second.seen_run == reader_.run() ? std::next(process) : known_.erase(process);
    }
  }

  absl::Status TakeEnded(RunReport& report, const StopToken& stop) {
    const auto found = [this](uint32_t pid, uint64_t start_ticks) {
      const auto known = known_.find(pid);
      return known != known_.end() && known->second.stat.start_ticks == start_ticks;
    };
    return ended_.Take(found, report, stop);
  }

  void FindOwners(const std::vector<uint32_t>& found, RunReport& report, const StopToken& stop) {
    for (const uint32_t pid : found) {
      const std::string& executable = known_.at(pid).host_executable;
      if (!executable.empty()) owners_.Want(executable);
    }
    ended_.WantOwners(&owners_);
    if (absl::Status status = owners_.LookUp(*files_, stop); !status.ok()) {
      report.AddDegradation("/var/lib/dpkg/info", status, "make it readable, to name the packages of executables");
    }
    owners_.DropUnwanted();
  }

  absl::Status EmitAll(const std::vector<uint32_t>& found, RecordSink& sink, const StopToken& stop) {
    size_t done = 0;
    for (const uint32_t pid : found) {
      if (done++ % kPidsBetweenStopChecks == 0 && stop.stop_requested()) {
        return absl::CancelledError("emit processes: stopped");
      }
      const KnownProcess& known = known_.at(pid);
      pb::Record record;
      pb::Process* process = record.mutable_process();
      if (absl::Status status = reader_.MakeRecord(pid, known, process); !status.ok()) return status;
      if (!known.host_executable.empty()) process->set_package(owners_.Owner(known.host_executable));
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const FileTree* const files_;
  ProcessReader reader_;
  EndedProcesses ended_;
  PackageOwners owners_;
  std::unordered_map<uint32_t, KnownProcess> known_;
};

constexpr absl::string_view kKinds[] = {"process"};
constexpr absl::string_view kPathsRead[] = {
    "/etc/group",
    "/etc/passwd",
    "/proc/PID/cgroup",
    "/proc/PID/cmdline",
    "/proc/PID/cwd",
    "/proc/PID/exe",
    "/proc/PID/fd",
    "/proc/PID/ns/*",
    "/proc/PID/root",
    "/proc/PID/root/etc/group",
    "/proc/PID/root/etc/passwd",
    "/proc/PID/stat",
    "/proc/PID/status",
    "/proc/stat",
    "/proc/sys/kernel/cap_last_cap",
    "/proc/sys/kernel/random/boot_id",
    "/var/lib/dpkg/info/*.list",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<ProcessesCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kProcessesCollector = {
    .name = "processes",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Minutes(5),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = kMaxProcesses,
    .create = Create,
};

}  // namespace rollcall
