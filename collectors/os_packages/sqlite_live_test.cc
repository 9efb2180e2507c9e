// The SQLite reader against SQLite itself (Python's): tables of all page sizes, several levels
// deep, with rows that overflow, after deletions, and with a log.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collectors/os_packages/rpm_sqlite.h"
#include "collectors/os_packages/rpm_test_support.h"
#include "collectors/testing/tool_output.h"
#include "platform/host_root.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

constexpr char kScript[] = R"py(
import hashlib, os, random, shutil, sqlite3, sys
page_size, directory = int(sys.argv[1]), sys.argv[2]
random.seed(page_size)
path = os.path.join(directory, "work")
c = sqlite3.connect(path, isolation_level=None)
c.execute(f"PRAGMA page_size = {page_size}")
c.execute("PRAGMA journal_mode = WAL")
c.execute("PRAGMA wal_autocheckpoint = 0")
for i in range(40):
    c.execute(f"CREATE TABLE other{i} (a TEXT, b INTEGER)")
c.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
def insert(n):
    c.execute("BEGIN")
    for _ in range(n):
        size = random.choice([0, 1, 100, page_size - 36, page_size - 35, page_size, 5000, 40000])
        c.execute("INSERT INTO Packages (blob) VALUES (?)", (random.randbytes(size + random.randrange(3)),))
    c.execute("COMMIT")
insert(600)
c.execute("DELETE FROM Packages WHERE hnum % 3 = 0")
c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
insert(100)
c.execute("UPDATE Packages SET blob = ? WHERE hnum = 1", (b"updated",))
for suffix in "", "-wal":
    shutil.copy(path + suffix, os.path.join(directory, "database" + suffix))
for hnum, blob in c.execute("SELECT hnum, blob FROM Packages ORDER BY hnum"):
    print(hashlib.sha256(blob).hexdigest())
)py";

class DigestSink : public RpmBlobSink {
 public:
  absl::Status TakeBlob(absl::string_view blob) override {
    digests.push_back(Sha256Hex(blob));
    return absl::OkStatus();
  }
  void TakeDamage(const absl::Status& status) override { ADD_FAILURE() << status; }
  bool stop_requested() const override { return false; }
  std::vector<std::string> digests;
};

class SqliteLive : public testing::TestWithParam<int> {};

TEST_P(SqliteLive, ReadsTheRowsThatSqliteReads) {
  std::string directory = testing::TempDir() + "sqlite_live_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const auto output = ToolOutput({"python3", "-c", kScript, absl::StrCat(GetParam()), directory});
  ASSERT_TRUE(output.ok()) << output.status();
  const std::vector<std::string> expected = absl::StrSplit(*output, '\n', absl::SkipEmpty());
  ASSERT_EQ(expected.size(), 500U);

  const auto files = HostRoot::Create(directory);
  ASSERT_TRUE(files.ok());
  const auto database = OpenRandomAccess(**files, "/database", 0);
  const auto log = OpenRandomAccess(**files, "/database-wal", 0);
  ASSERT_TRUE(database.ok() && log.ok());
  DigestSink sink;
  EXPECT_EQ(ReadRpmSqlite(**database, log->get(), sink), absl::OkStatus());
  EXPECT_EQ(sink.digests, expected);
  std::filesystem::remove_all(directory);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, SqliteLive, testing::Values(512, 1024, 4096, 65536));

}  // namespace
}  // namespace rollcall
