// The spool of a simulated agent: remembers what to send instead of its bytes.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_RUN_QUEUE_H_
#define ROLLCALL_TESTS_BENCH_FLEET_RUN_QUEUE_H_

#include <deque>
#include <set>

#include "agent/spool/spool.h"
#include "platform/clock.h"
#include "tests/bench/fleet/fleet_stats.h"
#include "tests/bench/fleet/unit_runs.h"

namespace rollcall {

// Keeps runs until they are acknowledged; their batches are made each time they are read, so that
// ten thousand full spools fit into memory. As the spool of a real agent it takes runs while there is
// no backend. Not thread-safe: its agent's mutex guards it.
class RunQueue : public Spool {
 public:
  // All pointers must outlive this.
  RunQueue(uint64_t host, UnitRuns* runs, const HostModel* model, const Clock* clock, FleetStats* stats)
      : host_(host), runs_(runs), model_(model), clock_(clock), stats_(stats) {}

  // Queues all parts of a run.
  void Add(const PlannedRun& run);
  // A batch was written at `at`, for the latency of its acknowledgement.
  void NoteSent(uint64_t sequence, absl::Duration at);

  // InvalidArgument: entries are made of runs, see Add.
  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override;
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<SpoolEntry>> Read(uint64_t from, size_t max_entries, size_t max_bytes) override;
  absl::Status Acknowledge(uint64_t sequence) override;
  bool HasPending(const SpoolUnit& unit) const override;
  absl::Status MarkNeedsFull(const SpoolUnit& unit) override;
  bool NeedsFull(const SpoolUnit& unit) const override { return needs_full_.contains(unit); }
  absl::Status ClearNeedsFull(const SpoolUnit& unit) override;
  SpoolStats Stats() const override;

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    PlannedRun run;
    uint32_t part = 0;
    uint32_t records = 0;
    // Monotonic; InfiniteDuration before it was sent.
    absl::Duration sent_at = absl::InfiniteDuration();
  };

  const uint64_t host_;
  UnitRuns* const runs_;
  const HostModel* const model_;
  const Clock* const clock_;
  FleetStats* const stats_;
  // Sequence of the first entry.
  uint64_t first_ = 1;
  std::deque<Entry> entries_;
  std::set<SpoolUnit> needs_full_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_RUN_QUEUE_H_
