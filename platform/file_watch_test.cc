// With real directories and the running kernel's inotify.
#include "platform/file_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"
#include "platform/testing/child_process.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Paths = std::vector<std::string>;

class FileWatchTest : public ::testing::TestWithParam<PathResolver> {
 protected:
  FileWatchTest() : files_(GetParam()) {}

  void Watch(const Paths& paths, size_t max_watches = FileWatch::kDefaultMaxWatches) {
    auto watch = FileWatch::Create(&files_.tree(), max_watches);
    ASSERT_EQ(watch.status(), absl::OkStatus());
    watch_ = *std::move(watch);
    for (const std::string& path : paths) ASSERT_EQ(watch_->Add(path), absl::OkStatus());
  }

  Paths Changed() { return watch_->Read().paths; }

  bool Readable() const {
    pollfd fd = {watch_->fd(), POLLIN, 0};
    return ::poll(&fd, 1, 0) > 0;
  }

  void Rename(const std::string& from, const std::string& to) {
    ASSERT_EQ(::rename(files_.OnDisk(from).c_str(), files_.OnDisk(to).c_str()), 0) << from;
  }

  void Append(const std::string& path) { std::ofstream(files_.OnDisk(path), std::ios::app) << "more"; }

  FixtureTree files_;
  std::unique_ptr<FileWatch> watch_;
};

INSTANTIATE_TEST_SUITE_P(BothResolvers, FileWatchTest,
                         ::testing::Values(PathResolver::kBest, PathResolver::kComponentWalk));

TEST_P(FileWatchTest, AWrittenFileHasChanged) {
  files_.SetFile("/etc/passwd", "root");
  Watch({"/etc/passwd"});
  EXPECT_THAT(watch_->gaps(), IsEmpty());
  EXPECT_FALSE(Readable());
  EXPECT_THAT(Changed(), IsEmpty());
  Append("/etc/passwd");
  EXPECT_TRUE(Readable());
  EXPECT_THAT(Changed(), ElementsAre("/etc/passwd"));
  EXPECT_THAT(Changed(), IsEmpty()) << "once";
}

TEST_P(FileWatchTest, PermissionsAreAChange) {
  files_.SetFile("/etc/shadow", "x");
  Watch({"/etc/shadow"});
  files_.SetMode("/etc/shadow", 0600);
  EXPECT_THAT(Changed(), ElementsAre("/etc/shadow"));
}

TEST_P(FileWatchTest, ReadingAndNeighboursWakeNobody) {
  files_.SetFile("/var/log/wtmp", "x");
  files_.SetFile("/var/log/syslog", "x");
  files_.SetFile("/etc/cron.d/a", "x");
  Watch({"/var/log/wtmp", "/etc/cron.d/"});
  for (const char* path : {"/var/log/wtmp", "/etc/cron.d/a"}) EXPECT_TRUE(files_.tree().ReadFile(path, 100).ok());
  EXPECT_TRUE(files_.tree().List("/etc/cron.d").ok());
  Append("/var/log/syslog");
  EXPECT_FALSE(Readable()) << "a log beside it is written all the time";
}

TEST_P(FileWatchTest, RenameOverIsAChangeAndTheNewFileIsWatched) {
  files_.SetFile("/var/lib/dpkg/status", "old");
  Watch({"/var/lib/dpkg/status"});
  for (int i = 0; i < 3; ++i) {
    files_.SetFile("/var/lib/dpkg/status-new", absl::StrCat(i));
    Changed();
    Rename("/var/lib/dpkg/status-new", "/var/lib/dpkg/status");
    EXPECT_THAT(Changed(), ElementsAre("/var/lib/dpkg/status"));
    Append("/var/lib/dpkg/status");
    EXPECT_THAT(Changed(), ElementsAre("/var/lib/dpkg/status"));
  }
}

TEST_P(FileWatchTest, AMissingFileIsSeenWhenItIsMade) {
  files_.SetDirectory("/etc");
  Watch({"/etc/crontab"});
  EXPECT_THAT(watch_->gaps(), IsEmpty()) << "that it is not there is no gap";
  files_.SetFile("/etc/other", "x");
  EXPECT_THAT(Changed(), IsEmpty());
  files_.SetFile("/etc/crontab", "x");
  EXPECT_THAT(Changed(), ElementsAre("/etc/crontab"));
  files_.Unset("/etc/crontab");
  EXPECT_THAT(Changed(), ElementsAre("/etc/crontab"));
}

