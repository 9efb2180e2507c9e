// What a host's counters and gauges say at one instant, and what happened between two.
#ifndef ROLLCALL_COLLECTORS_RESOURCES_HOST_SNAPSHOT_H_
#define ROLLCALL_COLLECTORS_RESOURCES_HOST_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "collectors/resources/device_counters.h"
#include "collectors/resources/proc_figures.h"
#include "proto/resource_samples.h"

namespace rollcall {

// What could not be read is unset, or not in its map.
struct HostSnapshot {
  absl::Time at;
  // Of the agent's clock, which stands still while a host is suspended.
  absl::Duration monotonic;
  // Counters of two boots have nothing to do with each other. Empty if unknown.
  std::string boot_id;
  std::optional<absl::Duration> uptime;

  std::optional<CpuTimes> cpu;
  std::map<std::string, Counters<kDiskCounters>> disks;
  std::map<std::string, Counters<kInterfaceCounters>> interfaces;
  std::optional<StallTotals> cpu_stalls;
  std::optional<StallTotals> memory_stalls;
  std::optional<StallTotals> io_stalls;

  std::optional<LoadSample> load;
  std::optional<MemorySample> memory;
  std::optional<uint64_t> processes;
  std::map<std::string, FilesystemSample> filesystems;
};

// Whether both are of one boot: the same boot id, and an uptime that did not go back.
bool IsSameBoot(const HostSnapshot& before, const HostSnapshot& now);

// The sample that `now` ends. Without `before`, or if it is of another boot, or if no time passed,
// what happened since then is not known. Pure.
ResourceSample SampleBetween(const HostSnapshot* before, const HostSnapshot& now);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RESOURCES_HOST_SNAPSHOT_H_
