#include "collectors/os_packages/os_packages_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kStatus[] = "/var/lib/dpkg/status";

std::string Stanza(absl::string_view name, absl::string_view version, absl::string_view architecture = "amd64",
                   absl::string_view extra = "Status: install ok installed\n") {
  return absl::StrCat("Package: ", name, "\nVersion: ", version, "\nArchitecture: ", architecture, "\n", extra, "\n");
}

class OsPackagesCollectorTest : public testing::Test {
 protected:
  OsPackagesCollectorTest() {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    collector_ = kOsPackagesCollector.create(context);
    files_.SetFile("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    return RunCollector(*collector_, kOsPackagesCollector, {}, clock_, stop, sink_);
  }

  std::vector<std::string> Found() const {
    std::vector<std::string> found;
    for (const pb::Record& record : sink_.records()) {
      const pb::OsPackage& package = record.os_package();
      found.push_back(absl::StrCat(package.name(), ":", package.architecture(), "=", package.version()));
    }
    return found;
  }

  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
};

using Packages = OsPackagesCollectorTest;

TEST_F(Packages, FillsWhatTheStanzaDoesNotSay) {
  files_.SetFile(kStatus, Stanza("libc++1", "1:16-2"));
  files_.SetFile("/var/lib/dpkg/info/libc++1.list", "/.\n");
  files_.SetInfo("/var/lib/dpkg/info/libc++1.list", {.mtime_unix_nano = 1'700'000'000'250'000'000});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(sink_.records().size(), 1U);
  const pb::OsPackage& package = sink_.records()[0].os_package();
  EXPECT_EQ(package.purl(), "pkg:deb/debian/libc%2B%2B1@1:16-2?arch=amd64&distro=debian-12");
  EXPECT_EQ(package.install_time().seconds(), 1'700'000'000);
  EXPECT_EQ(package.install_time().nanos(), 250'000'000);
  EXPECT_EQ(package.database_path(), kStatus);
  EXPECT_EQ(package.presence(), pb::OsPackage::OS_DATABASE);
}

TEST_F(Packages, MultiArchPackagesAreToldApart) {
  const std::string same = "Status: install ok installed\nMulti-Arch: same\n";
  files_.SetFile(kStatus, Stanza("libc6", "2.36-9", "amd64", same) + Stanza("libc6", "2.36-9", "i386", same));
  int64_t second = 0;
  for (const char* architecture : {"amd64", "i386"}) {
    const std::string list = absl::StrCat("/var/lib/dpkg/info/libc6:", architecture, ".list");
    files_.SetFile(list, "");
    files_.SetInfo(list, {.mtime_unix_nano = ++second * 1'000'000'000});
  }
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("libc6:amd64=2.36-9", "libc6:i386=2.36-9"));
  EXPECT_EQ(sink_.records()[0].os_package().install_time().seconds(), 1);
  EXPECT_EQ(sink_.records()[1].os_package().install_time().seconds(), 2);
}

TEST_F(Packages, RemovedPackagesAreNotThere) {
  files_.SetFile(kStatus, Stanza("kept", "1") + Stanza("removed", "1", "amd64", "Status: deinstall ok config-files\n"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("kept:amd64=1"));
}

TEST_F(Packages, ALaterStanzaSupersedesAnEarlierOne) {
  files_.SetFile(kStatus, Stanza("a", "1") + Stanza("b", "1") + Stanza("a", "2"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("a:amd64=2", "b:amd64=1"));
}

TEST_F(Packages, TheJournalOfARunningDpkgCounts) {
  files_.SetFile(kStatus, Stanza("a", "1") + Stanza("b", "1"));
  files_.SetFile("/var/lib/dpkg/updates/0001", Stanza("a", "2", "amd64", "Status: install ok unpacked\n"));
  files_.SetFile("/var/lib/dpkg/updates/0002", Stanza("b", "1", "amd64", "Status: deinstall ok config-files\n"));
  files_.SetFile("/var/lib/dpkg/updates/tmp.i", Stanza("c", "1"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("a:amd64=2"));
  EXPECT_EQ(sink_.records()[0].os_package().status(), "unpacked");
}

TEST_F(Packages, DistrolessImagesHaveOneFilePerPackage) {
  files_.SetFile("/var/lib/dpkg/status.d/base", Stanza("base-files", "12.4", "amd64", ""));
  files_.SetFile("/var/lib/dpkg/status.d/tzdata", Stanza("tzdata", "2024a", "all", ""));
  files_.SetFile("/var/lib/dpkg/status.d/tzdata.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/x\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("base-files:amd64=12.4", "tzdata:all=2024a"));
  EXPECT_TRUE(sink_.records()[0].os_package().installed());
  EXPECT_EQ(sink_.records()[0].os_package().database_path(), "/var/lib/dpkg/status.d/base");
}

TEST_F(Packages, StatusDAddsToStatusWithoutRepeatingIt) {
  files_.SetFile(kStatus, Stanza("a", "1"));
  files_.SetFile("/var/lib/dpkg/status.d/a", Stanza("a", "1", "amd64", "") + Stanza("a", "2", "amd64", ""));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), UnorderedElementsAre("a:amd64=1", "a:amd64=2"));
}

TEST_F(Packages, AHostWithoutDpkgIsUnsupported) {
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(Packages, AnUnreadableDatabaseIsAFailureNotAnEmptyHost) {
  files_.SetFile(kStatus, Stanza("a", "1"));
  files_.SetError(kStatus, absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::FAILED);
  EXPECT_EQ(result.problems(0).code(), "PERMISSION_DENIED");
}

TEST_F(Packages, AMissingOrEmptyDatabaseOfAHostThatHasPackagesIsAFailure) {
  files_.SetFile("/var/lib/dpkg/info/a.list", "");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.SetFile(kStatus, "");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
}

TEST_F(Packages, AnEmptyDatabaseThatNeverHadPackagesIsEmpty) {
  files_.SetFile(kStatus, "");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(Packages, ADamagedStanzaMakesTheRunPartial) {
  files_.SetFile(kStatus, Stanza("a", "1") + "Version: 1\n\n" + Stanza("c", "1"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("a:amd64=1", "c:amd64=1"));
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).path(), kStatus);
  EXPECT_EQ(result.problems(0).message(), "parse /var/lib/dpkg/status: line 6: stanza without Package");
}

TEST_F(Packages, APartThatCannotBeReadLeavesTheRest) {
  files_.SetFile(kStatus, Stanza("a", "1"));
  files_.SetFile("/var/lib/dpkg/status.d/b", Stanza("b", "1", "all", ""));
  files_.SetError("/var/lib/dpkg/status.d", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("a:amd64=1"));
  files_.SetError("/var/lib/dpkg/status.d", absl::OkStatus());
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << "a failure must not be remembered";
  EXPECT_THAT(Found(), ElementsAre("a:amd64=1", "b:all=1"));
}

TEST_F(Packages, MoreProblemsThanAreKeptAreStillCounted) {
  std::string text = Stanza("a", "1");
  for (int i = 0; i < 150; ++i) text += "garbage\n\n";
  files_.SetFile(kStatus, text);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problem_count(), 101U);
}

TEST_F(Packages, AnUnchangedDatabaseIsNotReadAgain) {
  std::map<std::string, int> accesses;
  files_.SetFile(kStatus, Stanza("a", "1"));
  files_.SetFile("/var/lib/dpkg/info/a.list", "");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  files_.SetAccessHook([&](absl::string_view path) {
    ++accesses[std::string(path)];
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("a:amd64=1"));
  EXPECT_EQ(accesses[kStatus], 1) << "a stat, no read";
  EXPECT_EQ(accesses["/var/lib/dpkg/info/a.list"], 0);

  files_.SetFile(kStatus, Stanza("a", "2"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("a:amd64=2"));
}

TEST_F(Packages, ProblemsOfAnUnchangedDatabaseAreReportedAgain) {
  files_.SetFile(kStatus, Stanza("a", "1") + "garbage\n");
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
}

TEST_F(Packages, ANewDistributionNamesNewPackageUrls) {
  files_.SetFile(kStatus, Stanza("a", "1"));
  Run();
  files_.SetFile("/etc/os-release", "ID=debian\nVERSION_ID=13\n");
  Run();
  EXPECT_THAT(sink_.records()[0].os_package().purl(), HasSubstr("distro=debian-13"));
}

TEST_F(Packages, UnreadableOsReleaseIsADegradation) {
  files_.SetFile(kStatus, Stanza("a", "1"));
  files_.SetError("/etc/os-release", absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(result.degradations_size(), 1);
  EXPECT_THAT(sink_.records()[0].os_package().purl(), HasSubstr("pkg:deb/linux/"));
}

TEST_F(Packages, StopsWhenAsked) {
  files_.SetFile(kStatus, Stanza("a", "1"));
  StopSource source;
  source.RequestStop();
  const pb::RunResult result = Run(source.token());
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).code(), "CANCELLED");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << "a stopped read must not be remembered";
}

TEST_F(Packages, PassesAFullSinkOn) {
  files_.SetFile(kStatus, Stanza("a", "1") + Stanza("b", "1"));
  VectorSink full(1);
  const pb::RunResult result = RunCollector(*collector_, kOsPackagesCollector, {}, clock_, StopToken(), full);
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).code(), "RESOURCE_EXHAUSTED");
}

}  // namespace
}  // namespace rollcall
