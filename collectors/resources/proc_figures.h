// Figures of the whole system in /proc, see proc(5) and the kernel's Documentation/accounting/psi.rst.
// Pure functions over bytes. InvalidArgument says what is missing or bad.
#ifndef ROLLCALL_COLLECTORS_RESOURCES_PROC_FIGURES_H_
#define ROLLCALL_COLLECTORS_RESOURCES_PROC_FIGURES_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/resource_samples.h"

namespace rollcall {

// Time of all CPUs together since boot, in clock ticks.
struct CpuTimes {
  // With nice, and with the time of guests, which the kernel counts there too.
  uint64_t user = 0;
  // With hard and soft interrupts.
  uint64_t system = 0;
  uint64_t iowait = 0;
  // 0 before Linux 2.6.11.
  uint64_t steal = 0;
  uint64_t idle = 0;
  // CPUs online.
  uint32_t cpus = 0;

  friend bool operator==(const CpuTimes&, const CpuTimes&) = default;
};

// The `cpu` lines of /proc/stat. Takes a text that was cut after them.
absl::StatusOr<CpuTimes> ParseCpuTimes(absl::string_view text);

// /proc/loadavg.
absl::StatusOr<LoadSample> ParseLoadAverages(absl::string_view text);

// /proc/meminfo. Linux before 3.14 has no MemAvailable, which is an error: what is free besides
// caches can only be guessed there.
absl::StatusOr<MemorySample> ParseMemory(absl::string_view text);

// Microseconds since boot in which some, or all, tasks waited.
struct StallTotals {
  uint64_t some = 0;
  // 0 where the kernel does not say, as for CPUs before Linux 5.13.
  uint64_t full = 0;

  friend bool operator==(const StallTotals&, const StallTotals&) = default;
};

// A file of /proc/pressure.
absl::StatusOr<StallTotals> ParsePressure(absl::string_view text);

// /proc/uptime; suspended time counts.
absl::StatusOr<absl::Duration> ParseUptime(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RESOURCES_PROC_FIGURES_H_
