// The parsers of a host's counters. The first byte chooses one, so that each gets its share; a
// table is also compared with the one that the other half of the text makes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/resources/device_counters.h"
#include "collectors/resources/host_snapshot.h"
#include "collectors/resources/proc_figures.h"
#include "proto/resource_samples.h"

namespace {

using rollcall::HostSnapshot;

template <typename Table, typename Kept>
void Keep(const Table& table, Kept* kept) {
  for (const auto& device : table.devices) kept->emplace(device.name, device.counters);
}

HostSnapshot SnapshotOf(int choice, absl::string_view text) {
  HostSnapshot snapshot;
  switch (choice) {
    case 0:
      if (auto cpu = rollcall::ParseCpuTimes(text); cpu.ok()) snapshot.cpu = *cpu;
      break;
    case 1:
      if (auto load = rollcall::ParseLoadAverages(text); load.ok()) snapshot.load = *load;
      break;
    case 2:
      if (auto memory = rollcall::ParseMemory(text); memory.ok()) snapshot.memory = *memory;
      break;
    case 3:
      if (auto stalls = rollcall::ParsePressure(text); stalls.ok()) snapshot.io_stalls = *stalls;
      break;
    case 4:
      if (auto uptime = rollcall::ParseUptime(text); uptime.ok()) snapshot.uptime = *uptime;
      break;
    case 5:
      Keep(rollcall::ParseNetDev(text), &snapshot.interfaces);
      break;
    default: {
      auto table = rollcall::ParseDiskStats(text);
      for (const auto& disk : rollcall::DisksInUse(std::move(table.devices))) {
        snapshot.disks.emplace(disk.name, disk.counters);
      }
    }
  }
  return snapshot;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const int choice = data[0] % 7;
  const absl::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const HostSnapshot before = SnapshotOf(choice, text.substr(0, text.size() / 2));
  HostSnapshot now = SnapshotOf(choice, text.substr(text.size() / 2));
  SnapshotOf(choice, text);
  now.monotonic = absl::Minutes(1);
  const rollcall::ResourceSample sample = rollcall::SampleBetween(&before, now);
  if (sample.duration < absl::ZeroDuration()) std::abort();
  if (sample.cpu.has_value() &&
      sample.cpu->user + sample.cpu->system + sample.cpu->iowait + sample.cpu->steal > 10'000) {
    std::abort();
  }
  if (sample.memory.has_value() && sample.memory->available_bytes > sample.memory->total_bytes) std::abort();
  return 0;
}
