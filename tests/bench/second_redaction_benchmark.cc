// What the backend's second look for secrets costs a record: of the simulated fleet's hosts, as they come in
// one after the other, and of a host that sends its complete set again. CPU time, so that other programs
// on the machine count for little.
#include <memory>
#include <utility>
#include <vector>

#include "backend/ingest/second_redaction.h"
#include "benchmark/benchmark.h"
#include "proto/kind_registry.h"
#include "tests/bench/fleet/host_model.h"

namespace rollcall {
namespace {

constexpr uint32_t kRecords = 1500;
constexpr uint32_t kImages = 4;

// One batch for each of the host's units; what the second look does not read is left out.
std::vector<PreparedBatch> BatchesOf(const HostModel& model, uint64_t host) {
  std::vector<PreparedBatch> batches;
  for (size_t unit = 0; unit < model.units().size(); ++unit) {
    PreparedBatch& batch = batches.emplace_back();
    batch.collector = std::string(model.units()[unit].collector);
    for (uint32_t i = 0; i < model.units()[unit].records; ++i) {
      const pb::Record record = model.MakeRecord(host, unit, i, 0);
      PreparedRecord& prepared = batch.records.emplace_back();
      prepared.kind = KindOf(record)->number;
      prepared.payload = record.SerializeAsString();
    }
  }
  return batches;
}

// Redacts one host in each iteration: another one, or the same.
void Measure(benchmark::State& state, bool another) {
  const HostModel model(1, kRecords, kImages);
  const auto redactor = std::make_unique<SecondRedactor>();
  IngestObserver observer;
  NullLogger logger;
  // As many as the images, so that what is measured is not the first sight of an image.
  uint64_t host = 0;
  for (; host < kImages; ++host) {
    for (PreparedBatch& batch : BatchesOf(model, host)) redactor->Redact(&batch, &observer, &logger);
  }
  std::vector<PreparedBatch> batches = BatchesOf(model, 0);
  for (auto _ : state) {
    if (another) {
      state.PauseTiming();
      batches = BatchesOf(model, host++);
      state.ResumeTiming();
    }
    for (PreparedBatch& batch : batches) redactor->Redact(&batch, &observer, &logger);
  }
  state.SetItemsProcessed(state.iterations() * model.records_per_host());
}

void BM_AnotherHost(benchmark::State& state) { Measure(state, true); }
void BM_SameHostAgain(benchmark::State& state) { Measure(state, false); }

BENCHMARK(BM_AnotherHost)->Unit(benchmark::kMicrosecond)->Iterations(300);
BENCHMARK(BM_SameHostAgain)->Unit(benchmark::kMicrosecond)->Iterations(300);

}  // namespace
}  // namespace rollcall
