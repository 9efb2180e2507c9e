// Deletions in the SQLite engine, where it hurts: what is left in the files, crashes and lost power at every change,
// full disks, and others that write and read meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unordered_set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "backend/keys/testing/crashing_vfs.h"
#include "backend/store/bucket_purge.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

constexpr char kMark[] = "MARKED-";

class SqlitePurgeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/sqlite_purge_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // An empty store with the agents; nullptr if it cannot be opened.
  std::unique_ptr<SqliteStore> Open(uint64_t max_bytes = 0) {
    SqliteStoreOptions options;
    options.path = folder_ + "/rollcall.db";
    options.max_bytes = max_bytes;
    if (disk_ != nullptr) options.sync_file = [this](int fd) { return disk_->SyncDescriptor(fd); };
    auto store = SqliteStore::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return nullptr;
    EXPECT_TRUE((*store)->AddTenant("acme", start_).ok());
    for (const AgentName& agent : {agent_, other_agent_}) EXPECT_TRUE((*store)->EnrollAgent(agent, start_).ok());
    return *std::move(store);
  }
  std::string Files() const {
    std::stringstream all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      all << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    }
    return all.str();
  }
  // A run that adds `count` assets on a day; what is of day 0 is marked.
  RunBuilder Adding(const AgentName& agent, uint64_t generation, int day, int first, int count) const {
    RunBuilder run(agent, "packages", generation);
    run.Mode(pb::MERGE).Status(pb::RunResult::PARTIAL).At(start_ + absl::Hours(24 * day));
    for (int i = first; i < first + count; ++i) {
      run.Record(absl::StrCat(day == 0 ? kMark : "kept-", i), absl::StrFormat("%0*d", 40 + i % 100, i));
    }
    return run;
  }
  static BucketRef Bucket(int day) {
    return {"acme", {"ALL", pb::ASSET_BASIC, absl::CivilDay(2023, 11, 14) + day}, absl::UTCTimeZone()};
  }
  static PurgePace Pace(size_t rows) {
    PurgePace pace;
    pace.batch_rows = rows;
    pace.pause = absl::ZeroDuration();
    pace.residue_wait = absl::ZeroDuration();
    return pace;
  }
  static std::vector<StoredVersion> Current(SqliteStore* store) {
    ScanQuery query;
    query.tenant = "acme";
    const auto page = store->Scan(query, "", 100'000);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->versions : std::vector<StoredVersion>();
  }
  // Digest and counts are those of the rows that are there.
  static void ExpectWhole(SqliteStore* store) {
    SetDigest digest;
    const std::vector<StoredVersion> rows = Current(store);
    for (const StoredVersion& row : rows) digest.Add(row.asset_key, row.fingerprint);
    ASSERT_EQ(store->ListUnits("acme", "agent-1")->at(0).digest, digest);
    uint64_t counted = 0;
    const auto counts = store->CountRecords("acme");
    for (const Store::KindCount& count : *counts) counted += count.count;
    ASSERT_EQ(counted, rows.size());
  }

  const AgentName agent_{"acme", "agent-1"};
  const AgentName other_agent_{"acme", "agent-2"};
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);  // 2023-11-14
  SystemClock clock_;
  std::string folder_;
  // What the files are on, if not on the host's.
  CrashingVfs* disk_ = nullptr;
};

// Where in `bytes` one of the keys stands; 0 times is what is hoped for.
size_t CountKeys(const std::string& bytes, const std::vector<AssetKey>& keys) {
  const auto head = [](const void* from) {
    uint64_t value = 0;
    std::memcpy(&value, from, sizeof(value));
    return value;
  };
  std::unordered_set<uint64_t> heads;
  // By two bytes: most of what is looked at is not even looked up.
  std::vector<char> begins(1 << 16, 0);
  char* const begin = begins.data();
  for (const AssetKey& key : keys) {
    heads.insert(head(key.data()));
    begin[key[0] << 8 | key[1]] = 1;
  }
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const uint8_t* const end = at + bytes.size() - sizeof(uint64_t);
  size_t found = 0;
  for (; at <= end; ++at) {
    if (begin[at[0] << 8 | at[1]] != 0) found += heads.count(head(at));
  }
  return found;
}

