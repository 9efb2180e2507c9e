#include "agent/watchdog/watchdog_policy.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace rollcall {
namespace {

// Limits are left at less than they are entered at, or the state would flap.
constexpr double kCalmMemory = 0.9;
constexpr double kCalmCpu = 0.5;
constexpr uint32_t kMemoryStretch = 2;

double MiB(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

WatchdogDecision WatchdogPolicy::Observe(const UsageSample& sample) {
  WatchdogDecision decision;
  ObserveCpu(sample, &decision);
  ObserveMemory(sample, &decision);
  decision.stretch = std::max(cpu_stretch_, above_soft_ ? kMemoryStretch : 1);
  decision.stretch = std::min(decision.stretch, std::max<uint32_t>(limits_.max_stretch, 1));
  return decision;
}

void WatchdogPolicy::ObserveMemory(const UsageSample& sample, WatchdogDecision* decision) {
  const uint64_t rss = sample.resident_bytes;
  if (rss > limits_.soft_rss_bytes) {
    decision->shed = !last_shed_.has_value() || sample.at - *last_shed_ >= limits_.shed_every;
    if (decision->shed) last_shed_ = sample.at;
    if (!above_soft_) {
      decision->reason = absl::StrFormat("resident memory is %.1f MiB, more than %.1f MiB: giving memory back",
                                         MiB(rss), MiB(limits_.soft_rss_bytes));
    }
    above_soft_ = true;
  } else if (above_soft_ && static_cast<double>(rss) < kCalmMemory * static_cast<double>(limits_.soft_rss_bytes)) {
    above_soft_ = false;
    decision->reason = absl::StrFormat("resident memory is %.1f MiB again", MiB(rss));
  }
  if (rss <= limits_.hard_rss_bytes) {
    above_hard_since_.reset();
    return;
  }
  if (!above_hard_since_.has_value()) above_hard_since_ = sample.at;
  if (sample.at - *above_hard_since_ < limits_.hard_rss_for) return;
  decision->exit = true;
  decision->reason = absl::StrFormat("resident memory is %.1f MiB, more than %.1f MiB for %s: ending, to be restarted",
                                     MiB(rss), MiB(limits_.hard_rss_bytes), absl::FormatDuration(limits_.hard_rss_for));
}

void WatchdogPolicy::ObserveCpu(const UsageSample& sample, WatchdogDecision* decision) {
  if (!sample.first_inventory_done) {
    window_.clear();
    return;
  }
  // The oldest sample kept is the newest that is a whole window ago.
  window_.push_back(sample);
  while (window_.size() >= 2 && sample.at - window_[1].at >= limits_.cpu_window) window_.pop_front();
  const absl::Duration elapsed = sample.at - window_.front().at;
  if (elapsed < limits_.cpu_window || elapsed <= absl::ZeroDuration()) return;
  cpu_share_ = absl::FDivDuration(sample.cpu_time - window_.front().cpu_time, elapsed);
  const uint32_t before = cpu_stretch_;
  if (*cpu_share_ > limits_.cpu_share) {
    cpu_stretch_ = std::min(cpu_stretch_ * 2, std::max<uint32_t>(limits_.max_stretch, 1));
  } else if (*cpu_share_ < kCalmCpu * limits_.cpu_share) {
    cpu_stretch_ = std::max<uint32_t>(cpu_stretch_ / 2, 1);
  }
  if (cpu_stretch_ == before) return;
  decision->reason =
      absl::StrFormat("%.1f %% of a core over %s with a limit of %.1f %%: intervals times %u", 100 * *cpu_share_,
                      absl::FormatDuration(limits_.cpu_window), 100 * limits_.cpu_share, cpu_stretch_);
  // The next change waits for a window that lies wholly after this one.
  window_.assign(1, sample);
}

}  // namespace rollcall
