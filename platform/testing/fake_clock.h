// A clock that tests move by hand.
#ifndef ROLLCALL_PLATFORM_TESTING_FAKE_CLOCK_H_
#define ROLLCALL_PLATFORM_TESTING_FAKE_CLOCK_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#include "platform/clock.h"

namespace rollcall {

// Stands still until told otherwise. Wall clock and monotonic clock move together, except in
// JumpWallClock. Thread-safe.
class FakeClock : public Clock {
 public:
  // 2024-01-01T00:00:00Z unless told otherwise; the monotonic clock starts at one hour.
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1704067200)) : now_(now) {}

  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  absl::Duration Monotonic() const override {
    const std::lock_guard lock(mutex_);
    return monotonic_;
  }

  // Blocks in real time until another thread advances far enough or requests the stop.
  bool WaitUntil(absl::Duration deadline, const StopToken& stop) const override {
    std::unique_lock lock(mutex_);
    ++waiters_;
    changed_.notify_all();
    // A StopToken cannot notify this clock's condition, so the stop is polled.
    while (monotonic_ < deadline && !stop.stop_requested()) changed_.wait_for(lock, std::chrono::milliseconds(1));
    --waiters_;
    return !stop.stop_requested();
  }

  // Moves both clocks and wakes whoever waits in WaitUntil.
  void Advance(absl::Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
    monotonic_ += duration;
    changed_.notify_all();
  }

  // Sets the wall clock only, as an administrator or NTP does.
  void JumpWallClock(absl::Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

  // Blocks until `count` threads are inside WaitUntil; false after `limit` of real time. With
  // it a test knows that a thread sleeps before it advances the clock.
  bool AwaitWaiters(int count, absl::Duration limit = absl::Seconds(10)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoNanoseconds(limit), [&] { return waiters_ >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int waiters_ = 0;
  absl::Time now_;
  absl::Duration monotonic_ = absl::Hours(1);
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_FAKE_CLOCK_H_
