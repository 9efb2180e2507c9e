#include "agent/scheduler/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "agent/scheduler/due_time.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What ran, in order. Thread-safe.
class Journal {
 public:
  void Add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.push_back(name);
    changed_.notify_all();
  }
  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    return names_;
  }
  bool AwaitSize(size_t size) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return names_.size() >= size; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> names_;
};

class SchedulerTest : public ::testing::Test {
 protected:
  ScheduledTask Task(const std::string& name, absl::Duration interval = absl::Hours(1)) {
    ScheduledTask task;
    task.name = name;
    task.interval = interval;
    task.timeout = absl::InfiniteDuration();
    task.run = [this, name](const TaskRun&) {
      journal_.Add(name);
      return absl::OkStatus();
    };
    task.throttled = [this, name] { journal_.Add("throttled " + name); };
    return task;
  }

  void Start(std::vector<ScheduledTask> tasks) {
    SchedulerOptions options;
    options.agent_id = "agent";
    scheduler_ = std::make_unique<Scheduler>(options, std::move(tasks), &clock_);
    scheduler_->Start();
    Settle();
  }

  // The scheduler has done everything there is to do at this time.
  void Settle() { ASSERT_TRUE(clock_.AwaitWaiters(1)); }

  // Advances in steps small enough that each task meets its own due time.
  void Advance(absl::Duration duration, absl::Duration step = absl::Minutes(1)) {
    for (absl::Duration done; done < duration; done += step) {
      clock_.Advance(step);
      Converge();
    }
  }