TEST_P(FileWatchTest, AMissingParentIsWaitedForAtTheNearestThatExists) {
  Watch({"/opt/app/conf/main.conf", "/opt/app/plugins/"});
  EXPECT_EQ(watch_->watches(), 1u);
  files_.SetDirectory("/opt");
  EXPECT_THAT(Changed(), IsEmpty()) << "neither of them is there yet";
  files_.SetDirectory("/opt/app/conf");
  EXPECT_THAT(Changed(), IsEmpty());
  files_.SetFile("/opt/app/conf/main.conf", "x");
  EXPECT_THAT(Changed(), ElementsAre("/opt/app/conf/main.conf"));
  files_.SetFile("/opt/app/plugins/a", "x");
  EXPECT_THAT(Changed(), ElementsAre("/opt/app/plugins/"));
  files_.SetFile("/opt/app/plugins/b", "x");
  EXPECT_THAT(Changed(), ElementsAre("/opt/app/plugins/"));
}

TEST_P(FileWatchTest, AWholePathMadeAtOnceIsFollowedToItsEnd) {
  Watch({"/a/b/c/d"});
  files_.SetFile("/a/b/c/d", "x");  // by the time of the look all of it is there
  EXPECT_THAT(Changed(), ElementsAre("/a/b/c/d"));
  Append("/a/b/c/d");
  EXPECT_THAT(Changed(), ElementsAre("/a/b/c/d"));
}

TEST_P(FileWatchTest, RemovalAndRecreationOfTheWholePath) {
  files_.SetFile("/srv/site/index", "x");
  Watch({"/srv/site/index", "/srv/site/"});
  files_.Unset("/srv");
  EXPECT_THAT(Changed(), ElementsAre("/srv/site/", "/srv/site/index"));
  EXPECT_THAT(Changed(), IsEmpty());
  EXPECT_EQ(watch_->watches(), 1u) << "what is gone is not watched";
  files_.SetFile("/srv/site/index", "x");
  EXPECT_THAT(Changed(), ElementsAre("/srv/site/", "/srv/site/index"));
  Append("/srv/site/index");
  EXPECT_THAT(Changed(), ElementsAre("/srv/site/", "/srv/site/index"));
}

TEST_P(FileWatchTest, EntriesOfADirectoryCountButNotThoseBelow) {
  files_.SetFile("/etc/cron.d/a", "x");
  files_.SetDirectory("/etc/cron.d/below");
  Watch({"/etc/cron.d/"});
  files_.SetFile("/etc/cron.d/b", "x");
  EXPECT_THAT(Changed(), ElementsAre("/etc/cron.d/"));
  Append("/etc/cron.d/a");
  EXPECT_THAT(Changed(), ElementsAre("/etc/cron.d/"));
  Rename("/etc/cron.d/a", "/etc/cron.d/c");
  EXPECT_THAT(Changed(), ElementsAre("/etc/cron.d/"));
  files_.Unset("/etc/cron.d/c");
  EXPECT_THAT(Changed(), ElementsAre("/etc/cron.d/"));
  files_.SetFile("/etc/cron.d/below/x", "x");
  EXPECT_THAT(Changed(), IsEmpty());
}

TEST_P(FileWatchTest, ADirectoryReplacedByAnotherIsWatchedAnew) {
  files_.SetFile("/etc/app/conf", "old");
  files_.SetFile("/etc/app.new/conf", "new");
  Watch({"/etc/app/conf"});
  Rename("/etc/app", "/etc/app.old");
  Rename("/etc/app.new", "/etc/app");
  EXPECT_THAT(Changed(), ElementsAre("/etc/app/conf"));
  Append("/etc/app.old/conf");
  EXPECT_THAT(Changed(), IsEmpty()) << "that is not the path any more";
  Append("/etc/app/conf");
  EXPECT_THAT(Changed(), ElementsAre("/etc/app/conf"));
}

