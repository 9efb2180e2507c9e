// Sees short-lived processes, by the kernel's process events.
#ifndef ROLLCALL_AGENT_WATCH_PROCESS_WATCHER_H_
#define ROLLCALL_AGENT_WATCH_PROCESS_WATCHER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/watch/process_tracker.h"
#include "agent/watch/wake_fd.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "platform/process_event_socket.h"
#include "platform/process_events.h"

namespace rollcall {

struct ProcessWatcherOptions {
  ProcessEventSocket::Options socket;
  ProcessTrackerLimits tracker;
  // After events this much is left to pile up, so that a fork bomb costs 25 wakings a second.
  absl::Duration rest = absl::Milliseconds(40);
};

// For the status.
struct ProcessWatcherStats {
  absl::Status status;
  uint64_t starts = 0;
  uint64_t losses = 0;
};

// One thread that sleeps until a process starts or ends, looks at new processes once they have
// settled, and keeps what it saw until the next scan. It only adds to scans: whatever it misses
// among the processes that stay, they find.
class ProcessWatcher : public ProcessEvents {
 public:
  // Events are kept from now on, or status() says why there are none. `run_soon` is called, on the
  // watcher's thread, when a run would be worth while: a process has come to stay (at most once in 30 s,
  // which costs 0.1 % of a core where a scan of 1,000 processes takes 25 ms), or memory is short.
  // `files` must be this machine's. Pointers must outlive this.
  ProcessWatcher(const FileTree* files, const Clock* clock, std::function<void()> run_soon,
                 const ProcessWatcherOptions& options = {});
  ~ProcessWatcher() override;
  ProcessWatcher(const ProcessWatcher&) = delete;
  ProcessWatcher& operator=(const ProcessWatcher&) = delete;

  // Once, and soon: the kernel keeps some 4,000 events. Nothing without events.
  void Start();
  // Ends the thread; what was seen stays to be taken. Idempotent.
  void Stop();

  absl::Status status() const override;
  ProcessEventReport Take(const Known& known) override;
  ProcessWatcherStats Stats() const;

 private:
  absl::Status Open();
  void Loop();
  // Takes over the events there are; returns whether there were any.
  bool ReceiveEvents();
  void Look();

  const FileTree* const files_;
  const Clock* const clock_;
  const std::function<void()> run_soon_;
  const ProcessWatcherOptions options_;
  WakeFd stop_;
  // Of the thread, once started.
  std::unique_ptr<ProcessEventSocket> socket_;
  ProcessEventBatch batch_;
  std::thread thread_;
  mutable std::mutex mutex_;  // guards what follows
  absl::Status status_;
  ProcessTracker tracker_;
  uint64_t losses_ = 0;
  uint64_t losses_taken_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_WATCH_PROCESS_WATCHER_H_
