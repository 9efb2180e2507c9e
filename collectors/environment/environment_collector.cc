#include "collectors/environment/environment_collector.h"

#include <optional>
#include <utility>

#include "collectors/environment/file_source.h"
#include "collectors/environment/process_source.h"
#include "collectors/environment/unit_source.h"
#include "collectors/environment/variable_groups.h"

namespace rollcall {
namespace {

constexpr size_t kMaxRecords = 5'000;
constexpr size_t kRecordsBetweenStopChecks = 1'000;

class EnvironmentCollector : public Collector {
 public:
  explicit EnvironmentCollector(const CollectorContext& context) : files_(context.files), clock_(context.clock) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    VariableGroups groups;
    const absl::StatusOr<size_t> files_read = ReadEnvironmentFiles(*files_, stop, report, &groups);
    if (!files_read.ok()) return files_read.status();
    const absl::StatusOr<bool> has_units = ReadUnitEnvironments(*files_, stop, report, &groups);
    if (!has_units.ok()) return has_units.status();
    const absl::StatusOr<size_t> processes_read =
        ReadProcessEnvironments(*files_, clock_->Now(), stop, report, &groups);
    if (absl::IsCancelled(processes_read.status())) return processes_read.status();
    if (absl::IsNotFound(processes_read.status())) {
      const bool nothing = *files_read == 0 && !*has_units && report.complete();
      if (nothing) return absl::UnimplementedError("read environment: no files, units or processes on this host");
      report.AddDegradation("/proc", processes_read.status(), "show the agent the host's /proc");
    } else if (!processes_read.ok()) {
      report.AddProblem("/proc", processes_read.status());
    }
    if (groups.observed() > VariableGroups::kMaxGroups) report.SetTruncated(groups.observed());
    return EmitAll(&groups, sink, stop);
  }

 private:
  static absl::Status EmitAll(VariableGroups* groups, RecordSink& sink, const StopToken& stop) {
    size_t emitted = 0;
    while (std::optional<pb::EnvironmentVariable> variable = groups->TakeRecord()) {
      if (emitted++ % kRecordsBetweenStopChecks == 0 && stop.stop_requested()) {
        return absl::CancelledError("emit variables: stopped");
      }
      pb::Record record;
      *record.mutable_environment_variable() = *std::move(variable);
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const FileTree* const files_;
  const Clock* const clock_;
};

constexpr absl::string_view kKinds[] = {"environment_variable"};
constexpr absl::string_view kPathsRead[] = {
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/default/locale",
    "/etc/environment",
    "/etc/environment.d/*.conf",
    "/etc/locale.conf",
    "/etc/profile",
    "/etc/profile.d/*.sh",
    "/etc/security/pam_env.conf",
    "/etc/systemd/system/*",
    "/etc/zsh/zshenv",
    "/etc/zshenv",
    "/proc/PID/cgroup",
    "/proc/PID/environ",
    "/proc/PID/exe",
    "/proc/PID/stat",
    "/proc/self/status",
    "/proc/stat",
    "/run/systemd/system/*",
    "/usr/lib/environment.d/*.conf",
    "/usr/lib/systemd/system/*",
};
constexpr absl::string_view kWatchPaths[] = {
    "/etc/bash.bashrc",           "/etc/bashrc",          "/etc/default/locale", "/etc/environment",
    "/etc/environment.d/",        "/etc/locale.conf",     "/etc/profile",        "/etc/profile.d/",
    "/etc/security/pam_env.conf", "/etc/systemd/system/", "/etc/zsh/zshenv",     "/etc/zshenv",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<EnvironmentCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kEnvironmentCollector = {
    .name = "environment",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(12),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = kMaxRecords,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
