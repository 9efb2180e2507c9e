// Counters of disks and network interfaces: /proc/diskstats (the kernel's
// Documentation/admin-guide/iostats.rst) and /proc/PID/net/dev (proc(5)). Pure functions.
#ifndef ROLLCALL_COLLECTORS_RESOURCES_DEVICE_COUNTERS_H_
#define ROLLCALL_COLLECTORS_RESOURCES_DEVICE_COUNTERS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Counters since the device came up.
template <size_t N>
using Counters = std::array<uint64_t, N>;

// Bytes come from sectors of 512 bytes, whatever the disk's own are.
enum DiskCounter { kReadBytes, kReads, kWrittenBytes, kWrites, kDiskCounters };

enum InterfaceCounter {
  kReceivedBytes,
  kPacketsReceived,
  kReceiveErrors,
  kReceiveDrops,
  kSentBytes,
  kPacketsSent,
  kSendErrors,
  kSendDrops,
  kInterfaceCounters
};

template <size_t N>
struct Device {
  std::string name;
  Counters<N> counters = {};
};

template <size_t N>
struct DeviceTable {
  // In the order of the file.
  std::vector<Device<N>> devices;
  // One for each line that could not be read; at most a few are kept.
  std::vector<absl::Status> problems;
};

// Most devices of one table.
inline constexpr size_t kMaxDevices = 10'000;

// Every line, partitions with them.
DeviceTable<kDiskCounters> ParseDiskStats(absl::string_view text);
DeviceTable<kInterfaceCounters> ParseNetDev(absl::string_view text);

// Whether `name` is a partition of `disk`, which the file lists before it: `sda1`, `nvme0n1p1`.
bool IsPartitionOf(absl::string_view name, absl::string_view disk);

// The disks of a table that have done anything: no partitions, no memory (ram, zram), no loops
// over files, no optical or floppy drives.
std::vector<Device<kDiskCounters>> DisksInUse(std::vector<Device<kDiskCounters>> devices);

// How far one device's counters moved; nullopt if the device was reset or replaced meanwhile.
//
// A counter that is smaller than before wrapped at 32 bits if the others went on and it was in
// the upper half of that range. When they all went back, or it was not near the end, this is
// another count.
std::optional<Counters<kDiskCounters>> StepsOf(const Counters<kDiskCounters>& before,
                                               const Counters<kDiskCounters>& after);
std::optional<Counters<kInterfaceCounters>> StepsOf(const Counters<kInterfaceCounters>& before,
                                                    const Counters<kInterfaceCounters>& after);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RESOURCES_DEVICE_COUNTERS_H_
