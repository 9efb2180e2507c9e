// One sample of this machine, and packing a record.
#include <benchmark/benchmark.h>

#include "collectors/resources/resources_collector.h"
#include "collectors/resources/snapshot_reader.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "proto/resource_samples.h"

namespace rollcall {
namespace {

void BM_TakeSample(benchmark::State& state) {
  const auto files = HostRoot::Create("/");
  const SystemClock clock;
  SnapshotReader reader(files->get(), &clock);
  std::optional<HostSnapshot> before;
  for (auto _ : state) {
    RunReport report;
    HostSnapshot now = *reader.Read(report);
    benchmark::DoNotOptimize(SampleBetween(before.has_value() ? &*before : nullptr, now));
    before = std::move(now);
  }
}
BENCHMARK(BM_TakeSample)->Unit(benchmark::kMicrosecond);

void BM_PackRecord(benchmark::State& state) {
  const auto files = HostRoot::Create("/");
  const SystemClock clock;
  SnapshotReader reader(files->get(), &clock);
  RunReport report;
  HostSnapshot first = *reader.Read(report);
  HostSnapshot second = *reader.Read(report);
  *second.uptime += absl::Minutes(1);
  const std::vector<ResourceSample> samples(kSamplesPerRecord, SampleBetween(&first, second));
  for (auto _ : state) benchmark::DoNotOptimize(PackSamples(samples).SerializeAsString());
}
BENCHMARK(BM_PackRecord)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rollcall
