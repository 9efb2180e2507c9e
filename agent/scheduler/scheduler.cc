#include "agent/scheduler/scheduler.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "agent/scheduler/due_time.h"

namespace rollcall {

Scheduler::Scheduler(SchedulerOptions options, std::vector<ScheduledTask> tasks, const Clock* clock)
    : options_(std::move(options)), clock_(clock) {
  for (ScheduledTask& task : tasks) {
    Entry entry;
    entry.stats.name = task.name;
    entry.spread = HostSpread(options_.agent_id, task.name, task.interval);
    entry.requests = RequestPace(options_.pace);
    entry.task = std::move(task);
    entries_.push_back(std::move(entry));
  }
}

Scheduler::~Scheduler() { Stop(); }

void Scheduler::Start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable() || stopping_) return;
  PlanInitialRuns();
  thread_ = std::thread([this] { Loop(); });
}

void Scheduler::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (running_.has_value()) running_->RequestStop();
    Wake();
  }
  if (thread_.joinable()) thread_.join();
}

void Scheduler::PlanInitialRuns() {
  std::vector<Entry*> order;
  for (Entry& entry : entries_) {
    if (entry.task.interval > absl::ZeroDuration()) order.push_back(&entry);
  }
  // What is quick comes first, so that most of the inventory is there early.
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return std::tie(a->task.heavy, a->task.timeout) < std::tie(b->task.heavy, b->task.timeout);
  });
  const absl::Duration start = clock_->Monotonic();
  for (size_t i = 0; i < order.size(); ++i) {
    order[i]->stats.next_due = InitialDue(start, i, order.size(), options_.initial_window);
  }
}

Scheduler::Entry* Scheduler::Find(absl::string_view name) {
  for (Entry& entry : entries_) {
    if (entry.task.name == name) return &entry;
  }
  return nullptr;
}

absl::Duration Scheduler::DueOf(const Entry& entry) { return std::min(entry.stats.next_due, entry.requests.due()); }

Scheduler::Entry* Scheduler::Earliest() {
  const auto earliest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const Entry& a, const Entry& b) { return DueOf(a) < DueOf(b); });
  return earliest == entries_.end() ? nullptr : &*earliest;
}

void Scheduler::Wake() { wake_.RequestStop(); }

bool Scheduler::RunSoon(absl::string_view name) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(name);
  if (entry == nullptr) return false;
  entry->requests.Ask(clock_->Monotonic());
  Wake();
  return true;
}

bool Scheduler::SetInterval(absl::string_view name, absl::Duration interval) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(name);
  if (entry == nullptr) return false;
  if (entry->task.interval == interval) return true;
  entry->task.interval = interval;
  entry->spread = HostSpread(options_.agent_id, entry->task.name, interval);
  const absl::Duration now = clock_->Monotonic();
  if (interval <= absl::ZeroDuration()) {
    entry->stats.next_due = absl::InfiniteDuration();
  } else {
    // Before its first run a task is due soon; after it, the host's place in the new interval.
    entry->stats.next_due = entry->stats.runs == 0 ? now : NextDue(now, interval, entry->spread);
  }
  Wake();
  return true;
}

void Scheduler::SetStretch(uint32_t factor) {
  const std::lock_guard lock(mutex_);
  stretch_ = std::max<uint32_t>(factor, 1);
}

bool Scheduler::InitialRunsDone() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.stats.runs > 0 || entry.task.interval <= absl::ZeroDuration();
  });
}

std::vector<TaskStats> Scheduler::Stats() const {
  const std::lock_guard lock(mutex_);
  std::vector<TaskStats> stats;
  for (const Entry& entry : entries_) {
    stats.push_back(entry.stats);
    stats.back().next_due = DueOf(entry);
  }
  return stats;
}

void Scheduler::PlanNext(Entry* entry, absl::Duration now) {
  entry->stats.next_due = entry->task.interval > absl::ZeroDuration()
                              ? DueAfterRun(now, entry->task.interval, entry->spread)
                              : absl::InfiniteDuration();
}

bool Scheduler::LeaveOut(Entry* entry) {
  const bool asked_for = entry->requests.due() <= clock_->Monotonic() || entry->stats.runs == 0;
  if (asked_for || entry->left_out + 1 >= stretch_) {
    entry->left_out = 0;
    return false;
  }
  ++entry->left_out;
  ++entry->stats.throttled;
  return true;
}

void Scheduler::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Entry* entry = Earliest();
    const absl::Duration due = entry == nullptr ? absl::InfiniteDuration() : DueOf(*entry);
    if (due > clock_->Monotonic()) {
      wake_ = StopSource();
      const StopToken woken = wake_.token();
      lock.unlock();
      // A bounded wait, as adding an infinite duration to a time point overflows.
      clock_->WaitUntil(std::min(due, clock_->Monotonic() + absl::Hours(1)), woken);
      lock.lock();
      continue;
    }
    if (!LeaveOut(entry)) {
      RunEntry(entry, &lock);
      continue;
    }
    PlanNext(entry, clock_->Monotonic());
    const std::function<void()>& throttled = entry->task.throttled;
    lock.unlock();
    if (throttled) throttled();
    lock.lock();
  }
}

void Scheduler::RunEntry(Entry* entry, std::unique_lock<std::mutex>* lock) {
  // A request made from here on is for another run.
  entry->requests.RunBegins();
  entry->stats.running = true;
  running_.emplace();
  const StopSource stop = *running_;
  const absl::Duration started = clock_->Monotonic();
  lock->unlock();

  bool timed_out = false;
  absl::Status status = RunWithTimeout(entry->task, stop, &timed_out);

  lock->lock();
  running_.reset();
  const absl::Duration now = clock_->Monotonic();
  TaskStats& stats = entry->stats;
  stats.running = false;
  ++stats.runs;
  if (timed_out) ++stats.timeouts;
  stats.last_status = std::move(status);
  stats.last_duration = now - started;
  stats.last_end = now;
  entry->requests.RunEnded(now, stats.last_duration);
  PlanNext(entry, now);
}

absl::Status Scheduler::RunWithTimeout(const ScheduledTask& task, StopSource stop, bool* timed_out) {
  std::atomic<bool> late{false};
  StopSource finished;
  std::thread timer;
  if (task.timeout > absl::ZeroDuration() && task.timeout != absl::InfiniteDuration()) {
    const absl::Duration deadline = clock_->Monotonic() + task.timeout;
    timer = std::thread([this, deadline, stop, token = finished.token(), &late]() mutable {
      if (!clock_->WaitUntil(deadline, token)) return;
      late = true;
      stop.RequestStop();
    });
  }
  absl::Status status = task.run(TaskRun{stop.token(), &late});
  finished.RequestStop();
  if (timer.joinable()) timer.join();
  *timed_out = late;
  return status;
}

}  // namespace rollcall
