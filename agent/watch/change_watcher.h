// Makes collectors run when the files they read change.
#ifndef ROLLCALL_AGENT_WATCH_CHANGE_WATCHER_H_
#define ROLLCALL_AGENT_WATCH_CHANGE_WATCHER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/watch/wake_fd.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "platform/file_watch.h"
#include "platform/log.h"

namespace rollcall {

// A collector and its Descriptor::watch_paths.
struct WatchedCollector {
  std::string name;
  std::vector<std::string> paths;
};

// For the status. Changes to what is a gap are found by the collector's next periodic run.
struct ChangeWatcherStats {
  // Of one collector.
  struct Gap {
    std::string collector;
    std::string path;
    std::string cause;
  };
  // Why nothing is watched; OK while it is.
  absl::Status status;
  // Files and directories watched.
  uint64_t watches = 0;
  // Paths found changed, and how often the kernel dropped events.
  uint64_t changes = 0;
  uint64_t overflows = 0;
  std::vector<Gap> gaps;
};

struct ChangeWatcherOptions {
  // After a change this much is left to pile up before it is looked at again.
  absl::Duration rest = absl::Milliseconds(100);
  // Gaps are tried again this often, whatever else changes.
  absl::Duration retry = absl::Minutes(10);
  size_t max_watches = FileWatch::kDefaultMaxWatches;
};

// One thread that sleeps until a watched path changes and then asks for the runs of the
// collectors that read it; pacing them is the scheduler's. A host on which nothing changes never
// wakes it, but for the retry of gaps. Public functions are thread-safe.
class ChangeWatcher {
 public:
  // `run_soon` is called with a collector's name, on the watcher's thread. `clock` says when gaps are
  // tried again. Pointers must outlive this.
  ChangeWatcher(const FileTree* files, const std::vector<WatchedCollector>& collectors,
                std::function<void(const std::string& collector)> run_soon, const Clock* clock, Logger* logger,
                ChangeWatcherOptions options = {});
  ~ChangeWatcher();
  ChangeWatcher(const ChangeWatcher&) = delete;
  ChangeWatcher& operator=(const ChangeWatcher&) = delete;

  // Watches all paths when it returns, so that what changes after a first run is not missed. What
  // cannot be watched is logged and in the status; it is no reason not to run. Once.
  void Start();
  // Idempotent.
  void Stop();

  ChangeWatcherStats Stats() const;

 private:
  absl::Status Open();
  void Loop();
  // Asks for the runs of all who read `paths`.
  void Report(const std::vector<std::string>& paths);
  void HandleChanges(const FileChanges& changes);
  void RetryGapsIfDue();
  // Takes over what is watched now; logs gaps that are new.
  void UpdateStats();

  const FileTree* const files_;
  const std::function<void(const std::string& collector)> run_soon_;
  const Clock* const clock_;
  Logger* const logger_;
  const ChangeWatcherOptions options_;
  // Names of collectors by path.
  std::map<std::string, std::set<std::string>> readers_;
  WakeFd stop_;
  // Of the thread, once started.
  std::unique_ptr<FileWatch> watch_;
  std::set<std::string> logged_gaps_;
  absl::Duration retry_at_;  // of the clock's monotonic time
  std::thread thread_;
  mutable std::mutex mutex_;  // guards stats_
  ChangeWatcherStats stats_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_WATCH_CHANGE_WATCHER_H_
