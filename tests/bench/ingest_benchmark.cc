// Records per second of one core through ValidateBatch: the first inventories of simulated hosts, as they come from
// the wire, read from their bytes, and parsed.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "backend/ingest/batch_validator.h"
#include "tests/bench/fleet/unit_runs.h"

namespace rollcall {
namespace {

constexpr uint32_t kRecords = 1500;
constexpr size_t kHosts = 8;
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

std::vector<pb::Batch> Inventories() {
  const HostModel model(1, kRecords, 4);
  UnitRuns runs(&model, kHosts, kNow);
  std::vector<pb::Batch> batches;
  for (size_t host = 0; host < kHosts; ++host) {
    for (size_t unit = 0; unit < model.units().size(); ++unit) {
      const PlannedRun run{.unit = unit, .epoch = 1, .generation = 1, .after = runs.DigestOf(host, unit, 0).value()};
      for (uint32_t part = 0; part < runs.PartsOf(run); ++part) {
        batches.push_back(runs.MakeBatch(host, run, part, kNow).value());
      }
    }
  }
  return batches;
}

void Validate(benchmark::State& state, RecordReading reading) {
  const std::vector<pb::Batch> batches = Inventories();
  const BatchContext context{{"acme", "agent"}, kNow, absl::ZeroDuration()};
  int64_t records = 0;
  for (auto _ : state) {
    for (const pb::Batch& batch : batches) {
      const ValidatedBatch validated = ValidateBatch(batch, context, {}, reading);
      if (!validated.status.ok()) std::abort();
      records += static_cast<int64_t>(validated.batch.records.size());
    }
  }
  state.SetItemsProcessed(records);
}

void BM_ReadRecords(benchmark::State& state) { Validate(state, RecordReading::kCanonical); }
BENCHMARK(BM_ReadRecords);
void BM_ParseRecords(benchmark::State& state) { Validate(state, RecordReading::kParse); }
BENCHMARK(BM_ParseRecords);

}  // namespace
}  // namespace rollcall
