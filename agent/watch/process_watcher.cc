#include "agent/watch/process_watcher.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Pids of events are those of the initial pid namespace; so must be those of /proc. There our own
// folder is under our own pid only if it shows our pid namespace, and the kernel answers only
// those who are in the initial one.
absl::Status CheckPidNamespace(const FileTree& files) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string self, files.ReadLink("/proc/self"));
  if (self == absl::StrCat(::getpid())) return absl::OkStatus();
  return absl::UnavailableError("open process events: /proc shows another pid namespace than the agent's");
}

}  // namespace

ProcessWatcher::ProcessWatcher(const FileTree* files, const Clock* clock, std::function<void()> run_soon,
                               const ProcessWatcherOptions& options)
    : files_(files), clock_(clock), run_soon_(std::move(run_soon)), options_(options), tracker_(options.tracker) {
  status_ = Open();
}

void ProcessWatcher::Start() {
  if (status().ok()) thread_ = std::thread([this] { Loop(); });
}

ProcessWatcher::~ProcessWatcher() { Stop(); }

void ProcessWatcher::Stop() {
  if (!thread_.joinable()) return;
  stop_.Wake();
  thread_.join();
}

absl::Status ProcessWatcher::Open() {
  ROLLCALL_RETURN_IF_ERROR(CheckPidNamespace(*files_));
  ROLLCALL_RETURN_IF_ERROR(stop_.Open());
  ROLLCALL_ASSIGN_OR_RETURN(socket_, ProcessEventSocket::Open(options_.socket));
  return absl::OkStatus();
}

absl::Status ProcessWatcher::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void ProcessWatcher::Loop() {
  for (;;) {
    absl::Duration patience;
    {
      const std::lock_guard lock(mutex_);
      patience = tracker_.NextWake() - clock_->Monotonic();
    }
    const WakeFd::Cause cause = stop_.Wait(socket_->fd(), patience);
    if (cause == WakeFd::Cause::kWoken) return;
    const bool busy = ReceiveEvents();
    Look();
    if (!status().ok()) return;
    if (busy && stop_.Wait(-1, options_.rest) == WakeFd::Cause::kWoken) return;
  }
}

bool ProcessWatcher::ReceiveEvents() {
  batch_.events.clear();
  bool lost = false;
  const absl::Status status = socket_->Receive(&batch_, &lost);
  const absl::Duration now = clock_->Monotonic();
  const absl::Time wall = clock_->Now();
  const std::lock_guard lock(mutex_);
  if (!status.ok()) status_ = status;
  if (lost) {
    ++losses_;
    tracker_.EventsLost(now);
  }
  for (const ProcessEvent& event : batch_.events) tracker_.Add(event, now, wall);
  return !batch_.events.empty() || lost;
}

void ProcessWatcher::Look() {
  std::vector<uint32_t> due;
  bool run = false;
  {
    const std::lock_guard lock(mutex_);
    due = tracker_.DueLooks(clock_->Monotonic());
    run = tracker_.WantsRun(clock_->Monotonic());
  }
  for (const uint32_t pid : due) {
    absl::StatusOr<ProcessSighting> sighting = ReadProcessSighting(*files_, pid);
    const absl::Time wall = clock_->Now();
    const std::lock_guard lock(mutex_);
    if (sighting.ok()) {
      tracker_.Seen(*std::move(sighting), clock_->Monotonic(), wall);
    } else {
      tracker_.Gone(pid, wall);
    }
  }
  if (run) run_soon_();
}

ProcessEventReport ProcessWatcher::Take(const Known& known) {
  const std::lock_guard lock(mutex_);
  ProcessEventReport report = tracker_.Take(known);
  report.losses = losses_ - losses_taken_;
  losses_taken_ = losses_;
  return report;
}

ProcessWatcherStats ProcessWatcher::Stats() const {
  const std::lock_guard lock(mutex_);
  return {status_, tracker_.starts(), losses_};
}

}  // namespace rollcall
