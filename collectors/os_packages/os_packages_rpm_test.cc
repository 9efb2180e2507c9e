// The collector on hosts with rpm: its three containers, their logs, the manifest.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/managers_test_support.h"
#include "collectors/os_packages/rpm_database.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Rpm = ManagersTest;

TEST_F(Rpm, EveryFormatIsReadInEveryDirectory) {
  for (const absl::string_view directory : {"/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"}) {
    for (const auto& [name, bytes] : {std::pair("rpmdb.sqlite", sqlite_), {"Packages.db", ndb_}, {"Packages", bdb_}}) {
      const std::string path = absl::StrCat(directory, "/", name);
      SCOPED_TRACE(path);
      files_.SetFile(path, bytes);
      if (bytes == sqlite_) files_.SetFile(path + "-wal", log_);
      EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
      EXPECT_EQ(Found(), RecordedNames(false));
      EXPECT_EQ(sink_.records().at(0).os_package().database_path(), path);
      files_.Unset(std::string(directory));
    }
  }
}

TEST_F(Rpm, DirectoriesThatAreLinksAreReadOnce) {
  files_.SetFile("/usr/lib/sysimage/rpm/Packages.db", ndb_);
  files_.SetSymlink("/var/lib/rpm", "../../usr/lib/sysimage/rpm");
  files_.SetSymlink("/usr/share/rpm", "/usr/lib/sysimage/rpm");
  std::map<std::string, int> reads;
  files_.SetAccessHook([&](absl::string_view path) {
    ++reads[std::string(path)];
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Found(), RecordedNames(false));
  // Three stats before, three after, an attempt to open and the read.
  EXPECT_LE(reads["/usr/lib/sysimage/rpm/Packages.db"], 8);
}

TEST_F(Rpm, TheDatabaseOfAnOlderRpmIsNotAdded) {
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile(kBdb, bdb_);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), Not(Contains("librollcall-other+plus-2:9.9-0.1"))) << "it is in the older one and in the log";
}

TEST_F(Rpm, ADatabaseOfPackagesThatAreKnownIsNoReasonToReadAnOlderOne) {
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile("/usr/lib/sysimage/rpm/rpmdb.sqlite", sqlite_);
  files_.SetFile("/usr/lib/sysimage/rpm/Packages", bdb_);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), Not(Contains("librollcall-other+plus-2:9.9-0.1"))) << "it is in the older one and in the log";
}

TEST_F(Rpm, ADamagedDatabaseDoesNotHideAnOlderOne) {
  files_.SetFile(kSqlite, "");
  files_.SetFile(kBdb, bdb_);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(Found(), RecordedNames(false));
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("rpmdb.sqlite: not a SQLite database")));
}

TEST_F(Rpm, TwoDatabasesThatDifferAreMerged) {
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile("/usr/share/rpm/Packages.db", ndb_);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Found(), RecordedNames(false));
}

TEST_F(Rpm, AChangeOfTheLogAloneIsSeen) {
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile(kLog, "");
  Run();
  EXPECT_THAT(Found(), SizeIs(5));
  files_.SetFile(kLog, log_);
  Run();
  EXPECT_EQ(Found(), RecordedNames(false));
}

TEST_F(Rpm, AnUnreadableLogIsAProblem) {
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile(kLog, log_);
  files_.SetError(kLog, absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), SizeIs(5));
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("rpmdb.sqlite-wal PERMISSION_DENIED")));
}

TEST_F(Rpm, ATransactionInARollbackJournalIsAProblem) {
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile("/var/lib/rpm/rpmdb.sqlite-journal", std::string(512, '\0'));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << "one that is over";
  files_.SetFile("/var/lib/rpm/rpmdb.sqlite-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7...");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("transaction is not complete")));
}

TEST_F(Rpm, AJournalThatCannotBeReadIsAProblemAndTriedAgain) {
  constexpr char kJournal[] = "/var/lib/rpm/rpmdb.sqlite-journal";
  files_.SetFile(kSqlite, sqlite_);
  files_.SetFile(kJournal, std::string(512, '\0'));
  files_.SetError(kJournal, absl::PermissionDeniedError("permission denied"));
  pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), SizeIs(5));
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("rpmdb.sqlite-journal PERMISSION_DENIED")));
  files_.SetError(kJournal, absl::OkStatus());
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
}

// Gives descriptors; as long as `broken`, of a file whose bytes cannot be read.
class BrokenDiskTree : public MemoryTree {
 public:
  absl::StatusOr<ScopedFd> Open(absl::string_view path) const override {
    const auto bytes = ReadFile(path, size_t{1} << 20);
    if (!bytes.ok()) return bytes.status();
    std::string name = testing::TempDir() + "/broken_disk_XXXXXX";
    const ScopedFd out(::mkstemp(name.data()));
    EXPECT_EQ(::write(out.get(), bytes->data(), bytes->size()), static_cast<ssize_t>(bytes->size()));
    ScopedFd fd(::open(name.c_str(), (broken ? O_WRONLY : O_RDONLY) | O_CLOEXEC));
    ::unlink(name.c_str());
    return fd;
  }

  bool broken = true;
};

