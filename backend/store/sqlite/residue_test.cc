// What deletions leave in the files, and that it goes without anybody waiting for it.
#include "backend/store/sqlite/residue.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "backend/store/bucket_purge.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

constexpr char kMark[] = "MARKED-";

size_t CountMarks(const std::string& bytes) {
  size_t found = 0;
  for (size_t at = bytes.find(kMark); at != std::string::npos; at = bytes.find(kMark, at + 1)) ++found;
  return found;
}

class ResidueTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/residue_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder_ + "/rollcall.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<SqliteStore> Open() {
    SqliteStoreOptions options;
    options.path = path_;
    auto store = SqliteStore::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return nullptr;
    EXPECT_TRUE((*store)->AddTenant("acme", start_).ok());
    for (const AgentName& agent : {agent_, other_agent_}) EXPECT_TRUE((*store)->EnrollAgent(agent, start_).ok());
    return *std::move(store);
  }
  // A run that adds assets on a day; what is of day 0 is marked. One in 50 is too large for a page.
  PreparedBatch Adding(const AgentName& agent, uint64_t generation, int day, int first, int count) const {
    RunBuilder run(agent, "packages", generation);
    run.Mode(pb::MERGE).Status(pb::RunResult::PARTIAL).At(start_ + absl::Hours(24 * day));
    for (int i = first; i < first + count; ++i) {
      const std::string name = absl::StrCat(day == 0 ? kMark : "kept-", i);
      std::string details = absl::StrCat(name, absl::StrFormat("%0*d", 40 + i % 100, i));
      if (i % 50 == 0) {
        while (details.size() < 20'000) absl::StrAppend(&details, " ", name);
      }
      run.Record(name, details);
    }
    return run.Batch();
  }
  static BucketRef Bucket(int day) {
    return {"acme", {"ALL", pb::ASSET_BASIC, absl::CivilDay(2023, 11, 14) + day}, absl::UTCTimeZone()};
  }
  absl::StatusOr<PurgeReport> Purge(SqliteStore* store, int day, absl::Duration residue_wait) {
    PurgePace pace;
    pace.residue_wait = residue_wait;
    return PurgeBucket(store, Bucket(day), 1, pace, clock_, StopToken());
  }
  std::string File(const std::string& name) const {
    std::stringstream bytes;
    bytes << std::ifstream(folder_ + "/" + name, std::ios::binary).rdbuf();
    return bytes.str();
  }
  size_t MarksInFiles() const {
    size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      found += CountMarks(File(entry.path().filename().string()));
    }
    return found;
  }
  std::unique_ptr<Connection> Connect(Connection::Mode mode) const {
    auto connection = Connection::Open(path_, mode);
    EXPECT_TRUE(connection.ok()) << connection.status();
    return *std::move(connection);
  }
  ResidueState State() const { return ReadResidue(Connect(Connection::Mode::kReadOnly).get()).value(); }
  void ExpectIntact() const {
    EXPECT_EQ(Connect(Connection::Mode::kReadOnly)
                  ->QueryInt("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
                  .value(),
              1);
  }

  const AgentName agent_{"acme", "agent-1"};
  const AgentName other_agent_{"acme", "agent-2"};
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);  // 2023-11-14
  SystemClock clock_;
  std::string folder_;
  std::string path_;
};

// As programs before this one wrote it: what secure_delete leaves in the gaps is there, and goes.
TEST_F(ResidueTest, PagesWrittenByOthersAreScrubbed) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
  const auto run = [&](const char* sql) { ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK); };
  run("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON;"
      "CREATE TABLE row (key BLOB PRIMARY KEY, body TEXT) WITHOUT ROWID; CREATE INDEX body ON row (body);");
  // In no order, so that pages split everywhere, and a third of them stays.
  run("BEGIN; WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 15000)"
      " INSERT INTO row SELECT key_bytes, 'MARKED-' || n FROM (SELECT n, randomblob(16) AS key_bytes FROM i);"
      "UPDATE row SET body = 'kept-' || body WHERE substr(body, -1) IN ('1', '2', '3'); COMMIT");
  run("UPDATE row SET body = 'kept' WHERE body LIKE 'kept-%'; DELETE FROM row WHERE body LIKE 'MARKED-%';"
      "PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_GT(CountMarks(File("rollcall.db")), 0u);
  ASSERT_TRUE(ScrubDatabase(path_, StopToken()).ok());
  EXPECT_EQ(CountMarks(File("rollcall.db")), 0u);
  sqlite3_close(db);
  EXPECT_EQ(Connect(Connection::Mode::kReadOnly)->QueryInt("SELECT count(*) FROM row").value(), 4500);
  ExpectIntact();
}

