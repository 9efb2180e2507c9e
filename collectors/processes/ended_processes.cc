#include "collectors/processes/ended_processes.h"

#include <sys/wait.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kProcessesBetweenStopChecks = 32;
constexpr char kRemedyOfLoss[] = "shorten the interval of the collector if short-lived processes matter on this host";

CollectorContext WithFiles(CollectorContext context, const FileTree* files) {
  context.files = files;
  return context;
}

absl::string_view Remedy(const absl::Status& status) {
  return absl::IsPermissionDenied(status)
             ? "grant CAP_NET_ADMIN, which Linux before 6.6 asks for, to see processes that live between two runs only"
             : "run the agent in the host's network and pid namespaces, to see processes that live between two runs "
               "only";
}

}  // namespace

EndedProcesses::EndedProcesses(const CollectorContext& context)
    : events_(context.process_events), files_(context.files), reader_(WithFiles(context, &files_)) {}

absl::Status EndedProcesses::Take(const ProcessEvents::Known& known, RunReport& report, const StopToken& stop) {
  ended_.clear();
  if (events_ == nullptr) return absl::OkStatus();
  if (const absl::Status status = events_->status(); !status.ok()) {
    report.AddDegradation("/proc", status, Remedy(status));
  }
  const ProcessEventReport events = events_->Take(known);
  ReportLosses(events, report);
  if (events.ended.empty()) return absl::OkStatus();
  ROLLCALL_RETURN_IF_ERROR(reader_.BeginRun());
  ended_.reserve(events.ended.size());
  for (const EndedProcess& process : events.ended) {
    if (stop.stop_requested()) return absl::CancelledError("read ended processes: stopped");
    Ended ended = {process.sighting.pid, {}, process.ended_at, process.wait_status};
    files_.Show(&process.sighting);
    const auto outcome = reader_.Read(ended.pid, &ended.known, report, stop);
    files_.Show(nullptr);
    if (absl::IsCancelled(outcome.status())) return outcome.status();
    if (!outcome.ok()) {
      report.AddDegradation(absl::StrCat("/proc/", ended.pid), outcome.status(), kRemedyOfLoss);
    } else if (*outcome == ProcessReader::Outcome::kProcess) {
      ended_.push_back(std::move(ended));
    }
  }
  return absl::OkStatus();
}

void EndedProcesses::ReportLosses(const ProcessEventReport& events, RunReport& report) {
  if (events.losses > 0) {
    report.AddDegradation("/proc",
                          absl::DataLossError(absl::StrCat("listen for processes: the kernel dropped events ",
                                                           events.losses, " times since the last run")),
                          kRemedyOfLoss);
  }
  if (events.skipped > 0) {
    report.AddDegradation("/proc",
                          absl::ResourceExhaustedError(absl::StrCat("look at short-lived processes: ", events.skipped,
                                                                    " since the last run were too many")),
                          kRemedyOfLoss);
  }
  if (events.missed > 0) {
    report.AddDegradation("/proc",
                          absl::DataLossError(absl::StrCat("look at short-lived processes: ", events.missed,
                                                           " ended before it was their turn")),
                          kRemedyOfLoss);
  }
}

void EndedProcesses::WantOwners(PackageOwners* owners) const {
  for (const Ended& ended : ended_) {
    if (!ended.known.host_executable.empty()) owners->Want(ended.known.host_executable);
  }
}

void EndedProcesses::SetEnd(const Ended& ended, pb::Process* process) {
  process->set_state("X");
  *process->mutable_ended_at() = ToWire(ended.at);
  if (ended.wait_status.has_value()) {
    const int status = static_cast<int>(*ended.wait_status);
    if (WIFEXITED(status)) process->set_exit_code(static_cast<uint32_t>(WEXITSTATUS(status)));
    if (WIFSIGNALED(status)) process->set_exit_signal(static_cast<uint32_t>(WTERMSIG(status)));
  }
  pb::Executable* executable = process->mutable_executable();
  if (executable->sha256().empty() && executable->hash_skipped().empty()) executable->set_hash_skipped("process ended");
}

absl::Status EndedProcesses::Emit(RecordSink& sink, const PackageOwners& owners, const StopToken& stop) {
  size_t done = 0;
  for (const Ended& ended : std::exchange(ended_, {})) {
    if (done++ % kProcessesBetweenStopChecks == 0 && stop.stop_requested()) {
      return absl::CancelledError("emit ended processes: stopped");
    }
    pb::Record record;
    pb::Process* process = record.mutable_process();
    ROLLCALL_RETURN_IF_ERROR(reader_.MakeRecord(ended.pid, ended.known, process));
    if (!ended.known.host_executable.empty()) process->set_package(owners.Owner(ended.known.host_executable));
    SetEnd(ended, process);
    ROLLCALL_RETURN_IF_ERROR(sink.Emit(std::move(record)));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
