// What a run of the load generator measured.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_REPORT_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/fleet/fleet_options.h"
#include "tests/bench/fleet/fleet_stats.h"
#include "tests/bench/fleet/process_usage.h"

namespace rollcall {

// A stretch of the run: what happened in it alone.
struct PhaseReport {
  std::string name;
  absl::Duration time;
  bool timed_out = false;
  uint64_t welcomes = 0;
  uint64_t refused = 0;
  uint64_t batches = 0;  // acknowledged, as are records
  uint64_t records = 0;
  uint64_t heartbeats = 0;
  uint64_t wire_sent = 0;
  uint64_t wire_received = 0;
  absl::Duration backend_cpu;
  absl::Duration own_cpu;
  uint64_t backend_rss_bytes = 0;  // at its end
  // Records acknowledged until then, for rates within the phase.
  std::vector<std::pair<absl::Duration, uint64_t>> samples;

  // Records a second in each tenth of the phase's records, oldest first; empty if there were few.
  std::vector<double> RecordRates() const;
};

struct FleetReport {
  FleetOptions options;
  uint32_t records_per_host = 0;
  absl::Duration time;
  std::vector<PhaseReport> phases;
  const FleetStats* stats = nullptr;
  // At the end; zero if the process is not known.
  ProcessUsage backend;
  ProcessUsage own;
  uint64_t wire_sent = 0;
  uint64_t wire_received = 0;
  bool interrupted = false;

  uint64_t records_lost() const { return stats->records_created - stats->records_acknowledged; }
  // Nothing lost, nothing different, nothing given up.
  bool good() const;
};

std::string ReportAsText(const FleetReport& report);
// One JSON object and a newline; README.md describes it.
std::string ReportAsJson(const FleetReport& report);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_REPORT_H_