TEST_F(Rpm, AnInputOutputErrorIsTriedAgainThoughNoFileChanged) {
  const struct {
    const char* path;
    const std::string& bytes;
  } cases[] = {{kSqlite, sqlite_}, {kNdb, ndb_}, {kBdb, bdb_}};
  for (const auto& c : cases) {
    BrokenDiskTree disk;
    disk.SetFile(c.path, c.bytes);
    // Something is read, so what was wrong is kept with it.
    disk.SetFile(kManifest,
                 "bash\t5.1.8-1.cm2\t1\t1\tMicrosoft Corporation\t(none)\t1\tx86_64\t0\tbash-5.1.8-1.cm2.src.rpm\n");
    Use(disk);
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::PARTIAL) << c.path;
    EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("DATA_LOSS"))) << c.path;
    disk.broken = false;
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << c.path;
    EXPECT_GT(sink_.records().size(), 5U);
  }
}

TEST_F(Rpm, AnUnreadableDatabaseIsAFailureNotAnEmptyHost) {
  for (const char* path : {kSqlite, kNdb, kBdb, kManifest}) {
    files_.SetFile(path, "x");
    files_.SetError(path, absl::PermissionDeniedError("permission denied"));
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::FAILED) << path;
    EXPECT_EQ(result.problems(0).code(), "PERMISSION_DENIED");
    files_.SetError(path, absl::OkStatus());
    files_.Unset(path);
  }
}

TEST_F(Rpm, AFileThatIsNoDatabaseIsAFailure) {
  for (const char* path : {kSqlite, kNdb, kBdb}) {
    for (const std::string& bytes : {std::string(), std::string(5000, '\0'), std::string("text\n")}) {
      files_.SetFile(path, bytes);
      EXPECT_EQ(Run().status(), pb::RunResult::FAILED) << path;
    }
    files_.Unset(path);
  }
}

TEST_F(Rpm, ADatabaseOfAKindThatIsNotReadIsAFailureNotAHostWithout) {
  std::string newer = sqlite_;
  newer[19] = 9;
  std::string utf16 = sqlite_;
  utf16[59] = 2;
  for (const std::string& bytes : {newer, utf16}) {
    files_.SetFile(kSqlite, bytes);
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::FAILED);
    EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("FAILED_PRECONDITION parse /var/lib/rpm/rpmdb.sqlite: ")));
  }
}

TEST_F(Rpm, IndexesWithoutADatabaseAreAFailure) {
  for (const char* path : {"/var/lib/rpm/Name", "/usr/lib/sysimage/rpm/Index.db", kLog}) {
    files_.SetFile(path, "x");
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::FAILED) << path;
    EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("no database, though")));
    files_.Unset(path);
  }
}

TEST_F(Rpm, AManifestThatIsEmptyOrMissingBesideItsTwinIsAFailure) {
  files_.SetFile("/var/lib/rpmmanifest/container-manifest-1", "bash-5.1.8-1.cm2.x86_64\n");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.SetFile(kManifest, "");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::FAILED);
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("DATA_LOSS")));
}

TEST_F(Rpm, TruncatedDatabasesArePartialAndKeepTheGoodPart) {
  files_.SetFile(kBdb, bdb_.substr(0, 30'000));
  pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), Not(IsEmpty()));
  files_.Unset(kBdb);
  files_.SetFile(kNdb, ndb_.substr(0, 12'000));
  result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), Not(IsEmpty()));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL) << "remembered with its problems";
}

TEST_F(Rpm, ADirectoryOrALoopIsAFailure) {
  FixtureTree fixture;
  fixture.SetDirectory(kSqlite);
  Use(fixture.tree());
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  fixture.Unset(kSqlite);
  fixture.MakeCyclicSymlink(kBdb);
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  fixture.Unset("/var/lib/rpm");
  fixture.SetFifo(kNdb);
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
}

TEST_F(Rpm, ADatabaseRewrittenWhileReadIsReadAgain) {
  files_.SetFile(kNdb, ndb_.substr(0, 12'000));
  bool rewritten = false;
  int stats = 0;
  files_.SetAccessHook([&](absl::string_view path) {
    if (path == kNdb && ++stats == 2 && !rewritten) {
      rewritten = true;
      files_.SetFile(kNdb, ndb_);
    }
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Found(), RecordedNames(false));
}

TEST_F(Rpm, ADatabaseThatNeverRestsIsPartial) {
  files_.SetFile(kNdb, ndb_);
  files_.SetAccessHook([&](absl::string_view path) {
    if (path == kNdb) files_.SetFile(kNdb, ndb_);
    return absl::OkStatus();
  });
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(Found(), RecordedNames(false));
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("changed each time it was read")));
}

TEST_F(Rpm, AFileLargerThanTheLimitIsNotRead) {
  files_.SetFile(kNdb, std::string(RpmDatabase::kMaxBytesInMemory + 1, 'x'));
  EXPECT_EQ(Run().problems(0).code(), "RESOURCE_EXHAUSTED");
}

TEST_F(Rpm, StopsWhenAsked) {
  files_.SetFile(kSqlite, sqlite_);
  StopSource source;
  source.RequestStop();
  EXPECT_EQ(Run(source.token()).problems(0).code(), "CANCELLED");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
}

}  // namespace
}  // namespace rollcall