size_t CountMarks(const std::string& bytes) {
  size_t found = 0;
  for (size_t at = bytes.find(kMark); at != std::string::npos; at = bytes.find(kMark, at + 1)) ++found;
  return found;
}

// 10,000 marked rows among as many that stay, on the same pages, come and changed in many transactions, some of them
// history, some in parts that wait.
TEST_F(SqlitePurgeTest, NothingOfTenThousandRowsIsLeftInTheFiles) {
  constexpr int kRows = 10'000;
  constexpr int kChunk = 500;
  auto store = Open();
  uint64_t generation = 0;
  for (int first = 0; first < kRows; first += kChunk) {
    ASSERT_TRUE(store->ApplyGroup({Adding(agent_, ++generation, 0, first, kChunk).Batch()}).ok());
    ASSERT_TRUE(store->ApplyGroup({Adding(agent_, ++generation, 3, first, kChunk).Batch()}).ok());
  }
  // A tenth of the marked rows is history by now.
  RunBuilder changed = Adding(agent_, ++generation, 4, 0, 0);
  for (int i = 0; i < kRows; i += 10) changed.Record(absl::StrCat(kMark, i), "changed");
  ASSERT_TRUE(store->ApplyGroup({changed.Batch()}).ok());
  RunBuilder staged = Adding(other_agent_, 1, 0, kRows, 300);
  ASSERT_TRUE(store->ApplyGroup({staged.Parts(2)[0]}).ok());
  std::vector<AssetKey> keys;
  for (int i = 0; i < kRows; ++i) {
    if (i % 10 != 0) keys.push_back(TestKey(absl::StrCat(kMark, i)));
  }
  ASSERT_GE(CountMarks(Files()), size_t{kRows} + 150);
  ASSERT_GE(CountKeys(Files(), keys), keys.size());

  const auto report = PurgeBucket(store.get(), Bucket(0), 1, Pace(kMaxBucketRows), clock_, StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->deleted, uint64_t{kRows});
  EXPECT_EQ(report->staged_parts, 1u);
  EXPECT_EQ(report->remaining.records, 0u);
  // The changed ones are of another day and keep their names.
  const std::string with_changed = Files();
  EXPECT_EQ(CountKeys(with_changed, keys), 0u);
  const auto rest = PurgeBucket(store.get(), Bucket(4), 1, Pace(kMaxBucketRows), clock_, StopToken());
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->deleted, uint64_t{kRows / 10});
  EXPECT_EQ(CountMarks(Files()), 0u);
  EXPECT_EQ(Current(store.get()).size(), size_t{kRows});
  ExpectWhole(store.get());
  store.reset();
  EXPECT_EQ(CountMarks(Files()), 0u);
}

TEST_F(SqlitePurgeTest, AReaderThatHoldsOnIsWaitedForNotIgnored) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1, 0, 0, 100).Batch()}).ok());
  auto reader = Connection::Open(folder_ + "/rollcall.db", Connection::Mode::kReadOnly);
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->Execute("BEGIN").ok());
  ASSERT_TRUE((*reader)->QueryInt("SELECT count(*) FROM record").ok());
  const PurgePace pace = Pace(1000);
  EXPECT_TRUE(absl::IsUnavailable(PurgeBucket(store.get(), Bucket(0), 1, pace, clock_, StopToken()).status()));
  EXPECT_GT(CountMarks(Files()), 0u);
  ASSERT_TRUE((*reader)->Execute("COMMIT").ok());
  const auto report = PurgeBucket(store.get(), Bucket(0), 1, pace, clock_, StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->deleted, 0u);
  EXPECT_EQ(CountMarks(Files()), 0u);
}

class SqlitePurgeCrashTest : public SqlitePurgeTest, public testing::WithParamInterface<bool> {};

