// Keeps the agent within its own limits.
#ifndef ROLLCALL_AGENT_WATCHDOG_WATCHDOG_H_
#define ROLLCALL_AGENT_WATCHDOG_WATCHDOG_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/watchdog/watchdog_policy.h"
#include "platform/clock.h"

namespace rollcall {

struct ResourceUsage {
  uint64_t resident_bytes = 0;
  absl::Duration cpu_time;
};

// What the watchdog can see and do. Called on its thread; must not call Stop. Empty members
// are left out.
struct WatchdogHooks {
  // Of this process. Required.
  std::function<absl::StatusOr<ResourceUsage>()> read_usage;
  std::function<bool()> first_inventory_done;
  // Drop what can be made again; memory is returned to the system afterwards.
  std::function<void()> shed;
  std::function<void(uint32_t factor)> set_stretch;
  // Ask the program to end in order, with the exit code that means restart. Called once.
  std::function<void(const std::string& reason)> exit;
  // For the log.
  std::function<void(const std::string& message)> report;
};

// For status and metrics.
struct WatchdogStats {
  uint64_t resident_bytes = 0;
  absl::Duration cpu_time;
  std::optional<double> cpu_share;
  uint32_t stretch = 1;
  uint64_t samples = 0;
  uint64_t failed_samples = 0;
  uint64_t sheds = 0;
};

// One thread that samples and acts. A usage that cannot be read is counted, reported once,
// and changes nothing. Thread-safe.
class Watchdog {
 public:
  // `clock` must outlive the watchdog.
  Watchdog(const WatchdogLimits& limits, WatchdogHooks hooks, const Clock* clock,
           absl::Duration period = absl::Seconds(5));
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Once.
  void Start();
  // Idempotent.
  void Stop();
  WatchdogStats Stats() const;

 private:
  void Loop(const StopToken& stop);
  void SampleOnce();
  void Act(const WatchdogDecision& decision);

  const WatchdogHooks hooks_;
  const Clock* const clock_;
  const absl::Duration period_;
  StopSource stop_;
  std::thread thread_;
  // Of the watchdog's thread only.
  WatchdogPolicy policy_;
  uint32_t stretch_ = 1;
  bool exit_asked_ = false;
  bool failure_reported_ = false;
  mutable std::mutex mutex_;  // guards stats_
  WatchdogStats stats_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_WATCHDOG_WATCHDOG_H_
