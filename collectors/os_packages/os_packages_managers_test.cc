// The collector on hosts with one or several package managers.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/os_packages_collector.h"
#include "collectors/os_packages/rpm_database.h"
#include "collectors/os_packages/rpm_test_support.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kSqlite[] = "/var/lib/rpm/rpmdb.sqlite";
constexpr char kLog[] = "/var/lib/rpm/rpmdb.sqlite-wal";
constexpr char kNdb[] = "/var/lib/rpm/Packages.db";
constexpr char kBdb[] = "/var/lib/rpm/Packages";
constexpr char kManifest[] = "/var/lib/rpmmanifest/container-manifest-2";
constexpr char kApk[] = "/lib/apk/db/installed";
constexpr char kPacman[] = "/var/lib/pacman/local";
constexpr char kOpkg[] = "/usr/lib/opkg/status";
constexpr char kOpkgStanza[] = "Package: base\nVersion: 1-2\nStatus: install user installed\nArchitecture: all\n\n";
constexpr char kDesc[] = "%NAME%\nlinux\n\n%VERSION%\n6.7-1\n\n%ARCH%\nx86_64\n";

class ManagersTest : public testing::Test {
 protected:
  ManagersTest() { Use(files_); }

  void Use(const FileTree& files) {
    CollectorContext context;
    context.files = &files;
    context.clock = &clock_;
    collector_ = kOsPackagesCollector.create(context);
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    return RunCollector(*collector_, kOsPackagesCollector, {}, clock_, stop, sink_);
  }

  std::vector<std::string> Found() const {
    std::vector<std::string> found;
    for (const pb::Record& record : sink_.records()) {
      const pb::OsPackage& package = record.os_package();
      EXPECT_EQ(package.presence(), pb::OsPackage::OS_DATABASE);
      found.push_back(absl::StrCat(package.name(), "-", package.version()));
    }
    return Sorted(found);
  }

  // The problems' paths and messages.
  static std::vector<std::string> Problems(const pb::RunResult& result) {
    std::vector<std::string> problems;
    for (const pb::Problem& problem : result.problems()) {
      problems.push_back(absl::StrCat(problem.path(), " ", problem.code(), " ", problem.message()));
    }
    return problems;
  }

  const std::string sqlite_ = TestData("rpm_sqlite/root/var/lib/rpm/rpmdb.sqlite");
  const std::string log_ = TestData("rpm_sqlite/root/var/lib/rpm/rpmdb.sqlite-wal");
  const std::string ndb_ = TestData("rpm_ndb/root/usr/lib/sysimage/rpm/Packages.db");
  const std::string bdb_ = TestData("rpm_bdb/root/var/lib/rpm/Packages");
  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
};

using Rpm = ManagersTest;
using Apk = ManagersTest;
using Pacman = ManagersTest;
using Opkg = ManagersTest;
using Managers = ManagersTest;

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

TEST_F(Apk, EveryLocationIsReadAndLinksOnce) {
  files_.SetFile("/usr/lib/apk/db/installed", "P:a\nV:1-r0\n");
  files_.SetSymlink("/lib", "usr/lib");
  files_.SetFile("/var/lib/apk/db/installed", "P:b\nV:1-r0\n");
  files_.SetFile("/etc/apk/repositories", "https://example.org/alpine/v3.19/main\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("a-1-r0", "b-1-r0"));
  EXPECT_EQ(sink_.records()[0].os_package().purl(), "pkg:apk/alpine/a@1-r0?distro=alpine-3.19");
}

TEST_F(Apk, AnUnreadableDatabaseIsAFailure) {
  files_.SetFile(kApk, "P:a\nV:1\n");
  files_.SetError(kApk, absl::DataLossError("I/O error"));
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.SetFile("/var/lib/apk/db/installed", "P:b\nV:1\n");
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("b-1"));
}

TEST_F(Apk, AnEmptyOrMissingDatabaseOfAHostThatWantsPackagesIsAFailure) {
  files_.SetFile("/etc/apk/world", "alpine-base\n");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.SetFile(kApk, "");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::FAILED);
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("DATA_LOSS")));
  files_.SetFile("/etc/apk/world", "\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << "nothing is wanted";
  files_.SetError("/etc/apk/world", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED) << "nobody knows";
}

TEST_F(Apk, ADatabaseThatIsTooLargeKeepsWhatWasRead) {
  std::string text = "P:first\nV:1\n\nP:second\nV:1\np:";
  text.resize((size_t{32} << 20) + 10, 'x');
  files_.SetFile(kApk, text);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("first-1"));
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("larger than the limit")));
}

TEST_F(Pacman, ReadsTheDirectoryOfEveryPackage) {
  files_.SetFile("/var/lib/pacman/local/ALPM_DB_VERSION", "9\n");
  files_.SetFile("/var/lib/pacman/local/linux-6.7-1/desc", kDesc);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("linux-6.7-1"));
}

