#include "backend/store/sqlite/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/schema.h"
#include "backend/store/sqlite/staged_parts.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/sqlite_store_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/rollcall.db"; }
  std::unique_ptr<SqliteStore> Open(uint64_t max_bytes = 0) {
    SqliteStoreOptions options;
    options.path = path();
    options.max_bytes = max_bytes;
    auto store = SqliteStore::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return nullptr;
    EXPECT_TRUE((*store)->AddTenant("acme", start_).ok());
    EXPECT_TRUE((*store)->EnrollAgent(agent_, start_).ok());
    return *std::move(store);
  }
  void Run(const std::string& sql) {
    auto connection = Connection::Open(path(), Connection::Mode::kReadWrite);
    ASSERT_TRUE(connection.ok());
    ASSERT_TRUE((*connection)->Execute(sql.c_str()).ok()) << sql;
  }
  // Everything in the store's files.
  std::string Files() const {
    std::stringstream all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      all << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    }
    return all.str();
  }
  static RunBuilder Many(const AgentName& agent, uint64_t generation, int count, const std::string& value) {
    RunBuilder run(agent, "packages", generation);
    for (int i = 0; i < count; ++i) run.Record(absl::StrCat("asset", i), value);
    return run;
  }

  const AgentName agent_{"acme", "agent-1"};
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  std::string folder_;
};

TEST_F(SqliteStoreTest, UnchangedRunWritesOneRow) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 1, 500, "1").Batch()}).ok());
  const int64_t before = store->rows_written();
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 2, 500, "1").Batch()}).ok());
  EXPECT_EQ(store->rows_written() - before, 1);
  const SetDigest digest = Many(agent_, 1, 500, "1").OwnDigest();
  ASSERT_TRUE(store->ApplyGroup({RunBuilder(agent_, "packages", 3).Base(digest).After(digest).Batch()}).ok());
  EXPECT_EQ(store->rows_written() - before, 2);
  // Duplicates and refused batches write nothing at all.
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 2, 500, "1").Batch()}).ok());
  ASSERT_TRUE(store->ApplyGroup({RunBuilder(agent_, "packages", 9).Base({}).Batch()}).ok());
  EXPECT_EQ(store->rows_written() - before, 2);
}

TEST_F(SqliteStoreTest, ConnectionsAreDurableAndLeaveNoResidue) {
  Open();
  for (const auto mode : {Connection::Mode::kReadWrite, Connection::Mode::kReadOnly}) {
    auto connection = Connection::Open(path(), mode);
    ASSERT_TRUE(connection.ok());
    EXPECT_EQ((*connection)->QueryInt("PRAGMA secure_delete").value(), 1);
    EXPECT_EQ((*connection)->QueryInt("PRAGMA synchronous").value(), 2);  // FULL
    EXPECT_EQ((*connection)->QueryInt("PRAGMA auto_vacuum").value(), 2);  // INCREMENTAL
    EXPECT_EQ((*connection)->QueryInt("PRAGMA foreign_keys").value(), 1);
  }
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(SqliteStoreTest, DeletedRowsAreNowhereInTheFiles) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 1, 2000, "PLANTED-MARK").Batch()}).ok());
  store.reset();
  ASSERT_THAT(Files(), HasSubstr("PLANTED-MARK"));
  Run("DELETE FROM record; PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_THAT(Files(), testing::Not(HasSubstr("PLANTED-MARK")));
}

TEST_F(SqliteStoreTest, RefusesNewerSchemasAndForeignDatabases) {
  Open();
  Run(absl::StrCat("PRAGMA user_version=", kSqliteSchemaVersion + 1));
  const absl::Status newer = SqliteStore::Open({path()}).status();
  EXPECT_EQ(newer.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(newer.message()), HasSubstr("newer"));
  EXPECT_THAT(std::string(newer.message()), HasSubstr(path()));
  Run("PRAGMA application_id=7");
  EXPECT_THAT(std::string(SqliteStore::Open({path()}).status().message()), HasSubstr("another program"));
}

