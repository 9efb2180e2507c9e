#include "agent/watchdog/watchdog.h"

#include <malloc.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

void ReturnFreeMemory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace

Watchdog::Watchdog(const WatchdogLimits& limits, WatchdogHooks hooks, const Clock* clock, absl::Duration period)
    : hooks_(std::move(hooks)), clock_(clock), period_(period), policy_(limits) {}

Watchdog::~Watchdog() { Stop(); }

void Watchdog::Start() {
  if (thread_.joinable()) return;
  thread_ = std::thread([this, token = stop_.token()] { Loop(token); });
}

void Watchdog::Stop() {
  stop_.RequestStop();
  if (thread_.joinable()) thread_.join();
}

WatchdogStats Watchdog::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Watchdog::Loop(const StopToken& stop) {
  while (clock_->WaitFor(period_, stop)) SampleOnce();
}

void Watchdog::SampleOnce() {
  const absl::StatusOr<ResourceUsage> usage = hooks_.read_usage();
  if (!usage.ok()) {
    {
      const std::lock_guard lock(mutex_);
      ++stats_.failed_samples;
    }
    if (!std::exchange(failure_reported_, true) && hooks_.report) {
      hooks_.report(absl::StrCat("limits are not watched: ", usage.status().message()));
    }
    return;
  }
  UsageSample sample;
  sample.at = clock_->Monotonic();
  sample.resident_bytes = usage->resident_bytes;
  sample.cpu_time = usage->cpu_time;
  sample.first_inventory_done = !hooks_.first_inventory_done || hooks_.first_inventory_done();
  const WatchdogDecision decision = policy_.Observe(sample);
  {
    const std::lock_guard lock(mutex_);
    ++stats_.samples;
    stats_.resident_bytes = usage->resident_bytes;
    stats_.cpu_time = usage->cpu_time;
    stats_.cpu_share = policy_.cpu_share();
    stats_.stretch = decision.stretch;
    if (decision.shed) ++stats_.sheds;
  }
  Act(decision);
}

void Watchdog::Act(const WatchdogDecision& decision) {
  const bool exit_now = decision.exit && !std::exchange(exit_asked_, true);
  if (!decision.reason.empty() && (!decision.exit || exit_now) && hooks_.report) hooks_.report(decision.reason);
  if (decision.shed) {
    if (hooks_.shed) hooks_.shed();
    ReturnFreeMemory();
  }
  if (std::exchange(stretch_, decision.stretch) != decision.stretch && hooks_.set_stretch) {
    hooks_.set_stretch(decision.stretch);
  }
  if (exit_now && hooks_.exit) hooks_.exit(decision.reason);
}

}  // namespace rollcall
