// What to do about the agent's own use of memory and CPU: decisions without clock or threads.
#ifndef ROLLCALL_AGENT_WATCHDOG_WATCHDOG_POLICY_H_
#define ROLLCALL_AGENT_WATCHDOG_WATCHDOG_POLICY_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace rollcall {

struct WatchdogLimits {
  // Above the soft limit memory is given back and work is put off; above the hard limit for
  // `hard_rss_for` without a break the agent ends, to be started afresh.
  uint64_t soft_rss_bytes = uint64_t{96} << 20;
  uint64_t hard_rss_bytes = uint64_t{160} << 20;
  absl::Duration hard_rss_for = absl::Minutes(1);
  // Of one core, on average over the window.
  double cpu_share = 0.05;
  absl::Duration cpu_window = absl::Minutes(5);
  // Intervals grow to this many times their length at most.
  uint32_t max_stretch = 8;
  // Memory is given back at most this often.
  absl::Duration shed_every = absl::Minutes(1);
};

struct UsageSample {
  // Clock::Monotonic().
  absl::Duration at;
  uint64_t resident_bytes = 0;
  // User and system time of the process since its start.
  absl::Duration cpu_time;
  // Until then CPU time is not held against the agent: a new host has to be read once.
  bool first_inventory_done = false;
};

struct WatchdogDecision {
  // Drop caches and give free memory back to the system.
  bool shed = false;
  // By what intervals are stretched; 1 is normal.
  uint32_t stretch = 1;
  // End in order, to be restarted.
  bool exit = false;
  // Why, for the log, whenever this decision differs from the one before.
  std::string reason;
};

// Deterministic: the same samples give the same decisions. Samples come in order of time.
// Not thread-safe.
class WatchdogPolicy {
 public:
  explicit WatchdogPolicy(const WatchdogLimits& limits) : limits_(limits) {}

  WatchdogDecision Observe(const UsageSample& sample);

  // Of one core over the window, once the window is full.
  std::optional<double> cpu_share() const { return cpu_share_; }

 private:
  void ObserveMemory(const UsageSample& sample, WatchdogDecision* decision);
  void ObserveCpu(const UsageSample& sample, WatchdogDecision* decision);

  WatchdogLimits limits_;
  bool above_soft_ = false;
  std::optional<absl::Duration> last_shed_;
  std::optional<absl::Duration> above_hard_since_;
  uint32_t cpu_stretch_ = 1;
  std::deque<UsageSample> window_;
  std::optional<double> cpu_share_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_WATCHDOG_WATCHDOG_POLICY_H_
