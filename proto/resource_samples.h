// Samples of a host's resources, and their packed form in a record of kind `resource_usage`.
// Pure functions; agent and readers share them.
#ifndef ROLLCALL_PROTO_RESOURCE_SAMPLES_H_
#define ROLLCALL_PROTO_RESOURCE_SAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "rollcall/v1/records/resource_usage.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Most samples of one record: a mask has 64 bits.
inline constexpr size_t kMaxSamplesPerRecord = 64;

// Samples that an agent packs into one record. More cost fewer bytes a day, reach the backend later
// and are lost together.
inline constexpr size_t kSamplesPerRecord = 36;

// Most filesystems, disks or interfaces of one record.
inline constexpr size_t kMaxSeriesPerRecord = 1'000;

// Bytes of memory, disks and interfaces, and times, are kept in these units, rounded down.
inline constexpr uint64_t kSampleByteUnit = 4096;
inline constexpr absl::Duration kSampleTimeUnit = absl::Milliseconds(100);

// Hundredths of a percent of all CPUs' time since the sample before.
struct CpuSample {
  uint32_t user = 0;
  uint32_t system = 0;
  uint32_t iowait = 0;
  uint32_t steal = 0;
  // Logical CPUs online.
  uint32_t cpus = 0;

  friend bool operator==(const CpuSample&, const CpuSample&) = default;
};

// Hundredths.
struct LoadSample {
  uint64_t one = 0;
  uint64_t five = 0;
  uint64_t fifteen = 0;

  friend bool operator==(const LoadSample&, const LoadSample&) = default;
};

// Used memory is `total_bytes - available_bytes`.
struct MemorySample {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;
  uint64_t swap_total_bytes = 0;
  uint64_t swap_used_bytes = 0;

  friend bool operator==(const MemorySample&, const MemorySample&) = default;
};

struct FilesystemSample {
  // Unit of the filesystem's own accounts.
  uint32_t block_bytes = 0;
  uint64_t used_bytes = 0;
  // To ordinary users.
  uint64_t available_bytes = 0;
  uint64_t inodes_used = 0;
  // 0 where inodes are made as they are needed.
  uint64_t inodes_total = 0;

  friend bool operator==(const FilesystemSample&, const FilesystemSample&) = default;
};

// Since the sample before.
struct DiskSample {
  uint64_t read_bytes = 0;
  uint64_t reads = 0;
  uint64_t written_bytes = 0;
  uint64_t writes = 0;

  friend bool operator==(const DiskSample&, const DiskSample&) = default;
};

// Since the sample before.
struct InterfaceSample {
  uint64_t received_bytes = 0;
  uint64_t sent_bytes = 0;
  uint64_t packets_received = 0;
  uint64_t packets_sent = 0;
  uint64_t receive_errors = 0;
  uint64_t send_errors = 0;
  uint64_t receive_drops = 0;
  uint64_t send_drops = 0;

  friend bool operator==(const InterfaceSample&, const InterfaceSample&) = default;
};

// Hundredths of a percent of the time since the sample before in which some, or all, tasks
// waited for the resource.
struct StallSample {
  uint32_t some = 0;
  uint32_t full = 0;

  friend bool operator==(const StallSample&, const StallSample&) = default;
};

// One look at a host. What is not known is unset, or not in its map.
struct ResourceSample {
  // By the host's clock.
  absl::Time at;
  // Since the sample before, by the time since boot, whatever the clock did. Zero if there was
  // none in this boot.
  absl::Duration duration;
  std::optional<absl::Duration> uptime;
  std::optional<CpuSample> cpu;
  std::optional<LoadSample> load;
  std::optional<MemorySample> memory;
  // With kernel threads.
  std::optional<uint64_t> processes;
  // By mount path, device and name.
  std::map<std::string, FilesystemSample> filesystems;
  std::map<std::string, DiskSample> disks;
  std::map<std::string, InterfaceSample> interfaces;
  std::optional<StallSample> cpu_pressure;
  std::optional<StallSample> memory_pressure;
  std::optional<StallSample> io_pressure;

  friend bool operator==(const ResourceSample&, const ResourceSample&) = default;
};

// Packs samples of one boot, in the order they were taken. Figures are rounded down to their
// units and times to tenths of a second, without the error adding up. Uptimes are kept as that
// of the first sample and the durations.
// REQUIRES: 1 to kMaxSamplesPerRecord samples; names are valid UTF-8.
pb::ResourceUsage PackSamples(absl::Span<const ResourceSample> samples);

// The samples in `usage`, which may come from anyone. InvalidArgument says what is wrong with
// it: no samples or too many, more elements than samples, a series named twice, figures that
// would be negative or have no room, blocks of no size. What it gives, packed and unpacked, is the same.
absl::StatusOr<std::vector<ResourceSample>> UnpackSamples(const pb::ResourceUsage& usage);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_RESOURCE_SAMPLES_H_
