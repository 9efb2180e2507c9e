#include "collectors/resources/host_snapshot.h"

#include <algorithm>

namespace rollcall {
namespace {

constexpr uint64_t kWhole = 10'000;  // hundredths of a percent

std::optional<CpuSample> CpuBetween(const std::optional<CpuTimes>& before, const std::optional<CpuTimes>& now) {
  if (!before.has_value() || !now.has_value()) return std::nullopt;
  if (now->user < before->user || now->system < before->system || now->steal < before->steal) return std::nullopt;
  // These two are known to go back a little on kernels that stop their tick.
  const uint64_t idle = now->idle - std::min(before->idle, now->idle);
  const uint64_t iowait = now->iowait - std::min(before->iowait, now->iowait);
  const uint64_t user = now->user - before->user;
  const uint64_t system = now->system - before->system;
  const uint64_t steal = now->steal - before->steal;
  const uint64_t all = user + system + steal + idle + iowait;
  if (all == 0) return std::nullopt;
  const auto share = [all](uint64_t ticks) {
    return static_cast<uint32_t>(static_cast<double>(ticks) / static_cast<double>(all) * kWhole);
  };
  return CpuSample{share(user), share(system), share(iowait), share(steal), now->cpus};
}

std::optional<StallSample> StallBetween(const std::optional<StallTotals>& before, const std::optional<StallTotals>& now,
                                        absl::Duration duration) {
  if (!before.has_value() || !now.has_value() || now->some < before->some || now->full < before->full) {
    return std::nullopt;
  }
  const auto share = [duration](uint64_t microseconds) {
    const double part = static_cast<double>(microseconds) / absl::ToDoubleMicroseconds(duration);
    return static_cast<uint32_t>(std::min(part, 1.0) * kWhole);
  };
  return StallSample{share(now->some - before->some), share(now->full - before->full)};
}

// How many whole units the running total passed on its way from `before` by `step`: what is
// rounded off now counts next time.
uint64_t WholeUnits(uint64_t before, uint64_t step) {
  return ((before + step) / kSampleByteUnit - before / kSampleByteUnit) * kSampleByteUnit;
}

DiskSample DiskOf(const Counters<kDiskCounters>& before, const Counters<kDiskCounters>& steps) {
  return {WholeUnits(before[kReadBytes], steps[kReadBytes]), steps[kReads],
          WholeUnits(before[kWrittenBytes], steps[kWrittenBytes]), steps[kWrites]};
}

InterfaceSample InterfaceOf(const Counters<kInterfaceCounters>& before, const Counters<kInterfaceCounters>& steps) {
  InterfaceSample sample;
  sample.received_bytes = WholeUnits(before[kReceivedBytes], steps[kReceivedBytes]);
  sample.sent_bytes = WholeUnits(before[kSentBytes], steps[kSentBytes]);
  sample.packets_received = steps[kPacketsReceived];
  sample.packets_sent = steps[kPacketsSent];
  sample.receive_errors = steps[kReceiveErrors];
  sample.send_errors = steps[kSendErrors];
  sample.receive_drops = steps[kReceiveDrops];
  sample.send_drops = steps[kSendDrops];
  return sample;
}

// Samples of the devices that are in both and were not reset.
template <size_t N, typename Figures, typename Convert>
void DevicesBetween(const std::map<std::string, Counters<N>>& before, const std::map<std::string, Counters<N>>& now,
                    Convert convert, std::map<std::string, Figures>* samples) {
  for (const auto& [name, counters] : now) {
    const auto old = before.find(name);
    if (old == before.end()) continue;
    const std::optional<Counters<N>> steps = StepsOf(old->second, counters);
    if (steps.has_value()) samples->emplace(name, convert(old->second, *steps));
  }
}

absl::Duration DurationBetween(const HostSnapshot& before, const HostSnapshot& now) {
  if (before.uptime.has_value() && now.uptime.has_value()) return *now.uptime - *before.uptime;
  return now.monotonic - before.monotonic;
}

}  // namespace

bool IsSameBoot(const HostSnapshot& before, const HostSnapshot& now) {
  if (before.boot_id != now.boot_id) return false;
  return !before.uptime.has_value() || !now.uptime.has_value() || *now.uptime >= *before.uptime;
}

ResourceSample SampleBetween(const HostSnapshot* before, const HostSnapshot& now) {
  ResourceSample sample;
  sample.at = now.at;
  sample.uptime = now.uptime;
  sample.load = now.load;
  sample.memory = now.memory;
  sample.processes = now.processes;
  sample.filesystems = now.filesystems;
  if (before == nullptr || !IsSameBoot(*before, now)) return sample;
  sample.duration = std::max(DurationBetween(*before, now), absl::ZeroDuration());
  if (sample.duration == absl::ZeroDuration()) return sample;
  sample.cpu = CpuBetween(before->cpu, now.cpu);
  sample.cpu_pressure = StallBetween(before->cpu_stalls, now.cpu_stalls, sample.duration);
  sample.memory_pressure = StallBetween(before->memory_stalls, now.memory_stalls, sample.duration);
  sample.io_pressure = StallBetween(before->io_stalls, now.io_stalls, sample.duration);
  DevicesBetween(before->disks, now.disks, DiskOf, &sample.disks);
  DevicesBetween(before->interfaces, now.interfaces, InterfaceOf, &sample.interfaces);
  return sample;
}

}  // namespace rollcall