TEST_P(FileWatchTest, ADirectoryReplacedByALinkIsFollowed) {
  files_.SetFile("/etc/app/conf", "old");
  files_.SetFile("/usr/share/app/conf", "new");
  Watch({"/etc/app/conf"});
  Rename("/etc/app", "/etc/app.old");
  files_.SetSymlink("/etc/app", "../usr/share/app");
  EXPECT_THAT(Changed(), ElementsAre("/etc/app/conf"));
  Append("/usr/share/app/conf");
  EXPECT_THAT(Changed(), ElementsAre("/etc/app/conf"));
  files_.SetSymlink("/etc/app", "/etc/app.old");
  EXPECT_THAT(Changed(), ElementsAre("/etc/app/conf"));
  Append("/etc/app.old/conf");
  EXPECT_THAT(Changed(), ElementsAre("/etc/app/conf"));
}

TEST_P(FileWatchTest, ALinkedParentStaysInsideTheTree) {
  files_.SetFile("/usr/lib/systemd/system/a.service", "x");
  files_.SetSymlink("/lib", "usr/lib");
  Watch({"/lib/systemd/system/"});
  files_.SetFile("/usr/lib/systemd/system/b.service", "x");
  EXPECT_THAT(Changed(), ElementsAre("/lib/systemd/system/"));

  // Out of the tree and back: `..` ends at its root, absolute links begin there.
  files_.SetFile("/var/lib/dpkg/status", "x");
  files_.SetSymlink("/up", "../../../../var");
  files_.SetSymlink("/absolute", "/var/lib");
  Watch({"/up/lib/dpkg/status", "/absolute/dpkg/status"});
  Append("/var/lib/dpkg/status");
  EXPECT_THAT(Changed(), ElementsAre("/absolute/dpkg/status", "/up/lib/dpkg/status"));
}

TEST_P(FileWatchTest, ALinkedFileIsWatchedWhereItIs) {
  files_.SetFile("/usr/lib/os-release", "ID=a");
  files_.SetSymlink("/etc/os-release", "../usr/lib/os-release");
  Watch({"/etc/os-release"});
  files_.SetFile("/usr/lib/os-release.new", "ID=b");
  Rename("/usr/lib/os-release.new", "/usr/lib/os-release");
  EXPECT_THAT(Changed(), ElementsAre("/etc/os-release"));
}

TEST_P(FileWatchTest, ADanglingLinkAndALoopLeadNowhereUntilTheyAreMended) {
  files_.SetSymlink("/etc/dangling", "/nowhere/file");
  files_.MakeCyclicSymlink("/etc/loop");
  Watch({"/etc/dangling", "/etc/loop"});
  EXPECT_THAT(watch_->gaps(), IsEmpty());
  files_.SetFile("/nowhere/file", "x");
  EXPECT_THAT(Changed(), ElementsAre("/etc/dangling"));
  files_.Unset("/etc/loop");
  files_.SetFile("/etc/loop", "x");
  EXPECT_THAT(Changed(), ElementsAre("/etc/loop"));
}

TEST_P(FileWatchTest, WhatIsNotAFileOrDirectoryIsNoTrouble) {
  files_.SetDirectory("/etc/passwd");  // a directory where a file is expected, and the other way round
  files_.SetFile("/etc/cron.d", "x");
  files_.SetFifo("/run/fifo");
  files_.SetFile("/file", "x");
  Watch({"/etc/passwd", "/etc/cron.d/", "/run/fifo", "/file/below"});
  EXPECT_THAT(watch_->gaps(), IsEmpty());
  files_.Unset("/etc/cron.d");
  files_.SetFile("/etc/cron.d/a", "x");
  EXPECT_THAT(Changed(), ElementsAre("/etc/cron.d/"));
  files_.SetFile("/etc/cron.d/b", "x");
  EXPECT_THAT(Changed(), ElementsAre("/etc/cron.d/"));
}

TEST_P(FileWatchTest, TwoPathsInOneDirectoryShareAWatch) {
  files_.SetFile("/etc/passwd", "x");
  files_.SetFile("/etc/group", "x");
  Watch({"/etc/passwd", "/etc/group", "/etc/", "/etc/group"});
  EXPECT_EQ(watch_->watches(), 4u) << "the root, /etc and both files";
  Append("/etc/group");
  EXPECT_THAT(Changed(), ElementsAre("/etc/", "/etc/group"));
}