// The process goes, or the power with half of a write done, at every change a purge makes to the files: what is
// there afterwards is whole, and the purge carried on leaves nothing.
TEST_P(SqlitePurgeCrashTest, AtEveryChangeOfAPurge) {
  const bool lose_power = GetParam();
  CrashingVfs vfs;
  disk_ = &vfs;
  int crashes = 0;
  for (uint64_t change = 1;; ++change) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    vfs.CrashAt(0, false);
    {
      auto store = Open();
      ASSERT_NE(store, nullptr);
      ASSERT_TRUE(store
                      ->ApplyGroup({Adding(agent_, 1, 0, 0, 40).Batch(), Adding(agent_, 2, 3, 0, 20).Batch(),
                                    Adding(other_agent_, 1, 0, 40, 6).Parts(2)[0]})
                      .ok());
      vfs.CrashAt(change, !lose_power);
      const auto report = PurgeBucket(store.get(), Bucket(0), 1, Pace(16), clock_, StopToken());
      ASSERT_EQ(report.ok(), !vfs.crashed()) << change << ": " << report.status();
    }
    const bool crashed = vfs.crashed();
    vfs.CrashAt(0, false);
    if (lose_power) vfs.LosePower();
    auto store = Open();
    ASSERT_NE(store, nullptr) << change;
    ExpectWhole(store.get());
    ASSERT_EQ(store->CountBucket(Bucket(3))->records, 20u) << change;
    const auto report = PurgeBucket(store.get(), Bucket(0), 1, Pace(16), clock_, StopToken());
    ASSERT_TRUE(report.ok()) << change << ": " << report.status();
    ASSERT_EQ(report->remaining.records + report->remaining.staged, 0u) << change;
    ASSERT_EQ(CountMarks(Files()), 0u) << change;
    ExpectWhole(store.get());
    if (!crashed) break;
    ++crashes;
  }
  EXPECT_GT(crashes, 20);
}

TEST_P(SqlitePurgeCrashTest, AtEveryChangeOfARestoration) {
  const bool lose_power = GetParam();
  CrashingVfs vfs;
  disk_ = &vfs;
  int crashes = 0;
  for (uint64_t change = 1;; ++change) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    vfs.CrashAt(0, false);
    std::vector<BucketRow> archive;
    bool restored = false;
    {
      auto store = Open();
      ASSERT_NE(store, nullptr);
      ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1, 0, 0, 40).Batch()}).ok());
      archive = store->ScanBucket(Bucket(0), "", 100, RowContent::kWhole)->rows;
      ASSERT_TRUE(PurgeBucket(store.get(), Bucket(0), 1, Pace(100), clock_, StopToken()).ok());
      vfs.CrashAt(change, !lose_power);
      restored = store->RestoreRows(Bucket(0), 1, archive).ok();
    }
    const bool crashed = vfs.crashed();
    vfs.CrashAt(0, false);
    if (lose_power) vfs.LosePower();
    auto store = Open();
    ASSERT_NE(store, nullptr) << change;
    ExpectWhole(store.get());
    const uint64_t there = Current(store.get()).size();
    ASSERT_EQ(there, there == 0 ? 0u : 40u) << "all or none";
    if (restored) {
      ASSERT_EQ(there, 40u) << change;
    }
    const auto outcome = store->RestoreRows(Bucket(0), 1, archive);
    ASSERT_TRUE(outcome.ok()) << change << ": " << outcome.status();
    ASSERT_EQ(outcome->present, there);
    ASSERT_EQ(Current(store.get()).size(), 40u);
    if (!crashed) break;
    ++crashes;
  }
  EXPECT_GT(crashes, 3);
}

INSTANTIATE_TEST_SUITE_P(Losses, SqlitePurgeCrashTest, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "Power" : "Process"); });

TEST_F(SqlitePurgeTest, AFullDiskStopsARestorationNotADeletion) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1, 0, 0, 900).Batch()}).ok());
  const std::vector<BucketRow> archive = store->ScanBucket(Bucket(0), "", 1000, RowContent::kWhole)->rows;
  store.reset();
  const uint64_t size = std::filesystem::file_size(folder_ + "/rollcall.db");
  store = Open(size);
  ASSERT_TRUE(PurgeBucket(store.get(), Bucket(0), 1, Pace(100), clock_, StopToken()).ok());
  // Something else takes the room.
  int taken = 0;
  while (
      store->ApplyGroup({Adding(other_agent_, static_cast<uint64_t>(taken) + 1, 5, taken * 100, 100).Batch()}).ok()) {
    ASSERT_LT(++taken, 100);
  }
  const auto full = store->RestoreRows(Bucket(0), 1, archive);
  EXPECT_TRUE(absl::IsUnavailable(full.status())) << full.status();
  EXPECT_EQ(store->CountBucket(Bucket(0))->records, 0u);
  const auto report = PurgeBucket(store.get(), Bucket(5), 1, Pace(100), clock_, StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->deleted, static_cast<uint64_t>(taken) * 100);
  EXPECT_TRUE(store->RestoreRows(Bucket(0), 1, archive).ok());
  ExpectWhole(store.get());
}

