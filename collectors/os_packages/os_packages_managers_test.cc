// The collector on hosts with apk, pacman or opkg, or with several package managers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/managers_test_support.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kApk[] = "/lib/apk/db/installed";
constexpr char kPacman[] = "/var/lib/pacman/local";
constexpr char kOpkg[] = "/usr/lib/opkg/status";
constexpr char kOpkgStanza[] = "Package: base\nVersion: 1-2\nStatus: install user installed\nArchitecture: all\n\n";
constexpr char kDesc[] = "%NAME%\nlinux\n\n%VERSION%\n6.7-1\n\n%ARCH%\nx86_64\n";

using Apk = ManagersTest;
using Pacman = ManagersTest;
using Opkg = ManagersTest;
using Managers = ManagersTest;

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