TEST_P(FileWatchTest, PathsThatAreNoneAreRefused) {
  Watch({});
  for (const std::string& path : {std::string(), std::string("etc/passwd"), std::string("/a\0b", 4)}) {
    EXPECT_TRUE(absl::IsInvalidArgument(watch_->Add(path))) << path;
  }
}

TEST_P(FileWatchTest, AfterAnOverflowEverythingMayHaveChanged) {
  files_.SetFile("/etc/passwd", "x");
  files_.SetDirectory("/busy");
  Watch({"/etc/passwd", "/busy/", "/not/there"});
  // More than /proc/sys/fs/inotify/max_queued_events, while nobody reads. Names alternate, as
  // equal events in a row are merged.
  const std::string a = files_.OnDisk("/busy/a");
  const std::string b = files_.OnDisk("/busy/b");
  std::string limit_text;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit_text;
  int limit = 16384;
  EXPECT_TRUE(absl::SimpleAtoi(limit_text, &limit));
  files_.SetFile("/busy/a", "x");
  for (int i = 0; i <= limit / 2 + 1; ++i) {
    ASSERT_EQ(::rename(a.c_str(), b.c_str()), 0);
    ASSERT_EQ(::rename(b.c_str(), a.c_str()), 0);
  }
  files_.SetFile("/etc/passwd.new", "x");
  Rename("/etc/passwd.new", "/etc/passwd");  // dropped
  const FileChanges changes = watch_->Read();
  EXPECT_TRUE(changes.overflowed);
  EXPECT_THAT(changes.paths, ElementsAre("/busy/", "/etc/passwd", "/not/there"));
  EXPECT_FALSE(watch_->Read().overflowed);
  Append("/etc/passwd");
  EXPECT_THAT(Changed(), ElementsAre("/etc/passwd")) << "the file that the dropped event brought";
}

TEST_P(FileWatchTest, WhatIsBeyondTheLimitIsAGap) {
  files_.SetFile("/etc/passwd", "x");
  files_.SetFile("/srv/a/file", "x");
  Watch({"/etc/passwd", "/srv/a/file"}, 4);
  ASSERT_EQ(watch_->gaps().size(), 1u);
  EXPECT_EQ(watch_->gaps()[0].path, "/srv/a/file");
  EXPECT_TRUE(absl::IsResourceExhausted(watch_->gaps()[0].cause));
  Append("/etc/passwd");
  EXPECT_THAT(Changed(), ElementsAre("/etc/passwd"));
  EXPECT_THAT(watch_->RetryGaps(), IsEmpty());
  files_.Unset("/etc");  // makes room
  EXPECT_THAT(Changed(), ElementsAre("/etc/passwd"));
  EXPECT_THAT(watch_->RetryGaps(), ElementsAre("/srv/a/file"));
  EXPECT_THAT(watch_->gaps(), IsEmpty());
}

TEST_P(FileWatchTest, FilesystemsThatTellNothingAreGaps) {
  auto root = HostRoot::Create("/", GetParam());
  ASSERT_EQ(root.status(), absl::OkStatus());
  auto watch = FileWatch::Create(root->get());
  ASSERT_EQ(watch.status(), absl::OkStatus());
  ASSERT_EQ((*watch)->Add("/proc/modules"), absl::OkStatus());
  ASSERT_EQ((*watch)->gaps().size(), 1u);
  EXPECT_TRUE(absl::IsUnimplemented((*watch)->gaps()[0].cause));
  EXPECT_THAT(std::string((*watch)->gaps()[0].cause.message()), HasSubstr("procfs"));
}

// The kernel's own limits, lowered in a user namespace. False if there is none to be had.
bool LowerInotifyLimit(const char* which, const char* value) {
  if (::unshare(CLONE_NEWUSER) != 0) return false;
  std::ofstream file(absl::StrCat("/proc/sys/user/", which));
  file << value << std::flush;
  return file.good();
}

