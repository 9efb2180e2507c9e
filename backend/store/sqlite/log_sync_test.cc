// What was answered is on the disk: asked of the files as they were when they were last synced.
#include "backend/store/sqlite/log_sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using testing::HasSubstr;

class LogSyncTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/log_sync_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::filesystem::create_directory(folder_ / "live");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<SqliteStore> Open(LogSync::SyncFile sync, int log_pages = 8192) {
    SqliteStoreOptions options;
    options.path = folder_ / "live/rollcall.db";
    options.log_pages = log_pages;
    options.sync_file = std::move(sync);
    auto store = SqliteStore::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  std::unique_ptr<SqliteStore> OpenWithAgents(LogSync::SyncFile sync, int log_pages = 8192) {
    auto store = Open(std::move(sync), log_pages);
    EXPECT_TRUE(store->AddTenant("acme", start_).ok());
    for (int i = 0; i < kAgents; ++i) EXPECT_TRUE(store->EnrollAgent(Agent(i), start_).ok());
    return store;
  }
  static AgentName Agent(int number) { return {"acme", absl::StrCat("agent-", number)}; }
  static RunBuilder Run(int agent, uint64_t generation, int records = 20) {
    RunBuilder run(Agent(agent), "packages", generation);
    for (int i = 0; i < records; ++i) run.Record(absl::StrCat("asset", i), absl::StrCat(generation));
    return run;
  }
  static uint64_t Generation(SqliteStore* store, int agent) {
    const auto units = store->ListUnits("acme", Agent(agent).agent_id);
    EXPECT_TRUE(units.ok()) << units.status();
    return !units.ok() || units->empty() ? 0 : units->front().generation;
  }
  uint64_t LogBytes() const { return std::filesystem::file_size(folder_ / "live/rollcall.db-wal"); }

  static constexpr int kAgents = 4;
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  std::filesystem::path folder_;
};

// A disk that keeps what was synced and nothing else.
class LosingDisk {
 public:
  explicit LosingDisk(std::filesystem::path folder) : folder_(std::move(folder)) {}

  int Sync() {
    const std::lock_guard lock(mutex_);
    std::filesystem::remove_all(folder_ / "kept");
    std::filesystem::copy(folder_ / "live", folder_ / "kept");
    return 0;
  }
  // What is there after the power came back.
  uint64_t GenerationKept(const std::function<uint64_t(SqliteStore*)>& read) {
    const std::lock_guard lock(mutex_);
    std::filesystem::remove_all(folder_ / "found");
    std::filesystem::copy(folder_ / "kept", folder_ / "found");
    auto store = SqliteStore::Open({folder_ / "found/rollcall.db"});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? read(store->get()) : 0;
  }

 private:
  const std::filesystem::path folder_;
  std::mutex mutex_;
};

