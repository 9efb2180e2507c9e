#include "tests/bench/fleet/fleet_scheduler.h"

#include <algorithm>

namespace rollcall {

FleetScheduler::FleetScheduler(const Clock* clock, OnTime on_time) : clock_(clock), on_time_(std::move(on_time)) {
  thread_ = std::thread([this] { Run(); });
}

FleetScheduler::~FleetScheduler() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void FleetScheduler::At(absl::Duration when, size_t agent) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = appointments_.empty() || when < appointments_.top().first;
    appointments_.emplace(when, agent);
  }
  if (first) changed_.notify_one();
}

void FleetScheduler::Bury(std::unique_ptr<Buried> object) {
  {
    const std::lock_guard lock(mutex_);
    graveyard_.push_back(std::move(object));
  }
  changed_.notify_one();
}

void FleetScheduler::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (!graveyard_.empty()) {
      std::vector<std::unique_ptr<Buried>> dead;
      dead.swap(graveyard_);
      lock.unlock();
      dead.clear();
      lock.lock();
      continue;
    }
    if (appointments_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto [when, agent] = appointments_.top();
    const absl::Duration wait = when - clock_->Monotonic();
    if (wait > absl::ZeroDuration()) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(std::min(wait, absl::Hours(1))));
      continue;
    }
    appointments_.pop();
    lock.unlock();
    on_time_(agent);
    lock.lock();
  }
  graveyard_.clear();
}

}  // namespace rollcall