// Whether a child of this process may do so.
bool CanLowerInotifyLimits() {
  return ChildProcess([] { return LowerInotifyLimit("max_inotify_watches", "2"); }).ready();
}

// Mounts of its own, which nobody else sees.
bool EnterMountNamespace() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

TEST_P(FileWatchTest, TheKernelsLimitOfWatchesIsAGapThatSaysWhatToRaise) {
  if (!CanLowerInotifyLimits()) GTEST_SKIP() << "no user namespace to lower the kernel's limits in";
  files_.SetFile("/srv/a/file", "x");
  ::chmod(files_.root().c_str(), 0755);
  const ChildProcess child([&] {
    if (!LowerInotifyLimit("max_inotify_watches", "2")) return false;
    const auto watch = FileWatch::Create(&files_.tree());
    if (!watch.ok() || !(*watch)->Add("/srv/a/file").ok() || (*watch)->gaps().size() != 1) return false;
    const absl::Status cause = (*watch)->gaps()[0].cause;
    return absl::IsResourceExhausted(cause) && cause.ToString().find("max_user_watches") != std::string::npos;
  });
  EXPECT_TRUE(child.ready());
}

TEST_P(FileWatchTest, TheKernelsLimitOfInstancesIsUnavailable) {
  if (!CanLowerInotifyLimits()) GTEST_SKIP() << "no user namespace to lower the kernel's limits in";
  const ChildProcess child([&] {
    if (!LowerInotifyLimit("max_inotify_instances", "0")) return false;
    const absl::Status status = FileWatch::Create(&files_.tree()).status();
    return absl::IsUnavailable(status) && status.ToString().find("max_user_instances") != std::string::npos;
  });
  EXPECT_TRUE(child.ready());
}

TEST_P(FileWatchTest, ADirectoryItMayNotReadIsAGap) {
  if (::geteuid() != 0) GTEST_SKIP() << "dropping privileges takes some";
  files_.SetFile("/secret/file", "x");
  files_.SetMode("/secret", 0711);
  ::chmod(files_.root().c_str(), 0755);
  const ChildProcess child([&] {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return false;
    const auto watch = FileWatch::Create(&files_.tree());
    return watch.ok() && (*watch)->Add("/secret/file").ok() && (*watch)->gaps().size() == 1 &&
           absl::IsPermissionDenied((*watch)->gaps()[0].cause);
  });
  EXPECT_TRUE(child.ready());
}

TEST_P(FileWatchTest, AnUnmountedDirectoryIsFollowedAnew) {
  if (::geteuid() != 0 || !ChildProcess(EnterMountNamespace).ready()) GTEST_SKIP() << "may not mount here";
  files_.SetFile("/data/below", "under the mount");
  const ChildProcess child([&] {
    const std::string data = files_.OnDisk("/data");
    if (!EnterMountNamespace() || ::mount("tmpfs", data.c_str(), "tmpfs", 0, nullptr) != 0) return false;
    // The tree's own descriptor is in the old mount namespace.
    const auto tree = HostRoot::Create(files_.root(), GetParam());
    std::ofstream(data + "/below") << "on the mount";
    const auto watch = tree.ok() ? FileWatch::Create(tree->get()) : tree.status();
    if (!watch.ok() || !(*watch)->Add("/data/below").ok()) return false;
    if (::umount(data.c_str()) != 0) return false;
    if ((*watch)->Read().paths != Paths{"/data/below"}) return false;
    std::ofstream(data + "/below", std::ios::app) << "more";
    return (*watch)->Read().paths == Paths{"/data/below"};
  });
  EXPECT_TRUE(child.ready());
}

TEST(FileWatchOfMemory, ATreeThatIsNotOnADiskCannotBeWatched) {
  MemoryTree files;
  files.SetFile("/etc/passwd", "x");
  const auto watch = FileWatch::Create(&files);
  ASSERT_EQ(watch.status(), absl::OkStatus());
  ASSERT_EQ((*watch)->Add("/etc/passwd"), absl::OkStatus());
  ASSERT_EQ((*watch)->gaps().size(), 1u);
  EXPECT_TRUE(absl::IsUnimplemented((*watch)->gaps()[0].cause));
}

}  // namespace
}  // namespace rollcall
