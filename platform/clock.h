// Time, injected. Nothing else in the tree asks the system for it.
#ifndef ROLLCALL_PLATFORM_CLOCK_H_
#define ROLLCALL_PLATFORM_CLOCK_H_

#include <condition_variable>
#include <memory>
#include <mutex>

#include "absl/time/time.h"

namespace rollcall {

// Tells long work to end. Copies share one state. Thread-safe.
class StopToken {
 public:
  // A token nobody can stop.
  StopToken();

  bool stop_requested() const;
  // Returns after `timeout` of real time, or as soon as a stop is requested.
  void WaitFor(absl::Duration timeout) const;

 private:
  friend class StopSource;
  struct State;
  explicit StopToken(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// The other end of a StopToken. Thread-safe.
class StopSource {
 public:
  StopSource();
  // Makes stop_requested() true and wakes everyone in Clock::WaitUntil. Idempotent.
  void RequestStop();
  StopToken token() const;

 private:
  std::shared_ptr<StopToken::State> state_;
};

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time, UTC.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary point; never goes back.
  virtual absl::Duration Monotonic() const = 0;
  // Returns when `Monotonic() >= deadline` (true) or a stop is requested (false).
  virtual bool WaitUntil(absl::Duration deadline, const StopToken& stop) const = 0;
  // WaitUntil(Monotonic() + duration).
  bool WaitFor(absl::Duration duration, const StopToken& stop) const { return WaitUntil(Monotonic() + duration, stop); }
};

// The system's clock.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
  bool WaitUntil(absl::Duration deadline, const StopToken& stop) const override;
};

// Time since boot without what the machine slept (CLOCK_MONOTONIC): what systemd counts timers in.
// Of the running kernel, whatever clock is injected.
absl::Duration KernelAwakeTime();

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_CLOCK_H_
