// Runs periodic tasks, one at a time.
#ifndef ROLLCALL_AGENT_SCHEDULER_SCHEDULER_H_
#define ROLLCALL_AGENT_SCHEDULER_SCHEDULER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/scheduler/request_pace.h"
#include "platform/clock.h"

namespace rollcall {

// One execution, as the task sees it.
struct TaskRun {
  // Requested at the timeout and when the scheduler stops.
  StopToken stop;
  // Whether it was the timeout. Valid while the task runs.
  const std::atomic<bool>* timed_out = nullptr;
};

struct ScheduledTask {
  std::string name;
  // Not positive: off, until SetInterval.
  absl::Duration interval;
  absl::Duration timeout;
  // First runs of heavy tasks come after those of all others.
  bool heavy = false;
  // Must return soon after `stop` is requested.
  std::function<absl::Status(const TaskRun& run)> run;
  // Called instead of `run` when a run is left out to save resources. May be empty.
  std::function<void()> throttled;
};

// For status and metrics. Times are Clock::Monotonic().
struct TaskStats {
  std::string name;
  uint64_t runs = 0;
  uint64_t timeouts = 0;
  uint64_t throttled = 0;
  bool running = false;
  // Of the last run that ended.
  absl::Status last_status;
  absl::Duration last_duration;
  absl::Duration last_end;
  // Infinite if off.
  absl::Duration next_due = absl::InfiniteDuration();
};

struct SchedulerOptions {
  // Places the host in each interval.
  std::string agent_id;
  // First runs begin within this time of Start().
  absl::Duration initial_window = absl::Seconds(20);
  // How RunSoon is paced.
  PaceLimits pace;
};

// One thread runs the tasks; each first soon after Start, then once per interval at the
// host's own place in it. After a suspend, missed runs are not made up for: each task that
// is overdue runs once. Public functions are thread-safe; tasks may call all but Stop.
class Scheduler {
 public:
  // `clock` must outlive the scheduler. Names must be unique.
  Scheduler(SchedulerOptions options, std::vector<ScheduledTask> tasks, const Clock* clock);
  // Stops.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Once.
  void Start();
  // Cancels the run in progress, waits for it, and ends the thread. Idempotent.
  void Stop();

  // Runs the task shortly, once for many requests, at the pace of PaceLimits; a request made while
  // it runs is for another run. A task that is off still runs. False if there is no such task.
  bool RunSoon(absl::string_view name);

  // Takes effect at once; zero turns the task off. False if there is no such task.
  bool SetInterval(absl::string_view name, absl::Duration interval);

  // Of the periodic runs only every `factor`-th happens, the others are throttled; 1 is
  // normal. Runs asked for by RunSoon and first runs always happen.
  void SetStretch(uint32_t factor);

  // Whether every task that is on has run.
  bool InitialRunsDone() const;

  std::vector<TaskStats> Stats() const;

 private:
  struct Entry {
    ScheduledTask task;
    TaskStats stats;
    absl::Duration spread;
    RequestPace requests;  // by RunSoon
    uint32_t left_out = 0;
  };

  Entry* Find(absl::string_view name);
  static absl::Duration DueOf(const Entry& entry);
  Entry* Earliest();
  void PlanInitialRuns();
  void PlanNext(Entry* entry, absl::Duration now);
  bool LeaveOut(Entry* entry);
  void Wake();
  void Loop();
  // Runs the entry with the lock released.
  void RunEntry(Entry* entry, std::unique_lock<std::mutex>* lock);
  absl::Status RunWithTimeout(const ScheduledTask& task, StopSource stop, bool* timed_out);

  const SchedulerOptions options_;
  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // never resized once started
  uint32_t stretch_ = 1;
  bool stopping_ = false;
  // Ends the wait in progress; replaced for each.
  StopSource wake_;
  // Cancels the run in progress.
  std::optional<StopSource> running_;
  std::thread thread_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SCHEDULER_SCHEDULER_H_