TEST_F(LogSyncTest, WhatIsAnsweredOutlivesThePower) {
  LosingDisk disk(folder_);
  auto store = OpenWithAgents([&](int) { return disk.Sync(); });
  std::vector<std::thread> writers;
  for (int agent = 0; agent < kAgents; ++agent) {
    writers.emplace_back([&, agent] {
      for (uint64_t generation = 1; generation <= 8; ++generation) {
        ASSERT_TRUE(store->ApplyGroup({Run(agent, generation).Batch()}).ok());
        EXPECT_GE(disk.GenerationKept([&](SqliteStore* kept) { return Generation(kept, agent); }), generation);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
}

TEST_F(LogSyncTest, AfterAFailedSyncNothingIsWritten) {
  std::atomic<int> failures{0};
  auto store = OpenWithAgents([&](int fd) {
    if (failures-- <= 0) return ::fdatasync(fd);
    errno = EIO;
    return -1;
  });
  ASSERT_TRUE(store->ApplyGroup({Run(0, 1).Batch()}).ok());
  failures = 1;
  const absl::Status failed = store->ApplyGroup({Run(0, 2).Batch()}).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(failed.message()), HasSubstr("sync write-ahead log: Input/output error"));
  // The next sync would succeed, and say nothing of what the last one lost.
  EXPECT_EQ(store->ApplyGroup({Run(0, 3).Batch()}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Generation(store.get(), 0), 2u);
  EXPECT_EQ(store->CheckWritable().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(store->ListUnits("acme", "").ok()) << "reading goes on";
  store.reset();
  store = Open({});
  ASSERT_TRUE(store->ApplyGroup({Run(0, 2).Batch()}).ok());
  EXPECT_EQ(Generation(store.get(), 0), 2u);
}

TEST_F(LogSyncTest, OneSyncServesAllThatWait) {
  Open({});  // makes the files
  std::atomic<int> syncs{0};
  absl::Notification begun;
  absl::Notification go_on;
  auto store = Open({});
  auto sync = LogSync::Open(folder_ / "live/rollcall.db", [&](int) {
    if (++syncs == 1) {
      begun.Notify();
      go_on.WaitForNotification();
    }
    return 0;
  });
  ASSERT_TRUE(sync.ok()) << sync.status();
  std::vector<std::thread> waiting;
  (*sync)->OnCommit();
  waiting.emplace_back([&] { EXPECT_TRUE((*sync)->Await(1).ok()); });
  begun.WaitForNotification();
  for (uint64_t commit = 2; commit <= 8; ++commit) (*sync)->OnCommit();
  for (uint64_t commit = 2; commit <= 8; ++commit) {
    waiting.emplace_back([&, commit] { EXPECT_TRUE((*sync)->Await(commit).ok()); });
  }
  go_on.Notify();
  for (std::thread& thread : waiting) thread.join();
  EXPECT_EQ(syncs, 2) << "one for the first, one for the others";
  EXPECT_TRUE((*sync)->Await(8).ok());
  EXPECT_EQ(syncs, 2);
}

// The second finds the first one's work done, and may not say so before it is durable.
TEST_F(LogSyncTest, ADuplicateWaitsForWhatItIsOf) {
  std::atomic<bool> holding{false};
  absl::Notification begun;
  absl::Notification go_on;
  auto store = OpenWithAgents([&](int fd) {
    if (holding.exchange(false)) {
      begun.Notify();
      go_on.WaitForNotification();
    }
    return ::fdatasync(fd);
  });
  ASSERT_TRUE(store->ApplyGroup({Run(0, 1).Batch()}).ok());
  holding = true;
  std::thread first([&] { EXPECT_TRUE(store->ApplyGroup({Run(0, 2).Batch()}).ok()); });
  begun.WaitForNotification();
  std::atomic<bool> answered{false};
  std::thread second([&] {
    EXPECT_TRUE(store->ApplyGroup({Run(0, 2).Batch()}).ok());
    answered = true;
  });
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_FALSE(answered);
  // Others are not held up by a sync that takes its time, until they have something to say.
  EXPECT_TRUE(store->ListUnits("acme", "").ok());
  go_on.Notify();
  first.join();
  second.join();
}

TEST_F(LogSyncTest, WhatAnotherProcessCommittedIsSyncedToo) {
  std::atomic<int> syncs{0};
  auto store = OpenWithAgents([&](int fd) {
    ++syncs;
    return ::fdatasync(fd);
  });
  ASSERT_TRUE(store->ApplyGroup({Run(0, 1).Batch()}).ok());
  const int before = syncs;
  ASSERT_TRUE(store->ApplyGroup({Run(0, 1).Batch()}).ok());
  EXPECT_EQ(syncs, before) << "durable already";
  // One whose sync has not come yet, as far as this store knows.
  auto other = Open([](int) { return 0; });
  ASSERT_TRUE(other->ApplyGroup({Run(0, 2).Batch()}).ok());
  ASSERT_TRUE(store->ApplyGroup({Run(0, 2).Batch()}).ok());
  EXPECT_EQ(syncs, before + 1);
}

// What is in the log, and may be nowhere else, would be followed by what is answered.
TEST_F(LogSyncTest, NothingIsWrittenBehindALogThatIsNotInTheDatabase) {
  auto first = OpenWithAgents({});
  ASSERT_TRUE(first->ApplyGroup({Run(0, 1).Batch()}).ok());
  auto reader = Connection::Open(folder_ / "live/rollcall.db", Connection::Mode::kReadOnly);
  ASSERT_TRUE(reader.ok());
  SqliteStoreOptions options;
  options.path = folder_ / "live/rollcall.db";
  {
    auto snapshot = Transaction::BeginRead(reader->get());
    ASSERT_TRUE(snapshot.ok());
    ASSERT_TRUE((*reader)->QueryInt("SELECT count(*) FROM unit").ok());
    ASSERT_TRUE(first->ApplyGroup({Run(0, 2).Batch()}).ok());
    const absl::Status refused = SqliteStore::Open(options).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("another process reads"));
  }
  EXPECT_TRUE(SqliteStore::Open(options).ok());
}

TEST_F(LogSyncTest, TheLogBeginsAnew) {
  auto store = OpenWithAgents({}, /*log_pages=*/512);
  uint64_t longest = 0;
  uint64_t generation = 0;
  const auto write = [&](int groups) {
    for (int i = 0; i < groups; ++i) ASSERT_TRUE(store->ApplyGroup({Run(0, ++generation, 100).Batch()}).ok());
  };
  for (int i = 0; i < 40; ++i) {
    write(1);
    longest = std::max(longest, LogBytes());
  }
  EXPECT_GT(longest, 512u * 4096) << "written often enough to be long";
  EXPECT_LT(longest, 2u * 512 * 4096);
  // Somebody looks at how it was, for as long as it takes; nobody waits.
  auto reader = Connection::Open(folder_ / "live/rollcall.db", Connection::Mode::kReadOnly);
  ASSERT_TRUE(reader.ok());
  {
    auto snapshot = Transaction::BeginRead(reader->get());
    ASSERT_TRUE(snapshot.ok());
    ASSERT_TRUE((*reader)->QueryInt("SELECT count(*) FROM unit").ok());
    write(20);
    EXPECT_GT(LogBytes(), longest);
  }
  write(10);  // until it is looked at again
  const uint64_t grown = LogBytes();
  write(40);
  EXPECT_EQ(LogBytes(), grown) << "written over from its beginning";
  EXPECT_EQ(Generation(store.get(), 0), generation);
}

}  // namespace
}  // namespace rollcall