  // The waiter may be one about to wake: wait until nothing is due.
  void Converge() {
    for (int i = 0; i < 100000; ++i) {
      bool due = false;
      for (const TaskStats& stats : scheduler_->Stats()) due |= stats.running || stats.next_due <= clock_.Monotonic();
      if (!due) break;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    Settle();
  }

  TaskStats StatsOf(const std::string& name) {
    for (const TaskStats& stats : scheduler_->Stats()) {
      if (stats.name == name) return stats;
    }
    ADD_FAILURE() << "no task " << name;
    return {};
  }

  FakeClock clock_;
  Journal journal_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, FirstRunsAreQuickAndHeavyOnesLast) {
  ScheduledTask heavy = Task("heavy");
  heavy.heavy = true;
  ScheduledTask slow = Task("slow");
  slow.timeout = absl::Minutes(5);
  ScheduledTask quick = Task("quick");
  quick.timeout = absl::Seconds(5);
  Start({heavy, slow, quick});
  EXPECT_FALSE(scheduler_->InitialRunsDone());
  Advance(absl::Seconds(60), absl::Seconds(1));
  EXPECT_THAT(journal_.names(), ElementsAre("quick", "slow", "heavy"));
  EXPECT_TRUE(scheduler_->InitialRunsDone());
}

TEST_F(SchedulerTest, RunsOncePerIntervalAtItsPlace) {
  Start({Task("a")});
  Advance(absl::Hours(10));
  EXPECT_GE(journal_.names().size(), 10u);
  EXPECT_LE(journal_.names().size(), 11u);
  const TaskStats stats = StatsOf("a");
  EXPECT_EQ(stats.runs, journal_.names().size());
  const absl::Duration spread = HostSpread("agent", "a", absl::Hours(1));
  EXPECT_EQ(stats.next_due, NextDue(stats.next_due, absl::Hours(1), spread));
}

TEST_F(SchedulerTest, ASuspendIsNotMadeUpFor) {
  Start({Task("a"), Task("b")});
  Advance(absl::Minutes(1), absl::Seconds(1));
  const size_t before = journal_.names().size();
  clock_.Advance(absl::Hours(24 * 30));
  Converge();
  EXPECT_EQ(journal_.names().size(), before + 2);
}

TEST_F(SchedulerTest, AJumpOfTheWallClockChangesNothing) {
  Start({Task("a")});
  Advance(absl::Minutes(1), absl::Seconds(1));
  clock_.JumpWallClock(absl::FromUnixSeconds(0));
  clock_.JumpWallClock(absl::FromUnixSeconds(4000000000));
  Converge();
  EXPECT_EQ(journal_.names().size(), 1u);
}

TEST_F(SchedulerTest, OffTasksDoNotRunUntilTurnedOn) {
  Start({Task("a", absl::ZeroDuration())});
  Advance(absl::Hours(3));
  EXPECT_THAT(journal_.names(), IsEmpty());
  EXPECT_TRUE(scheduler_->InitialRunsDone());
  EXPECT_TRUE(scheduler_->SetInterval("a", absl::Hours(1)));
  Converge();
  EXPECT_THAT(journal_.names(), ElementsAre("a"));
  EXPECT_TRUE(scheduler_->SetInterval("a", absl::ZeroDuration()));
  Advance(absl::Hours(5));
  EXPECT_THAT(journal_.names(), ElementsAre("a"));
  EXPECT_EQ(StatsOf("a").next_due, absl::InfiniteDuration());
  EXPECT_FALSE(scheduler_->SetInterval("unknown", absl::Hours(1)));
}

TEST_F(SchedulerTest, RunSoonIsDebounced) {
  Start({Task("a", absl::Hours(24))});
  Advance(absl::Minutes(2), absl::Seconds(1));
  ASSERT_EQ(journal_.names().size(), 1u);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(scheduler_->RunSoon("a"));
  Advance(absl::Seconds(3), absl::Seconds(1));
  EXPECT_EQ(journal_.names().size(), 2u);
  // Pauses grow while requests keep coming: 2 s, 4 s, 8 s.
  for (int i = 0; i < 16; ++i) {
    EXPECT_TRUE(scheduler_->RunSoon("a"));
    Advance(absl::Seconds(1), absl::Seconds(1));
  }
  EXPECT_GE(journal_.names().size(), 4u);
  EXPECT_LE(journal_.names().size(), 5u);
  EXPECT_FALSE(scheduler_->RunSoon("unknown"));
}

TEST_F(SchedulerTest, AnIdleHostReactsWithinASecond) {
  Start({Task("a", absl::Hours(24))});
  Advance(absl::Minutes(2), absl::Seconds(1));
  ASSERT_EQ(journal_.names().size(), 1u);
  for (int i = 0; i < 10; ++i) {  // more requests put it off only so far
    scheduler_->RunSoon("a");
    Advance(absl::Milliseconds(100), absl::Milliseconds(100));
  }
  EXPECT_EQ(journal_.names().size(), 2u);
}

TEST_F(SchedulerTest, RunSoonFromATaskRunsAnother) {
  ScheduledTask task = Task("a", absl::Hours(24));
  task.run = [this](const TaskRun&) {
    journal_.Add("a");
    if (journal_.names().size() == 1) scheduler_->RunSoon("a");
    return absl::OkStatus();
  };
  Start({task});
  Advance(absl::Minutes(2), absl::Seconds(1));
  EXPECT_EQ(journal_.names().size(), 2u);
}

TEST_F(SchedulerTest, TimeoutStopsTheRun) {
  ScheduledTask task = Task("stuck");
  task.timeout = absl::Seconds(30);
  task.run = [this](const TaskRun& run) {
    journal_.Add("started");
    while (!run.stop.stop_requested()) run.stop.WaitFor(absl::Milliseconds(50));
    return *run.timed_out ? absl::DeadlineExceededError("run: out of time") : absl::CancelledError("");
  };
  Start({task});
  ASSERT_TRUE(journal_.AwaitSize(1));
  ASSERT_TRUE(clock_.AwaitWaiters(1));  // the timer
  EXPECT_TRUE(StatsOf("stuck").running);
  clock_.Advance(absl::Seconds(31));
  Converge();
  const TaskStats stats = StatsOf("stuck");
  EXPECT_EQ(stats.timeouts, 1u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(stats.last_status));
  EXPECT_EQ(stats.last_duration, absl::Seconds(31));
}

TEST_F(SchedulerTest, StopCancelsTheRunAndNothingRunsAfter) {
  ScheduledTask task = Task("stuck");
  task.timeout = absl::Hours(1);
  task.run = [this](const TaskRun& run) {
    journal_.Add("started");
    while (!run.stop.stop_requested()) run.stop.WaitFor(absl::Milliseconds(50));
    journal_.Add(*run.timed_out ? "late" : "stopped");
    return absl::CancelledError("run: stopped");
  };
  Start({task, Task("other")});
  ASSERT_TRUE(journal_.AwaitSize(1));
  scheduler_->Stop();
  scheduler_->Stop();
  EXPECT_THAT(journal_.names(), ElementsAre("started", "stopped"));
}

TEST_F(SchedulerTest, StopBeforeStart) {
  Scheduler scheduler({}, {Task("a")}, &clock_);
  scheduler.Stop();
  scheduler.Start();
  EXPECT_THAT(journal_.names(), IsEmpty());
}

TEST_F(SchedulerTest, RunsNeverOverlap) {
  std::atomic<int> running{0};
  std::atomic<bool> overlapped{false};
  std::vector<ScheduledTask> tasks;
  for (int i = 0; i < 4; ++i) {
    ScheduledTask task = Task(std::to_string(i), absl::Minutes(2));
    task.run = [&](const TaskRun&) {
      if (++running > 1) overlapped = true;
      std::this_thread::yield();
      --running;
      journal_.Add("run");
      return absl::OkStatus();
    };
    tasks.push_back(task);
  }
  Start(std::move(tasks));
  std::thread requests([this] {
    for (int i = 0; i < 200; ++i) scheduler_->RunSoon(std::to_string(i % 4));
  });
  Advance(absl::Minutes(20), absl::Seconds(20));
  requests.join();
  EXPECT_FALSE(overlapped);
  EXPECT_GE(journal_.names().size(), 36u);
}

TEST_F(SchedulerTest, StretchLeavesOutRunsAndSaysSo) {
  Start({Task("a")});
  Advance(absl::Minutes(1), absl::Seconds(1));
  scheduler_->SetStretch(3);
  Advance(absl::Hours(7));
  const std::vector<std::string> names = journal_.names();
  const TaskStats stats = StatsOf("a");
  EXPECT_EQ(stats.runs + stats.throttled, names.size());
  EXPECT_GE(stats.throttled, 4u);
  ASSERT_GE(names.size(), 4u);
  EXPECT_THAT(std::vector<std::string>(names.begin(), names.begin() + 4),
              ElementsAre("a", "throttled a", "throttled a", "a"));
  scheduler_->SetStretch(1);
  Advance(absl::Hours(2));
  EXPECT_EQ(journal_.names().back(), "a");
  // A run that was asked for is never left out.
  scheduler_->SetStretch(1000);
  const uint64_t runs = StatsOf("a").runs;
  scheduler_->RunSoon("a");
  Advance(absl::Minutes(2), absl::Seconds(10));
  EXPECT_EQ(StatsOf("a").runs, runs + 1);
}

TEST_F(SchedulerTest, FailuresAreKeptInTheStatistics) {
  ScheduledTask task = Task("failing");
  task.run = [](const TaskRun&) { return absl::PermissionDeniedError("read /x: denied"); };
  Start({task});
  Converge();
  EXPECT_TRUE(absl::IsPermissionDenied(StatsOf("failing").last_status));
  EXPECT_EQ(StatsOf("failing").runs, 1u);
}

}  // namespace
}  // namespace rollcall
