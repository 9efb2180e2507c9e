#include "platform/clock.h"

#include <time.h>

#include <chrono>
#include <utility>

#include "absl/time/clock.h"

namespace rollcall {

struct StopToken::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool stopped = false;
};

StopToken::StopToken() : state_(std::make_shared<State>()) {}
StopToken::StopToken(std::shared_ptr<State> state) : state_(std::move(state)) {}

bool StopToken::stop_requested() const {
  const std::lock_guard lock(state_->mutex);
  return state_->stopped;
}

StopSource::StopSource() : state_(std::make_shared<StopToken::State>()) {}

void StopSource::RequestStop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
  }
  state_->changed.notify_all();
}

StopToken StopSource::token() const { return StopToken(state_); }

void StopToken::WaitFor(absl::Duration timeout) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, absl::ToChronoNanoseconds(timeout), [this] { return state_->stopped; });
}

absl::Time SystemClock::Now() const { return absl::Now(); }

absl::Duration SystemClock::Monotonic() const {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

absl::Duration KernelAwakeTime() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

bool SystemClock::WaitUntil(absl::Duration deadline, const StopToken& stop) const {
  for (;;) {
    if (stop.stop_requested()) return false;
    const absl::Duration left = deadline - Monotonic();
    if (left <= absl::ZeroDuration()) return true;
    stop.WaitFor(left);
  }
}

}  // namespace rollcall
