// Durations counted in buckets, by many threads at once.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_LATENCY_HISTOGRAM_H_
#define ROLLCALL_TESTS_BENCH_FLEET_LATENCY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "absl/time/time.h"

namespace rollcall {

// Sixteen buckets for each doubling from a microsecond up: a quantile is at most 6 % too large.
// Thread-safe.
class LatencyHistogram {
 public:
  void Add(absl::Duration latency) {
    const int64_t microseconds = absl::ToInt64Microseconds(latency);
    buckets_[BucketOf(static_cast<uint64_t>(microseconds < 0 ? 0 : microseconds))].fetch_add(1,
                                                                                             std::memory_order_relaxed);
  }

  uint64_t count() const {
    uint64_t count = 0;
    for (const auto& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
    return count;
  }

  // The latency that `share` (0 to 1) of all are not above; zero if there are none.
  absl::Duration Quantile(double share) const {
    const uint64_t all = count();
    if (all == 0) return absl::ZeroDuration();
    const uint64_t wanted = static_cast<uint64_t>(share * static_cast<double>(all - 1)) + 1;
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen >= wanted) return absl::Microseconds(static_cast<int64_t>(UpperEdge(i)));
    }
    return absl::ZeroDuration();
  }

 private:
  static constexpr int kBits = 4;
  static constexpr uint64_t kPerDoubling = 1 << kBits;

  static size_t BucketOf(uint64_t value) {
    if (value < kPerDoubling) return value;
    const int shift = std::bit_width(value) - 1 - kBits;
    const size_t bucket = (static_cast<size_t>(shift) << kBits) + (value >> shift);
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  static uint64_t UpperEdge(size_t bucket) {
    if (bucket < kPerDoubling) return bucket;
    const size_t shift = (bucket >> kBits) - 1;
    return ((bucket - (shift << kBits) + 1) << shift) - 1;
  }

  // Up to some three hours.
  static constexpr size_t kBuckets = 31 << kBits;
  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_LATENCY_HISTOGRAM_H_