TEST_F(SqliteStoreTest, OpenSaysWhyItCannot) {
  EXPECT_EQ(SqliteStore::Open({folder_ + "/missing/rollcall.db"}).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(path()) << std::string(8192, 'x');
  EXPECT_EQ(SqliteStore::Open({path()}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, FullDiskIsUnavailableAndAppliesNothing) {
  auto store = Open(uint64_t{512} << 10);
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 1, 100, "1").Batch()}).ok());
  const auto outcome = store->ApplyGroup({Many(agent_, 2, 50, "2").Batch(), Many(agent_, 3, 20'000, "3").Batch()});
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable) << outcome.status();
  const UnitInfo unit = store->ListUnits("acme", "")->front();
  EXPECT_EQ(unit.generation, 1);
  EXPECT_EQ(unit.digest, Many(agent_, 1, 100, "1").OwnDigest());
  ScanQuery query;
  query.tenant = "acme";
  EXPECT_EQ(store->Scan(query, "", 1000)->versions.size(), 100);
  // What fits is still taken.
  EXPECT_TRUE(store->ApplyGroup({Many(agent_, 2, 50, "2").Batch()}).ok());
}

TEST_F(SqliteStoreTest, DamageIsDataLoss) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 1, 5000, "1").Batch()}).ok());
  store.reset();
  const auto size = std::filesystem::file_size(path());
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8 * 4096);
    file << std::string(size - 8 * 4096, '\xa5');
  }
  auto damaged = SqliteStore::Open({path()});
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  ScanQuery query;
  query.tenant = "acme";
  EXPECT_EQ((*damaged)->Scan(query, "", 10'000).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, WrongColumnSizesAreDataLoss) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 1, 3, "1").Batch()}).ok());
  Run("UPDATE record SET fingerprint = x'00'");
  ScanQuery query;
  query.tenant = "acme";
  EXPECT_EQ(store->Scan(query, "", 10).status().code(), absl::StatusCode::kDataLoss);
  Run("UPDATE unit SET run_result = x'ffff'");
  EXPECT_EQ(store->ListUnits("acme", "").status().code(), absl::StatusCode::kDataLoss);
}

// Backends that share a port may be started at the same moment.
TEST_F(SqliteStoreTest, SeveralMayOpenANewStoreAtOnceAndWriteToIt) {
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    std::vector<std::thread> processes;
    for (int i = 0; i < 4; ++i) {
      processes.emplace_back([&, i] {
        auto store = SqliteStore::Open({path()});
        ASSERT_TRUE(store.ok()) << store.status();
        ASSERT_TRUE((*store)->AddTenant("acme", start_).ok());
        const AgentName agent{"acme", absl::StrCat("agent-", i)};
        ASSERT_TRUE((*store)->EnrollAgent(agent, start_).ok());
        for (uint64_t generation = 1; generation <= 5; ++generation) {
          ASSERT_TRUE((*store)->ApplyGroup({Many(agent, generation, 50, absl::StrCat(generation)).Batch()}).ok());
        }
      });
    }
    for (std::thread& process : processes) process.join();
    auto store = SqliteStore::Open({path()});
    ASSERT_TRUE(store.ok());
    EXPECT_EQ((*store)->ListUnits("acme", "")->size(), 4u);
    const auto counts = (*store)->CountRecords("acme");
    ASSERT_TRUE(counts.ok());
    for (const Store::KindCount& count : *counts) EXPECT_EQ(count.count, 50u);
  }
}

TEST_F(SqliteStoreTest, ReadersAndWritersTogetherSeeWholeRuns) {
  auto store = Open();
  ASSERT_TRUE(store->ApplyGroup({Many(agent_, 1, 50, "1").Batch()}).ok());
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {  // more than there are connections
    readers.emplace_back([&] {
      ScanQuery query;
      query.tenant = "acme";
      while (!stop) {
        const auto page = store->Scan(query, "", 1000);
        ASSERT_TRUE(page.ok()) << page.status();
        ASSERT_EQ(page->versions.size(), 50);
        for (const StoredVersion& version : page->versions) {
          ASSERT_EQ(version.fingerprint, page->versions.front().fingerprint);
        }
      }
    });
  }
  std::thread other_writer([&] {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(store->CheckWritable().ok());
  });
  for (uint64_t generation = 2; generation < 60; ++generation) {
    ASSERT_TRUE(store->ApplyGroup({Many(agent_, generation, 50, absl::StrCat(generation)).Batch()}).ok());
  }
  stop = true;
  other_writer.join();
  for (std::thread& reader : readers) reader.join();
}

TEST(StagedPart, SurvivesEncodingAndNothingElseDoes) {
  const PreparedBatch batch =
      RunBuilder({"acme", "a"}, "packages", 1).Record("a", "1").Record("b", "").Retire("c").Batch();
  const std::string bytes = EncodePart(batch.records, batch.retired);
  const auto body = DecodePart(bytes);
  ASSERT_TRUE(body.ok());
  ASSERT_EQ(body->records.size(), 2);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(body->records[i].asset_key, batch.records[i].asset_key);
    EXPECT_EQ(body->records[i].fingerprint, batch.records[i].fingerprint);
    EXPECT_EQ(body->records[i].collected_at, batch.records[i].collected_at);
    EXPECT_EQ(body->records[i].kind, batch.records[i].kind);
    EXPECT_EQ(body->records[i].payload, batch.records[i].payload);
  }
  EXPECT_EQ(body->retired, batch.retired);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodePart(absl::string_view(bytes).substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(DecodePart(bytes + "x").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_LT(RunKey(1, ~uint64_t{0}), RunKey(2, 0));
  EXPECT_LT(RunKey(~uint64_t{0} - 1, 5), RunKey(~uint64_t{0}, 0));
}

}  // namespace
}  // namespace rollcall