// Others write before, during and after; what they keep in memory of pages brings nothing back.
TEST_F(ResidueTest, NothingIsLeftWhileOthersWrite) {
  constexpr int kChunks = 20;
  constexpr int kChunk = 500;
  auto store = Open();
  for (int i = 0; i < kChunks; ++i) {
    const auto generation = static_cast<uint64_t>(i) * 2;
    ASSERT_TRUE(store
                    ->ApplyGroup({Adding(agent_, generation + 1, 0, i * kChunk, kChunk),
                                  Adding(agent_, generation + 2, 3, i * kChunk, kChunk)})
                    .ok());
  }
  ASSERT_GE(MarksInFiles(), size_t{kChunks * kChunk});
  std::atomic<bool> stop{false};
  std::thread ingest([&] {
    for (int i = 0; !stop; ++i) {
      // On pages of the agent whose rows go, and on those of another.
      const auto generation = static_cast<uint64_t>(i);
      const int first = 1'000'000 + i * 20;
      ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1000 + generation, 5, first, 20)}).ok());
      ASSERT_TRUE(store->ApplyGroup({Adding(other_agent_, 1 + generation, 5, first, 20)}).ok());
    }
  });
  const auto report = Purge(store.get(), 0, absl::Minutes(1));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->deleted, uint64_t{kChunks * kChunk});
  EXPECT_EQ(MarksInFiles(), 0u);
  absl::SleepFor(absl::Milliseconds(300));
  stop = true;
  ingest.join();
  EXPECT_EQ(MarksInFiles(), 0u);
  ExpectIntact();
  store.reset();
  EXPECT_EQ(MarksInFiles(), 0u);
}

TEST_F(ResidueTest, WhatCouldNotBeErasedIsRememberedAndOnlyTheRestIsDoneAgain) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Adding(agent_, 1, 0, 0, 100), Adding(agent_, 2, 3, 0, 100)}).ok());
  ASSERT_TRUE(store->EraseResidue(StopToken()).ok());
  ASSERT_EQ(State().erased, State().deleted);
  auto reader = Connect(Connection::Mode::kReadOnly);
  ASSERT_TRUE(reader->Execute("BEGIN").ok());
  ASSERT_TRUE(reader->QueryInt("SELECT count(*) FROM record").ok());
  // Nothing was deleted: the reader is in nobody's way.
  EXPECT_TRUE(store->EraseResidue(StopToken()).ok());
  EXPECT_TRUE(absl::IsUnavailable(Purge(store.get(), 0, absl::ZeroDuration()).status()));
  EXPECT_GT(MarksInFiles(), 0u);
  const ResidueState left = State();
  EXPECT_GT(left.deleted, left.erased);
  EXPECT_EQ(left.deleted, left.scrubbed);
  ASSERT_TRUE(reader->Execute("COMMIT").ok());
  reader.reset();
  store.reset();
  // Another process, to which the deletion is nothing new. Stopped, it does not touch the pages: they are done.
  store = Open();
  StopSource stop;
  stop.RequestStop();
  EXPECT_TRUE(store->EraseResidue(stop.token()).ok());
  EXPECT_EQ(State().erased, left.deleted);
  EXPECT_EQ(MarksInFiles(), 0u);
}

TEST_F(ResidueTest, AStopEndsItAndItIsStillToBeDone) {
  auto store = Open();
  StopSource stop;
  stop.RequestStop();
  // What was there before this schema counts as not erased.
  EXPECT_TRUE(absl::IsCancelled(store->EraseResidue(stop.token())));
  EXPECT_GT(State().deleted, State().scrubbed);
  EXPECT_TRUE(store->EraseResidue(StopToken()).ok());
  EXPECT_EQ(State().deleted, State().erased);
}

TEST_F(ResidueTest, DroppedPartsCountAsDeletions) {
  auto store = Open();
  RunBuilder run(agent_, "packages", 1);
  run.At(start_).Record("a", "1").Record("b", "2");
  ASSERT_TRUE(store->ApplyGroup({run.Parts(2)[0]}).ok());
  const int64_t before = State().deleted;
  ASSERT_EQ(store->DropStaged(Bucket(0), 1).value(), 1u);
  EXPECT_EQ(State().deleted, before + 1);
  ASSERT_EQ(store->DropStaged(Bucket(0), 1).value(), 0u);
  EXPECT_EQ(State().deleted, before + 1);
}

}  // namespace
}  // namespace rollcall
