// Records of 1 KB per second (items_per_second) into the spool with group commit, beside the least any
// durable log could do: a bare write(2) of each record and an fdatasync(2) after as many. The goal is
// 100,000 a second.
//
// Runs in the directory named by TMPDIR, or /tmp: that disk is what is measured.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/sync_policy.h"
#include "platform/clock.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

constexpr size_t kRecordBytes = 1024;

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spool_benchmark.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void SetRates(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kRecordBytes));
}

// The floor: a write(2) of each record, and an fdatasync(2) after each `state.range(0)`.
void BareWriteAndSync(benchmark::State& state) {
  const TempDirectory directory;
  const ScopedFd file(::open((directory.path() + "/log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const std::string record(kRecordBytes, 'r');
  int64_t written = 0;
  for (auto _ : state) {
    if (::write(file.get(), record.data(), record.size()) < 0) return state.SkipWithError("write failed");
    if (++written % state.range(0) == 0 && ::fdatasync(file.get()) != 0) return state.SkipWithError("fdatasync failed");
  }
  SetRates(state);
}
// Each record by itself, as the stricter of the spool's settings groups them, and as the agent does.
BENCHMARK(BareWriteAndSync)->Arg(1)->Arg(64)->Arg(256)->UseRealTime()->MinTime(2);

std::unique_ptr<DirectorySpool> OpenSpool(const std::string& path) {
  auto spool = DirectorySpool::Open(path, {.min_free_bytes = 0, .min_free_fraction = 0});
  return spool.ok() ? *std::move(spool) : nullptr;
}

// As the agent does it: synced every 256 KiB or second, acknowledged a window later.
void SpoolGroupCommit(benchmark::State& state) {
  const TempDirectory directory;
  const auto spool = OpenSpool(directory.path() + "/spool");
  if (spool == nullptr) return state.SkipWithError("cannot open the spool");
  const SystemClock clock;
  const SpoolUnit unit{"ports", "host"};
  const std::string record(kRecordBytes, 'r');
  SyncPolicy policy;
  for (auto _ : state) {
    const auto sequence = spool->Append(unit, record);
    if (!sequence.ok()) return state.SkipWithError("append failed");
    const absl::Duration now = clock.Monotonic();
    policy.NoteAppended(record.size(), now);
    if (policy.Due(now)) {
      if (!spool->Sync().ok()) return state.SkipWithError("sync failed");
      policy.NoteSynced();
    }
    if (*sequence % 8192 == 0 && !spool->Acknowledge(*sequence - 4096).ok()) {
      return state.SkipWithError("acknowledge failed");
    }
  }
  SetRates(state);
}
BENCHMARK(SpoolGroupCommit)->UseRealTime()->MinTime(2);

// The stricter setting, comparable with the bare loop.
void SpoolSyncEvery64(benchmark::State& state) {
  const TempDirectory directory;
  const auto spool = OpenSpool(directory.path() + "/spool");
  if (spool == nullptr) return state.SkipWithError("cannot open the spool");
  const std::string record(kRecordBytes, 'r');
  for (auto _ : state) {
    const auto sequence = spool->Append({"ports", "host"}, record);
    if (!sequence.ok()) return state.SkipWithError("append failed");
    if (*sequence % 64 == 0 && !spool->Sync().ok()) return state.SkipWithError("sync failed");
    if (*sequence % 8192 == 0 && !spool->Acknowledge(*sequence - 4096).ok()) {
      return state.SkipWithError("acknowledge failed");
    }
  }
  SetRates(state);
}
BENCHMARK(SpoolSyncEvery64)->UseRealTime()->MinTime(2);

void SpoolRead(benchmark::State& state) {
  const TempDirectory directory;
  const auto spool = OpenSpool(directory.path() + "/spool");
  if (spool == nullptr) return state.SkipWithError("cannot open the spool");
  for (int i = 0; i < 20000; ++i) {
    if (!spool->Append({"ports", "host"}, std::string(kRecordBytes, 'r')).ok()) return state.SkipWithError("append");
  }
  uint64_t from = 1;
  int64_t read = 0;
  for (auto _ : state) {
    const auto entries = spool->Read(from, 64, size_t{1} << 20);
    if (!entries.ok()) return state.SkipWithError("read failed");
    read += static_cast<int64_t>(entries->size());
    from = entries->empty() || entries->back().sequence >= 19900 ? 1 : entries->back().sequence + 1;
  }
  state.SetItemsProcessed(read);
}
BENCHMARK(SpoolRead)->UseRealTime();

void SpoolRecovery(benchmark::State& state) {
  const TempDirectory directory;
  {
    const auto spool = OpenSpool(directory.path() + "/spool");
    for (int i = 0; spool != nullptr && i < 50000; ++i) {
      if (!spool->Append({"ports", "host"}, std::string(kRecordBytes, 'r')).ok()) return state.SkipWithError("append");
    }
  }
  for (auto _ : state) {
    const auto spool = OpenSpool(directory.path() + "/spool");
    if (spool == nullptr || spool->Stats().entries != 50000) return state.SkipWithError("entries are missing");
  }
  state.SetItemsProcessed(state.iterations() * 50000);
}
BENCHMARK(SpoolRecovery)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rollcall
