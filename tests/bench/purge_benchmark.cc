// How long ingest waits for a purge: the time from a batch to its answer, idle and while another thread purges. Batches
// come at a fixed rate, as from a fleet, and late ones follow at once.
//
//   purge_benchmark [ROWS] [SECONDS]   rows to purge (1,000,000), seconds idle (10)
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "backend/store/bucket_purge.h"
#include "backend/store/sqlite/sqlite_store.h"

namespace rollcall {
namespace {

constexpr int kPackage = 104;
constexpr int64_t kOldAgents = 1000;
constexpr int64_t kNewAgents = 200;
constexpr int64_t kBatchRecords = 100;
constexpr absl::Duration kBatchEvery = absl::Milliseconds(20);

const absl::Time kOldDay = absl::FromUnixSeconds(1'700'000'000);  // 2023-11-14
const absl::Time kNewDay = kOldDay + absl::Hours(24 * 5);

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "purge_benchmark: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

// Batches of records that nobody has seen, one unit after the other.
class Fleet {
 public:
  Fleet(SqliteStore* store, absl::string_view name, int64_t agents, absl::Time at) : store_(store), at_(at) {
    for (int64_t i = 0; i < agents; ++i) {
      agents_.push_back({"acme", absl::StrCat(name, "-", i)});
      Check(store_->EnrollAgent(agents_.back(), at));
    }
  }

  void Send(int64_t records) {
    PreparedBatch batch;
    batch.agent = agents_[sent_ % agents_.size()];
    batch.collector = "os_packages";
    batch.scope.set_type(pb::Scope::HOST);
    batch.epoch = 1;
    batch.generation = 1 + sent_++ / agents_.size();
    batch.last = true;
    batch.mode = pb::MERGE;
    batch.run_result.set_status(pb::RunResult::PARTIAL);
    batch.run_result.set_collector_version("1");
    batch.received_at = at_;
    for (int64_t i = 0; i < records; ++i) batch.records.push_back(NewRecord());
    std::sort(batch.records.begin(), batch.records.end(),
              [](const auto& a, const auto& b) { return a.asset_key < b.asset_key; });
    Check(store_->ApplyGroup(absl::MakeConstSpan(&batch, 1)).status());
  }

 private:
  PreparedRecord NewRecord() {
    PreparedRecord record;
    record.kind = kPackage;
    for (uint8_t& byte : record.asset_key) byte = static_cast<uint8_t>(random_());
    for (uint8_t& byte : record.fingerprint) byte = static_cast<uint8_t>(random_());
    record.collected_at = at_;
    record.payload.assign(150, 'p');
    return record;
  }

  SqliteStore* const store_;
  const absl::Time at_;
  std::vector<AgentName> agents_;
  uint64_t sent_ = 0;
  std::mt19937_64 random_{1};
};

// Sends batches at their rate while `go_on`, and says how long each took.
void Measure(const char* what, Fleet* fleet, const std::function<bool()>& go_on) {
  std::vector<double> millis;
  const SystemClock clock;
  absl::Duration next = clock.Monotonic();
  while (go_on()) {
    clock.WaitUntil(next, StopToken());
    const absl::Duration from = clock.Monotonic();
    fleet->Send(kBatchRecords);
    const absl::Duration to = clock.Monotonic();
    millis.push_back(absl::ToDoubleMilliseconds(to - from));
    next = std::max(next + kBatchEvery, to);
  }
  std::sort(millis.begin(), millis.end());
  const auto at = [&](size_t percent) { return millis.empty() ? 0.0 : millis[(millis.size() - 1) * percent / 100]; };
  std::printf("%-8s %6zu batches of %d: p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", what, millis.size(),
              static_cast<int>(kBatchRecords), at(50), at(99), at(100));
  std::fflush(stdout);
}

void MeasurePurge(SqliteStore* store, Fleet* fleet) {
  const SystemClock clock;
  std::atomic<bool> done{false};
  const auto beside = [&](const char* what, const std::function<void()>& work) {
    done = false;
    const absl::Duration from = clock.Monotonic();
    absl::Duration took;
    std::thread thread([&] {
      work();
      took = clock.Monotonic() - from;
      done = true;
    });
    Measure(what, fleet, [&] { return !done; });
    thread.join();
    std::printf("%-8s took %.1f s\n", what, absl::ToDoubleSeconds(took));
  };
  const BucketRef bucket = {"acme", {"ALL", pb::ASSET_BASIC, absl::CivilDay(2023, 11, 14)}, absl::UTCTimeZone()};
  beside("purging", [&] {
    const auto report = EmptyBucket(store, bucket, 1, PurgePace(), clock, StopToken());
    Check(report.status());
    std::printf("%-8s %llu rows in %llu transactions\n", "purging", static_cast<unsigned long long>(report->deleted),
                static_cast<unsigned long long>(report->batches));
  });
  beside("erasing", [&] { Check(EraseResidue(store, PurgePace(), clock, StopToken())); });
}

int Main(int argc, char** argv) {
  int64_t rows = 1'000'000;
  int seconds = 10;
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &rows)) return 2;
  if (argc > 2 && !absl::SimpleAtoi(argv[2], &seconds)) return 2;
  std::string folder = (std::filesystem::temp_directory_path() / "purge_benchmark_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    auto store = SqliteStore::Open({folder + "/rollcall.db"});
    Check(store.status());
    Check((*store)->AddTenant("acme", kOldDay));
    Fleet old(store->get(), "old", kOldAgents, kOldDay);
    for (int64_t i = 0; i < kOldAgents; ++i) old.Send(rows / kOldAgents);
    Fleet fleet(store->get(), "new", kNewAgents, kNewDay);
    std::printf("%.0f MB of database\n",
                static_cast<double>(std::filesystem::file_size(folder + "/rollcall.db")) / 1e6);
    const SystemClock clock;
    const absl::Duration end = clock.Monotonic() + absl::Seconds(seconds);
    Measure("idle", &fleet, [&] { return clock.Monotonic() < end; });
    MeasurePurge(store->get(), &fleet);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) { return rollcall::Main(argc, argv); }
