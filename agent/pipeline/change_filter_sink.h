// Turns complete observations into changes.
#ifndef ROLLCALL_AGENT_PIPELINE_CHANGE_FILTER_SINK_H_
#define ROLLCALL_AGENT_PIPELINE_CHANGE_FILTER_SINK_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "agent/pipeline/baseline.h"
#include "agent/pipeline/run_sink.h"
#include "agent/pipeline/run_writer.h"
#include "agent/spool/spool.h"
#include "agent/unit_states.h"

namespace rollcall {

// Compares every run with what the backend is believed to hold of its unit, and at the run's
// end gives the difference to a RunWriter:
//
//   status        baseline held and in order   otherwise
//   COMPLETE      DELTA, with retirements      FULL; an empty DELTA if the backend is known to
//                                              hold this very set and nothing is on its way
//   PARTIAL       DELTA, nothing retired       MERGE of everything seen
//   the others    DELTA of nothing             MERGE of nothing
//
// A run that found what the backend holds and ended as the run the backend knows is not written
// at all: it becomes a confirmation in UnitStates, which the next heartbeat carries. So a host on
// which nothing changes costs a few bytes a heartbeat.
//
// Samples (KindOptions.sample) are written as they come, whatever the baseline: they are in no
// set and no digest.
//
// What the spool lost of a collector is told in the next run of each of its units, as a degradation.
//
// A baseline is out of order when the backend asked for the complete set or the spool lost
// entries of the unit. Both are looked up when the run begins; what happens during a run is
// served by the next one. A request of the backend always gets a FULL: whoever asks has found
// that the digests cannot be trusted.
//
// Memory: 48 bytes per record of every unit; during a run, the serialized records that
// changed (all of them without a baseline). Used by one thread at a time; the counters may be
// read from any thread.
class ChangeFilterSink : public RunSink {
 public:
  // Larger records are not sent: the run becomes PARTIAL and says so.
  static constexpr size_t kMaxRecordBytes = 1 << 20;

  // Everything must outlive this.
  ChangeFilterSink(UnitStates* states, const Spool* spool, RunWriter* writer)
      : states_(states), spool_(spool), writer_(writer) {}

  absl::Status BeginRun(const pb::RunResult& run) override;
  // FailedPrecondition outside a run; InvalidArgument for a record without payload.
  absl::Status Emit(pb::Record&& record) override;
  // The writer's error; the unit's next complete run is then FULL.
  absl::Status EndRun(const pb::RunResult& result) override;

  // Since the start: records emitted, sent, retired, and dropped because an earlier record of
  // the run had their asset key.
  struct Counters {
    std::atomic<uint64_t> seen{0};
    std::atomic<uint64_t> sent{0};
    std::atomic<uint64_t> retired{0};
    std::atomic<uint64_t> duplicates{0};
    // Runs that were confirmed instead of sent.
    std::atomic<uint64_t> confirmed{0};
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Run {
    SpoolUnit unit;
    bool full_requested = false;
    // The unit's set as the backend holds it; nullptr if that is not known.
    const Baseline* baseline = nullptr;
    // Per item of the baseline, whether this run saw it.
    std::vector<bool> seen;
    // Records that are not in the baseline, or not like this.
    std::vector<Baseline::Item> changed;
    std::vector<std::string> changed_bytes;
    // Per record that changed, whether it is new to the baseline.
    std::vector<bool> created;
    // Serialized samples; outside of every set.
    std::vector<std::string> samples;
    absl::flat_hash_set<AssetKey> new_keys;
    // Something that changed cannot be found again.
    bool unrepeatable = false;
    uint64_t distinct = 0;
    uint64_t duplicates = 0;
    uint64_t oversized = 0;
  };

  bool IsDuplicate(const AssetKey& key, size_t index);
  absl::Status EmitSample(const pb::Record& record);
  RunOutput Describe(const pb::RunResult& result, Baseline* after);
  EntryClass ClassOf(const RunOutput& output) const;
  // Notes in the result what the spool lost of the collector since the last run that was kept.
  void NoteLosses(uint64_t losses, pb::RunResult* result) const;
  void DescribeDelta(RunOutput* output, Baseline* after);
  void DescribeWithoutBaseline(RunOutput* output, Baseline* after);
  bool TellsNothingNew(const SpoolUnit& unit, const RunOutput& output) const;
  void Confirm(const SpoolUnit& unit, const RunOutput& output);

  // The last run of a unit that was written: its number, and its result without times.
  struct Reported {
    RunNumber number;
    std::string outcome;
  };

  UnitStates* states_;
  const Spool* spool_;
  RunWriter* writer_;
  std::map<SpoolUnit, Baseline> baselines_;
  std::map<SpoolUnit, Reported> reported_;
  // Per unit, the spool's losses that a run has told.
  std::map<SpoolUnit, uint64_t> losses_told_;
  std::unique_ptr<Run> run_;
  Counters counters_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_CHANGE_FILTER_SINK_H_
