// Leaves per second through Ledger, on the filesystem of the temporary folder and its syncs: one caller with many
// entries at a time, many callers with one entry each, and what proofs cost. The argument is entries or threads.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backend/ledger/ledger.h"

namespace rollcall {
namespace {

// About 300 bytes: evidence of one store about one bucket.
pb::LedgerEntry Evidence(uint64_t number) {
  pb::LedgerEntry entry;
  entry.mutable_at()->set_seconds(1'711'929'600);
  entry.set_actor("engine");
  entry.set_tenant("acme");
  entry.mutable_bucket()->set_tenant("acme");
  entry.mutable_bucket()->set_region("eu-frankfurt");
  entry.mutable_bucket()->set_hosting_service(absl::StrCat("cvm:ins-", number));
  entry.mutable_bucket()->set_category(pb::ASSET_BASIC);
  entry.mutable_bucket()->set_collected_day("2023-09-15");
  entry.set_epoch(3);
  entry.mutable_policy()->set_id("tcss-dpsa-module");
  entry.mutable_policy()->set_version(1);
  entry.mutable_policy()->set_hash(std::string(32, 'p'));
  entry.set_explanation_hash(std::string(32, 'e'));
  pb::StoreEvidence* store = entry.mutable_store_effect();
  store->set_kind(pb::SQL_STORE);
  store->set_name("main");
  store->set_deleted(number);
  store->set_method("counted rows, log truncated");
  store->mutable_verified_at()->set_seconds(1'711'929'600);
  return entry;
}

std::vector<pb::LedgerEntry> ManyEvidence(int64_t count) {
  std::vector<pb::LedgerEntry> entries;
  for (int64_t i = 0; i < count; ++i) entries.push_back(Evidence(static_cast<uint64_t>(i)));
  return entries;
}

// A ledger in a folder of its own.
class ScratchLedger {
 public:
  ScratchLedger() : folder_((std::filesystem::temp_directory_path() / "ledger_benchmark_XXXXXX").string()) {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    Open();
  }
  ~ScratchLedger() {
    ledger_ = nullptr;
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    ledger_ = nullptr;
    auto files = OpenLedgerFolder(folder_ + "/ledger");
    if (!files.ok()) std::abort();
    auto ledger = Ledger::Open(*std::move(files), &clock_);
    if (!ledger.ok()) std::abort();
    ledger_ = *std::move(ledger);
  }
  void Append(std::vector<pb::LedgerEntry> entries) {
    if (!ledger_->AppendAll(std::move(entries)).ok()) std::abort();
  }
  Ledger* get() { return ledger_.get(); }

 private:
  SystemClock clock_;
  std::string folder_;
  std::unique_ptr<Ledger> ledger_;
};

void AppendBatches(benchmark::State& state) {
  ScratchLedger ledger;
  for (auto _ : state) {
    // What the caller has to say is the caller's time.
    state.PauseTiming();
    std::vector<pb::LedgerEntry> entries = ManyEvidence(state.range(0));
    state.ResumeTiming();
    ledger.Append(std::move(entries));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(AppendBatches)->Arg(1)->Arg(100)->Arg(2'000)->Arg(20'000)->UseRealTime();

void AppendFromThreads(benchmark::State& state) {
  constexpr uint64_t kEach = 200;
  ScratchLedger ledger;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int64_t t = 0; t < state.range(0); ++t) {
      threads.emplace_back([&ledger] {
        for (uint64_t i = 0; i < kEach; ++i) ledger.Append(ManyEvidence(1));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * static_cast<int64_t>(kEach));
}
BENCHMARK(AppendFromThreads)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

void OpenLedger(benchmark::State& state) {
  ScratchLedger ledger;
  ledger.Append(ManyEvidence(state.range(0)));
  for (auto _ : state) ledger.Open();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(OpenLedger)->Arg(200'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void ProveInclusion(benchmark::State& state) {
  ScratchLedger ledger;
  ledger.Append(ManyEvidence(state.range(0)));
  const uint64_t size = ledger.get()->Head().size;
  uint64_t index = 0;
  for (auto _ : state) {
    index = (index + 7919) % size;
    benchmark::DoNotOptimize(ledger.get()->InclusionProof(index, size));
  }
}
BENCHMARK(ProveInclusion)->Arg(200'000);

}  // namespace
}  // namespace rollcall
