// One run of one collector, from start to result.
#ifndef ROLLCALL_COLLECTORS_RUN_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_RUN_COLLECTOR_H_

#include <cstddef>
#include <optional>

#include "absl/time/time.h"
#include "collectors/collector.h"
#include "platform/clock.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// What configuration may set for a run; unset is the descriptor's.
struct RunLimits {
  std::optional<size_t> max_records;
  std::optional<absl::Duration> interval;
};

// The fields that are known before a run: collector, collector_version, scope (HOST),
// started_at and interval. The rest is unset.
pb::RunResult BeginRun(const Collector::Descriptor& descriptor, const RunLimits& limits, const Clock& clock);

// Runs `collector` once and writes into `result` (made by BeginRun) how it ended: status
// as Collector::Collect documents, counts, problems, times and the CPU time of the calling
// thread. Records beyond the limit are counted, not passed on, and the run is PARTIAL.
//
// The time limit is the caller's: whoever watches the run requests a stop, and the run
// ends PARTIAL. A collector that ends with a failure after it emitted records is PARTIAL
// too, since those records are true. Blocks; at most one run per collector at a time.
void FinishRun(Collector& collector, const Collector::Descriptor& descriptor, const RunLimits& limits,
               const Clock& clock, const StopToken& stop, RecordSink& sink, pb::RunResult* result);

// Lets `collector` emit what it has gathered (Collector::Flush) and adds the number of records
// to `result`. A sink that refuses makes a complete run PARTIAL; its error becomes a problem.
void FlushCollector(Collector& collector, RecordSink& sink, pb::RunResult* result);

// BeginRun and FinishRun in one.
pb::RunResult RunCollector(Collector& collector, const Collector::Descriptor& descriptor, const RunLimits& limits,
                           const Clock& clock, const StopToken& stop, RecordSink& sink);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RUN_COLLECTOR_H_
