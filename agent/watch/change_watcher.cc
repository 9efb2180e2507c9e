#include "agent/watch/change_watcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {

ChangeWatcher::ChangeWatcher(const FileTree* files, const std::vector<WatchedCollector>& collectors,
                             std::function<void(const std::string& collector)> run_soon, const Clock* clock,
                             Logger* logger, ChangeWatcherOptions options)
    : files_(files), run_soon_(std::move(run_soon)), clock_(clock), logger_(logger), options_(options) {
  for (const WatchedCollector& collector : collectors) {
    for (const std::string& path : collector.paths) readers_[path].insert(collector.name);
  }
}

ChangeWatcher::~ChangeWatcher() { Stop(); }

absl::Status ChangeWatcher::Open() {
  ROLLCALL_RETURN_IF_ERROR(stop_.Open());
  ROLLCALL_ASSIGN_OR_RETURN(watch_, FileWatch::Create(files_, options_.max_watches));
  for (const auto& [path, names] : readers_) ROLLCALL_RETURN_IF_ERROR(watch_->Add(path));
  return absl::OkStatus();
}

void ChangeWatcher::Start() {
  const absl::Status status = Open();
  {
    const std::lock_guard lock(mutex_);
    stats_.status = status;
  }
  if (!status.ok()) {
    watch_.reset();
    logger_->Warning("watch.unavailable", "changes of files are found by the next scan only", {{"cause", status}});
    return;
  }
  UpdateStats();
  retry_at_ = clock_->Monotonic() + options_.retry;
  thread_ = std::thread([this] { Loop(); });
}

void ChangeWatcher::Stop() {
  if (!thread_.joinable()) return;
  stop_.Wake();
  thread_.join();
}

void ChangeWatcher::Loop() {
  for (;;) {
    const bool whole = watch_->gaps().empty();
    const absl::Duration patience = whole ? absl::InfiniteDuration() : retry_at_ - clock_->Monotonic();
    const WakeFd::Cause cause = stop_.Wait(watch_->fd(), patience);
    if (whole) retry_at_ = clock_->Monotonic() + options_.retry;  // of a gap that is found only now
    switch (cause) {
      case WakeFd::Cause::kWoken:
        return;
      case WakeFd::Cause::kReadable:
        HandleChanges(watch_->Read());
        break;
      case WakeFd::Cause::kTimeout:
        break;
    }
    // Not only when nothing else happens: something may happen all the time.
    RetryGapsIfDue();
    UpdateStats();
    if (stop_.Wait(-1, options_.rest) == WakeFd::Cause::kWoken) return;
  }
}

void ChangeWatcher::RetryGapsIfDue() {
  const absl::Duration now = clock_->Monotonic();
  if (now < retry_at_) return;
  retry_at_ = now + options_.retry;
  Report(watch_->RetryGaps());
}

void ChangeWatcher::Report(const std::vector<std::string>& paths) {
  std::set<std::string> collectors;
  for (const std::string& path : paths) {
    const auto readers = readers_.find(path);
    if (readers != readers_.end()) collectors.insert(readers->second.begin(), readers->second.end());
  }
  for (const std::string& collector : collectors) run_soon_(collector);
}

void ChangeWatcher::HandleChanges(const FileChanges& changes) {
  if (changes.overflowed) {
    logger_->Warning("watch.overflow", "too many files changed at once; everything that is watched is scanned", {});
  }
  Report(changes.paths);
  const std::lock_guard lock(mutex_);
  stats_.changes += changes.paths.size();
  if (changes.overflowed) ++stats_.overflows;
}

void ChangeWatcher::UpdateStats() {
  std::vector<ChangeWatcherStats::Gap> gaps;
  std::set<std::string> logged;
  for (const FileWatch::Gap& gap : watch_->gaps()) {
    const std::string cause(gap.cause.message());
    for (const std::string& collector : readers_[gap.path]) gaps.push_back({collector, gap.path, cause});
    const std::string key = absl::StrCat(gap.path, "\n", cause);
    logged.insert(key);
    if (logged_gaps_.count(key) != 0) continue;
    logger_->Warning("watch.gap", "changes of a path are found by the next scan only",
                     {{"path", gap.path}, {"cause", cause}});
  }
  logged_gaps_ = std::move(logged);
  const std::lock_guard lock(mutex_);
  stats_.watches = watch_->watches();
  stats_.gaps = std::move(gaps);
}

ChangeWatcherStats ChangeWatcher::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace rollcall