TEST_F(SqlitePurgeTest, ADamagedPartIsSaidAndNothingIsDropped) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1, 0, 0, 10).Parts(2)[0]}).ok());
  auto connection = Connection::Open(folder_ + "/rollcall.db", Connection::Mode::kReadWrite);
  ASSERT_TRUE((*connection)->Execute("UPDATE staged_part SET body = x'ffffffff'").ok());
  EXPECT_EQ(store->DropStaged(Bucket(0), 1).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store->CountBucket(Bucket(0)).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqlitePurgeTest, AStoreOfVersionOneIsMigrated) {
  Open();
  {
    auto connection = Connection::Open(folder_ + "/rollcall.db", Connection::Mode::kReadWrite);
    ASSERT_TRUE((*connection)->Execute("DROP TABLE tenant_fence; DROP TABLE residue; PRAGMA user_version=1").ok());
  }
  auto store = Open();
  EXPECT_TRUE(store->RaiseFence("acme", 3).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(store->RaiseFence("acme", 2)));
}

// Whoever waits for the write lock gets it before the rows are all deleted.
TEST_F(SqlitePurgeTest, ADeletionGivesWayToWhoWaits) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1, 0, 0, 900).Batch()}).ok());
  const std::vector<BucketRow> rows = store->ScanBucket(Bucket(0), "", 900, RowContent::kFacts)->rows;
  std::thread agent;
  const auto outcome = store->DeleteRows(Bucket(0), 1, rows, [&] {
    if (!agent.joinable()) {
      agent = std::thread([&] { EXPECT_TRUE(store->ApplyGroup({Adding(other_agent_, 1, 5, 0, 5).Batch()}).ok()); });
    }
    absl::SleepFor(absl::Milliseconds(2));
    return true;
  });
  agent.join();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GE(outcome->handled, 16u);
  EXPECT_LT(outcome->handled, rows.size());
  // Alone, it goes on to the end.
  const auto rest =
      store->DeleteRows(Bucket(0), 1, absl::MakeConstSpan(rows).subspan(outcome->handled), [] { return true; });
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(outcome->deleted + rest->deleted, rows.size());
}

// Agents report, somebody reads, and two try to purge the same.
TEST_F(SqlitePurgeTest, OthersWriteAndReadMeanwhile) {
  auto store = Open();
  for (uint64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(store->ApplyGroup({Adding(agent_, i, 0, static_cast<int>(i) * 200, 200).Batch()}).ok());
  }
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> deleted{0};
  std::thread ingest([&] {
    for (uint64_t generation = 1; !stop; ++generation) {
      ASSERT_TRUE(
          store->ApplyGroup({Adding(other_agent_, generation, 5, static_cast<int>(generation) * 5, 5).Batch()}).ok());
    }
  });
  std::thread reader([&] {
    while (!stop) {
      const auto page = store->ListBuckets("acme", absl::UTCTimeZone(), "", 10);
      ASSERT_TRUE(page.ok()) << page.status();
    }
  });
  std::vector<std::thread> purgers;
  for (int i = 0; i < 2; ++i) {
    purgers.emplace_back([&] {
      PurgePace pace;
      pace.batch_rows = 50;
      const auto report = PurgeBucket(store.get(), Bucket(0), 1, pace, clock_, StopToken());
      ASSERT_TRUE(report.ok()) << report.status();
      ASSERT_EQ(report->remaining.records, 0u);
      deleted += report->deleted;
    });
  }
  for (std::thread& purger : purgers) purger.join();
  stop = true;
  ingest.join();
  reader.join();
  EXPECT_EQ(deleted, 1000u);
  const auto units = store->ListUnits("acme", "");
  EXPECT_EQ(units->at(0).digest, SetDigest());
  EXPECT_EQ(units->at(1).digest.count(), Current(store.get()).size());
}

}  // namespace
}  // namespace rollcall