TEST_F(Pacman, APackageThatCannotBeReadIsAProblem) {
  files_.SetFile("/var/lib/pacman/local/linux-6.7-1/desc", kDesc);
  files_.SetFile("/var/lib/pacman/local/denied-1-1/desc", kDesc);
  files_.SetError("/var/lib/pacman/local/denied-1-1/desc", absl::PermissionDeniedError("permission denied"));
  files_.SetDirectory("/var/lib/pacman/local/empty-1-1");
  files_.SetDirectory("/var/lib/pacman/local/strange-1-1/desc");
  files_.SetFile("/var/lib/pacman/local/large-1-1/desc", std::string(size_t{1} << 20, 'x'));
  files_.SetFile("/var/lib/pacman/local/nul-1-1/desc", std::string(10, '\0'));
  files_.SetSymlink("/var/lib/pacman/local/loop-1-1/desc", "desc");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("linux-6.7-1"));
  EXPECT_EQ(result.problem_count(), 6U);
}

TEST_F(Pacman, ADirectoryThatCannotBeListedIsAFailure) {
  files_.SetDirectory(kPacman);
  files_.SetError(kPacman, absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
}

TEST_F(Opkg, TheControlFileCompletesThePackage) {
  files_.SetFile(kOpkg, kOpkgStanza);
  files_.SetFile("/usr/lib/opkg/info/base.control",
                 "Package: base\nVersion: 1-2\nSource: feeds/base/base-src\nLicense: MIT\nInstalled-Size: 7\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  const pb::OsPackage& package = sink_.records().at(0).os_package();
  EXPECT_EQ(package.manager(), pb::OsPackage::OPKG);
  EXPECT_TRUE(package.installed());
  EXPECT_EQ(package.source_name(), "base-src");
  EXPECT_EQ(package.licence(), "MIT");
  EXPECT_EQ(package.installed_bytes(), 7U) << "bytes, not the KiB of dpkg";
}

TEST_F(Opkg, AnUnreadableControlFileIsADegradation) {
  files_.SetFile(kOpkg, kOpkgStanza);
  files_.SetFile("/usr/lib/opkg/info/base.control", "");
  files_.SetError("/usr/lib/opkg/info/base.control", absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(result.degradations_size(), 1);
  EXPECT_THAT(Found(), ElementsAre("base-1-2"));
}

TEST_F(Opkg, AnEmptyOrMissingDatabaseBesideControlFilesIsAFailure) {
  files_.SetFile("/usr/lib/opkg/info/base.control", "Package: base\n");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.SetFile(kOpkg, "");
  const pb::RunResult failed = Run();
  EXPECT_EQ(failed.status(), pb::RunResult::FAILED);
  EXPECT_THAT(Problems(failed), ElementsAre(HasSubstr("DATA_LOSS")));
  files_.SetFile("/opt/lib/opkg/status", kOpkgStanza);
  const pb::RunResult partial = Run();
  EXPECT_EQ(partial.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("base-1-2"));
  files_.Unset("/usr/lib/opkg/info/base.control");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << "a failure must not be remembered";
}

TEST_F(Opkg, DamageKeepsTheRest) {
  files_.SetFile("/opt/lib/opkg/status",
                 absl::StrCat("Package: a\nVersion: 1\nStatus: install\n\n\xFF\n\n", kOpkgStanza));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), Contains("base-1-2"));
  EXPECT_EQ(result.problem_count(), 2U);
}

TEST_F(Managers, AllThatAreThereAreReadAndOneThatFailsIsAProblem) {
  files_.SetFile("/var/lib/dpkg/status", "Package: d\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n");
  files_.SetFile(kApk, "P:a\nV:1\n");
  files_.SetFile(kOpkg, kOpkgStanza);
  files_.SetFile("/var/lib/pacman/local/linux-6.7-1/desc", kDesc);
  files_.SetFile(kNdb, ndb_);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), SizeIs(10));
  files_.SetFile(kNdb, "garbage");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("a-1", "base-1-2", "d-1", "linux-6.7-1"));
  EXPECT_THAT(Problems(result), ElementsAre(HasSubstr("not an ndb database")));
}

TEST_F(Managers, EveryFailureIsTold) {
  files_.SetFile(kNdb, "garbage");
  files_.SetFile(kApk, "P:a\nV:1\n");
  files_.SetError(kApk, absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::FAILED);
  EXPECT_THAT(Problems(result), UnorderedElementsAre(HasSubstr("not an ndb database"), HasSubstr("PERMISSION_DENIED")));
}

TEST_F(Managers, NothingIsParsedAgainWithoutAChange) {
  files_.SetFile(kApk, "P:a\nV:1\n");
  files_.SetFile("/var/lib/pacman/local/linux-6.7-1/desc", kDesc);
  files_.SetFile(kNdb, ndb_);
  files_.SetFile(kOpkg, kOpkgStanza);
  Run();
  std::map<std::string, int> accesses;
  files_.SetAccessHook([&](absl::string_view path) {
    ++accesses[std::string(path)];
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), SizeIs(9));
  for (const char* path : {kApk, kPacman, kNdb, kOpkg}) EXPECT_EQ(accesses[path], 1) << path;
  EXPECT_EQ(accesses["/var/lib/pacman/local/linux-6.7-1/desc"], 0);
}

TEST_F(Managers, EveryDatabaseIsWatched) {
  const std::vector<std::string> watched(kOsPackagesCollector.watch_paths.begin(),
                                         kOsPackagesCollector.watch_paths.end());
  EXPECT_THAT(watched, IsSupersetOf({"/var/lib/dpkg/status", kSqlite, kLog, kNdb, kBdb, kManifest, kApk,
                                     "/var/lib/pacman/local/", kOpkg}));
}

}  // namespace
}  // namespace rollcall
