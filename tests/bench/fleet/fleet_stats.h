// What the whole fleet has done.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_STATS_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_STATS_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "tests/bench/fleet/latency_histogram.h"

namespace rollcall {

// Counts since the start, added to by all agents. Thread-safe.
struct FleetStats {
  std::atomic<uint64_t> attempts = 0;
  std::atomic<uint64_t> welcomes = 0;
  // Sessions open now, greeted or not, and those greeted.
  std::atomic<int64_t> open = 0;
  std::atomic<int64_t> greeted = 0;
  // Streams that ended before their Welcome, and after it, by status code.
  std::array<std::atomic<uint64_t>, 17> refused{};
  std::array<std::atomic<uint64_t>, 17> ended{};
  std::atomic<uint64_t> drains = 0;

  std::atomic<uint64_t> runs = 0;
  std::atomic<uint64_t> batches_created = 0;
  std::atomic<uint64_t> batches_sent = 0;
  std::atomic<uint64_t> batches_acknowledged = 0;
  // Records count once however often their batch was sent.
  std::atomic<uint64_t> records_created = 0;
  std::atomic<uint64_t> records_acknowledged = 0;
  std::atomic<uint64_t> resyncs = 0;
  std::atomic<uint64_t> heartbeats = 0;
  std::atomic<uint64_t> confirmations = 0;
  // Messages, without what HTTP/2 and TLS add.
  std::atomic<uint64_t> bytes_sent = 0;
  std::atomic<uint64_t> bytes_received = 0;

  // Units of a Welcome compared with the agent's own, and those that differed.
  std::atomic<uint64_t> agents_compared = 0;
  std::atomic<uint64_t> units_compared = 0;
  std::atomic<uint64_t> units_different = 0;

  // From the write of a batch to its acknowledgement; from the start of a connection to Welcome.
  LatencyHistogram acknowledgement;
  LatencyHistogram greeting;

  void CountEnd(bool was_greeted, absl::StatusCode code) {
    auto& counts = was_greeted ? ended : refused;
    counts[static_cast<size_t>(code) % counts.size()].fetch_add(1, std::memory_order_relaxed);
  }
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_STATS_H_
