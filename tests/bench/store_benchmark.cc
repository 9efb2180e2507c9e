// Records per second through Store::ApplyGroup, beside the same rows written by a bare loop of SQL:
// what the store's rules cost on top of SQLite. Each iteration is one agent's snapshot. The second
// argument is how many rows of other agents are there before: ten million take half a minute to make.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/connection.h"
#include "backend/store/sqlite/sqlite_store.h"

namespace rollcall {
namespace {

constexpr size_t kPayloadBytes = 150;

std::string MakeFolder() {
  std::string folder = (std::filesystem::temp_directory_path() / "store_benchmark_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  return folder;
}

template <typename Array>
void FillRandom(std::mt19937_64* random, Array* out) {
  for (auto& byte : *out) byte = static_cast<uint8_t>((*random)());
}

PreparedBatch Snapshot(std::mt19937_64* random, int64_t agent, int64_t records) {
  PreparedBatch batch;
  batch.agent = {"acme", absl::StrCat("agent-", agent)};
  batch.collector = "os_packages";
  batch.scope.set_type(pb::Scope::HOST);
  batch.epoch = 1;
  batch.generation = 1;
  batch.last = true;
  batch.mode = pb::FULL;
  batch.run_result.set_status(pb::RunResult::COMPLETE);
  batch.run_result.set_collector_version("1");
  batch.received_at = absl::FromUnixSeconds(1'700'000'000);
  for (int64_t i = 0; i < records; ++i) {
    PreparedRecord record;
    record.kind = 104;
    FillRandom(random, &record.asset_key);
    FillRandom(random, &record.fingerprint);
    record.collected_at = batch.received_at;
    record.payload.assign(kPayloadBytes, 'p');
    batch.after.Add(record.asset_key, record.fingerprint);
    batch.records.push_back(std::move(record));
  }
  std::sort(batch.records.begin(), batch.records.end(),
            [](const auto& a, const auto& b) { return a.asset_key < b.asset_key; });
  return batch;
}

// The bare loop: one prepared statement, what is the same for all rows bound once.
absl::Status InsertBare(Connection* connection, int64_t agent, const PreparedBatch& batch) {
  auto transaction = Transaction::BeginWrite(connection);
  if (!transaction.ok()) return transaction.status();
  Statement insert =
      connection->Prepare("INSERT INTO record VALUES (1, ?1, ?1, ?4, ?5, ?6, ?7, ?2, ?8, ?9, ?10, ?3, ?11)");
  insert.Int(agent).Int(1).Text("1");
  for (const PreparedRecord& record : batch.records) {
    insert.ResetAfter(3);
    insert.Int(record.kind).Bytes(record.asset_key).Bytes(record.fingerprint);
    const absl::Status status = insert.Int(1).Int(1).Int(1).Int(0).Blob(record.payload).Run();
    if (!status.ok()) return status;
  }
  return transaction->Commit();
}

std::unique_ptr<SqliteStore> OpenStore(const std::string& folder) {
  auto store = SqliteStore::Open({folder + "/rollcall.db"});
  if (!store.ok() || !(*store)->AddTenant("acme", absl::UnixEpoch()).ok()) std::abort();
  return *std::move(store);
}

void Apply(benchmark::State& state, SqliteStore* store, const PreparedBatch& batch) {
  const auto outcomes = store->ApplyGroup(absl::MakeConstSpan(&batch, 1));
  if (!outcomes.ok() || outcomes->front().verdict != ApplyVerdict::kApplied) state.SkipWithError("not applied");
}

// A database with so many rows of agents whose numbers are far apart, so that new ones come to lie in
// between; 1,500 rows an agent.
void FillStore(const std::string& folder, int64_t rows) {
  OpenStore(folder).reset();
  auto connection = Connection::Open(folder + "/rollcall.db", Connection::Mode::kReadWrite).value();
  std::mt19937_64 random(2);
  for (int64_t agent = 0; agent * 1500 < rows; ++agent) {
    if (!InsertBare(connection.get(), 1'000'000 + agent, Snapshot(&random, agent, 1500)).ok()) std::abort();
  }
}

// A new agent's first snapshot.
void BM_ApplyFirst(benchmark::State& state) {
  const std::string folder = MakeFolder();
  FillStore(folder, state.range(1));
  auto store = OpenStore(folder);
  std::mt19937_64 random(1);
  int64_t agent = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const PreparedBatch batch = Snapshot(&random, ++agent, state.range(0));
    if (!store->EnrollAgent(batch.agent, absl::UnixEpoch()).ok()) std::abort();
    state.ResumeTiming();
    Apply(state, store.get(), batch);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  store.reset();
  std::filesystem::remove_all(folder);
}
BENCHMARK(BM_ApplyFirst)->Args({1000, 0})->Args({10000, 0})->UseRealTime();
BENCHMARK(BM_ApplyFirst)->Args({10000, 10'000'000})->Iterations(100)->UseRealTime();

// The same rows in the same table, in one transaction, and nothing else.
void BM_BareInsert(benchmark::State& state) {
  const std::string folder = MakeFolder();
  FillStore(folder, state.range(1));
  auto connection = Connection::Open(folder + "/rollcall.db", Connection::Mode::kReadWrite).value();
  std::mt19937_64 random(1);
  int64_t agent = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const PreparedBatch batch = Snapshot(&random, ++agent, state.range(0));
    state.ResumeTiming();
    if (!InsertBare(connection.get(), agent, batch).ok()) state.SkipWithError("not inserted");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  connection.reset();
  std::filesystem::remove_all(folder);
}
BENCHMARK(BM_BareInsert)->Args({1000, 0})->Args({10000, 0})->UseRealTime();
BENCHMARK(BM_BareInsert)->Args({10000, 10'000'000})->Iterations(100)->UseRealTime();

// Snapshots of an agent of which every record, or none, changed.
void ApplyAgain(benchmark::State& state, bool change) {
  const std::string folder = MakeFolder();
  auto store = OpenStore(folder);
  std::mt19937_64 random(1);
  PreparedBatch batch = Snapshot(&random, 1, state.range(0));
  if (!store->EnrollAgent(batch.agent, absl::UnixEpoch()).ok()) std::abort();
  Apply(state, store.get(), batch);
  for (auto _ : state) {
    state.PauseTiming();
    ++batch.generation;
    batch.received_at += absl::Minutes(15);
    if (change) batch.after = SetDigest();
    for (PreparedRecord& record : batch.records) {
      if (!change) break;
      FillRandom(&random, &record.fingerprint);
      record.collected_at = batch.received_at;
      batch.after.Add(record.asset_key, record.fingerprint);
    }
    state.ResumeTiming();
    Apply(state, store.get(), batch);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  store.reset();
  std::filesystem::remove_all(folder);
}
void BM_ApplyUnchanged(benchmark::State& state) { ApplyAgain(state, false); }
BENCHMARK(BM_ApplyUnchanged)->Arg(1000)->UseRealTime();
void BM_ApplyChanged(benchmark::State& state) { ApplyAgain(state, true); }
BENCHMARK(BM_ApplyChanged)->Arg(1000)->UseRealTime();

}  // namespace
}  // namespace rollcall
