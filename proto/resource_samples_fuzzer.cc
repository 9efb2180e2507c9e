// What unpacks, packs to the same samples again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "proto/resource_samples.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rollcall::pb::ResourceUsage usage;
  if (!usage.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto samples = rollcall::UnpackSamples(usage);
  if (!samples.ok()) return 0;
  if (samples->size() != usage.sample_count()) std::abort();
  for (const rollcall::ResourceSample& sample : *samples) {
    if (sample.duration < absl::ZeroDuration()) std::abort();
    for (const auto& [name, disk] : sample.disks) {
      if (disk.read_bytes % rollcall::kSampleByteUnit != 0) std::abort();
    }
  }
  const auto again = rollcall::UnpackSamples(rollcall::PackSamples(*samples));
  if (!again.ok() || *again != *samples) std::abort();
  return 0;
}
