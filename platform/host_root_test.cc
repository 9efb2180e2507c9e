#include "platform/host_root.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr size_t kLimit = 1024;

std::string NameOf(const ::testing::TestParamInfo<PathResolver>& info) {
  return info.param == PathResolver::kOpenat2 ? "Openat2" : "ComponentWalk";
}

// One suite for both resolvers: they must not differ in anything.
class HostRootTest : public ::testing::TestWithParam<PathResolver> {
 protected:
  static bool Available() {
    return GetParam() != PathResolver::kOpenat2 || HostRoot::Create("/", PathResolver::kOpenat2).ok();
  }
  void SetUp() override {
    if (!Available()) GTEST_SKIP() << "kernel without openat2";
    fixture_ = std::make_unique<FixtureTree>(GetParam());
    ASSERT_EQ(tree().resolver(), GetParam());
  }
  const HostRoot& tree() const { return fixture_->tree(); }
  std::unique_ptr<HostRoot> RealRoot() const { return *HostRoot::Create("/", GetParam()); }
  absl::StatusCode ReadCode(absl::string_view path) const { return tree().ReadFile(path, kLimit).status().code(); }

  std::unique_ptr<FixtureTree> fixture_;
};

INSTANTIATE_TEST_SUITE_P(Resolvers, HostRootTest,
                         ::testing::Values(PathResolver::kOpenat2, PathResolver::kComponentWalk), NameOf);

TEST_P(HostRootTest, ReadsFiles) {
  fixture_->SetFile("/etc/hostname", "web-1\n");
  fixture_->SetFile("/etc/empty", "");
  EXPECT_EQ(*tree().ReadFile("/etc/hostname", kLimit), "web-1\n");
  EXPECT_EQ(*tree().ReadFile("/etc/empty", kLimit), "");
  EXPECT_EQ(*tree().ReadFile("//etc/./../etc//hostname", kLimit), "web-1\n");
}

TEST_P(HostRootTest, LimitsWhatItReads) {
  fixture_->SetFile("/big", std::string(10'000, 'x'));
  EXPECT_EQ(tree().ReadFile("/big", 10'000)->size(), 10'000U);
  EXPECT_EQ(tree().ReadFile("/big", 9'999).status().code(), absl::StatusCode::kResourceExhausted);
  bool truncated = false;
  EXPECT_EQ(tree().ReadPrefix("/big", 100, &truncated)->size(), 100U);
  EXPECT_TRUE(truncated);
  EXPECT_EQ(tree().ReadPrefix("/big", 10'000, &truncated)->size(), 10'000U);
  EXPECT_FALSE(truncated);
  EXPECT_EQ(*tree().ReadPrefix("/big", 0, &truncated), "");
  EXPECT_TRUE(truncated);
}

TEST_P(HostRootTest, LinksStayInside) {
  fixture_->SetFile("/usr/lib/os-release", "ID=fixture\n");
  fixture_->SetFile("/secret", "inside\n");
  const struct {
    const char *link, *target;
  } kLinks[] = {
      {"/etc/absolute", "/usr/lib/os-release"},
      {"/etc/relative", "../usr/lib/os-release"},
      {"/etc/climbing", "../../../../../../usr/lib/os-release"},
      {"/etc/absolute-climbing", "/../../../usr/./lib/os-release"},
      {"/etc/chain", "absolute"},
  };
  for (const auto& c : kLinks) {
    fixture_->SetSymlink(c.link, c.target);
    EXPECT_EQ(tree().ReadFile(c.link, kLimit).value_or("?"), "ID=fixture\n") << c.link;
    EXPECT_EQ(*tree().ReadLink(c.link), c.target);
  }
  fixture_->SetSymlink("/lib", "/usr/lib");
  EXPECT_EQ(*tree().ReadFile("/lib/os-release", kLimit), "ID=fixture\n");
  EXPECT_EQ(*tree().ReadFile("/lib/../../../secret", kLimit), "inside\n");
}

TEST_P(HostRootTest, CannotLeave) {
  // Exists on the machine, not in the tree.
  ASSERT_EQ(::access("/proc/self/status", R_OK), 0);
  fixture_->SetDirectory("/etc");
  fixture_->SetSymlink("/etc/a", "/proc/self/status");
  fixture_->SetSymlink("/etc/b", "../../../../../../../../proc/self/status");
  fixture_->SetSymlink("/proc", "/../../../proc");
  EXPECT_EQ(ReadCode("/etc/a"), absl::StatusCode::kFailedPrecondition);  // /proc leads to itself
  fixture_->Unset("/proc");
  EXPECT_EQ(ReadCode("/etc/a"), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadCode("/etc/b"), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadCode("/../../../../../../../proc/self/status"), absl::StatusCode::kNotFound);
  EXPECT_FALSE(tree().Stat("/etc/a").ok());
  EXPECT_FALSE(tree().Open("/etc/a").ok());
  fixture_->SetSymlink("/out", "/../..");
  auto entries = tree().List("/out");
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(entries->size(), 2U);  // etc and out: the tree's own root
}

TEST_P(HostRootTest, LoopsEnd) {
  fixture_->MakeCyclicSymlink("/loop");
  fixture_->SetSymlink("/self", "self");
  fixture_->SetSymlink("/deep", "deep/deep/deep");
  for (const char* path : {"/loop", "/self", "/deep", "/loop/below"}) {
    EXPECT_EQ(ReadCode(path), absl::StatusCode::kFailedPrecondition) << path;
  }
  EXPECT_EQ(tree().Lstat("/loop")->type, FileInfo::Type::kSymlink);
}

TEST_P(HostRootTest, FollowsFortyLinksAndNoMore) {
  fixture_->SetFile("/l0", "end");
  for (int i = 1; i <= 41; ++i) fixture_->SetSymlink(absl::StrCat("/l", i), absl::StrCat("l", i - 1));
  EXPECT_EQ(tree().ReadFile("/l40", kLimit).value_or("?"), "end");
  EXPECT_EQ(ReadCode("/l41"), absl::StatusCode::kFailedPrecondition);
}

TEST_P(HostRootTest, DotDotAfterALinkIsTheTargetsParent) {
  fixture_->SetFile("/data/v2/file", "v2");
  fixture_->SetFile("/data/parent", "data");
  fixture_->SetFile("/parent", "root");
  fixture_->SetSymlink("/current", "/data/v2");
  EXPECT_EQ(*tree().ReadFile("/current/../parent", kLimit), "data");
}

TEST_P(HostRootTest, NeverOpensSpecialFiles) {
  fixture_->SetFifo("/run/fifo");
  fixture_->SetSymlink("/run/link", "fifo");
  EXPECT_EQ(ReadCode("/run/fifo"), absl::StatusCode::kFailedPrecondition);  // and does not block
  EXPECT_EQ(ReadCode("/run/link"), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree().Open("/run/fifo").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree().Stat("/run/link")->type, FileInfo::Type::kFifo);
  EXPECT_EQ(ReadCode("/run"), absl::StatusCode::kFailedPrecondition);

  const ScopedFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, fixture_->OnDisk("/run/s").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ReadCode("/run/s"), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree().Stat("/run/s")->type, FileInfo::Type::kSocket);

  EXPECT_EQ(RealRoot()->ReadFile("/dev/zero", kLimit).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(RealRoot()->Stat("/dev/zero")->type, FileInfo::Type::kDevice);
}

TEST_P(HostRootTest, SwappedLinkNeverReachesASpecialFile) {
  fixture_->SetFile("/file", "content");
  fixture_->SetFifo("/fifo");
  fixture_->SetSymlink("/x", "file");
  std::atomic<bool> done = false;
  std::thread swapper([&] {
    for (int i = 0; !done; ++i) {
      const std::string next = fixture_->OnDisk("/next");
      if (::symlink(i % 2 == 0 ? "fifo" : "file", next.c_str()) != 0 ||
          ::rename(next.c_str(), fixture_->OnDisk("/x").c_str()) != 0)
        return;
    }
  });
  for (int i = 0; i < 2000; ++i) {
    auto content = tree().ReadFile("/x", kLimit);
    if (content.ok()) {
      EXPECT_EQ(*content, "content");
    } else {
      EXPECT_EQ(content.status().code(), absl::StatusCode::kFailedPrecondition) << content.status();
    }
  }
  done = true;
  swapper.join();
}

TEST_P(HostRootTest, SaysWhatFailed) {
  fixture_->SetFile("/file", "x");
  auto status = tree().ReadFile("/missing", kLimit).status();
  EXPECT_EQ(status, absl::NotFoundError("read /missing: no such file or directory"));
  EXPECT_EQ(ReadCode("/file/below"), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadCode("relative"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadCode(""), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadCode(absl::string_view("/a\0b", 4)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadCode("/" + std::string(5000, 'a')), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadCode("/" + std::string(300, 'a')), absl::StatusCode::kInvalidArgument);  // one name too long
  EXPECT_EQ(tree().List("/file").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree().ReadLink("/file").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree().Subtree("/file").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree().OpenDirectory("/file").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(HostRoot::Create(fixture_->root() + "/missing", GetParam()).status().code(), absl::StatusCode::kNotFound);
}

// Runs `body` in a child as a user without rights; true if it returns true.
template <typename Body>
bool AsNobody(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_P(HostRootTest, ReportsPermissionErrors) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to change user";
  fixture_->SetFile("/etc/shadow", "x");
  fixture_->SetMode("/etc/shadow", 0600);
  fixture_->SetFile("/closed/file", "x");
  fixture_->SetMode("/closed", 0700);
  fixture_->SetFile("/etc/passwd", "root");
  ASSERT_EQ(::chmod(fixture_->root().c_str(), 0755), 0);
  EXPECT_TRUE(AsNobody([&] {
    // Opened after the change of user: /proc/self/fd belongs to whoever the process is.
    auto own = HostRoot::Create(fixture_->root(), GetParam());
    return own.ok() && (*own)->ReadFile("/etc/shadow", kLimit).status().code() == absl::StatusCode::kPermissionDenied &&
           (*own)->ReadFile("/closed/file", kLimit).status().code() == absl::StatusCode::kPermissionDenied &&
           (*own)->List("/closed").status().code() == absl::StatusCode::kPermissionDenied &&
           // Somebody else's file: O_NOATIME is refused, reading is not.
           (*own)->ReadFile("/etc/passwd", kLimit).value_or("") == "root" &&
           (*own)->ReadFile("/etc/passwd", kLimit).value_or("") == "root";
  }));
}

TEST_P(HostRootTest, ListsSorted) {
  fixture_->SetFile("/d/b", "");
  fixture_->SetDirectory("/d/c");
  fixture_->SetSymlink("/d/a", "b");
  fixture_->SetFile("/d/.hidden", "");
  auto entries = tree().List("/d");
  ASSERT_TRUE(entries.ok());
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre(".hidden", "a", "b", "c"));
  EXPECT_EQ((*entries)[1].type, FileInfo::Type::kSymlink);
  EXPECT_EQ((*entries)[2].type, FileInfo::Type::kRegular);
  EXPECT_EQ((*entries)[3].type, FileInfo::Type::kDirectory);
  EXPECT_TRUE(tree().List("/d/c")->empty());
}

TEST_P(HostRootTest, ListsDirectoriesLargerThanOneBuffer) {
  for (int i = 0; i < 3000; ++i) fixture_->SetFile(absl::StrCat("/many/file-with-a-long-name-", i), "");
  EXPECT_EQ(tree().List("/many")->size(), 3000U);
}

TEST_P(HostRootTest, StatSaysWhatStatSays) {
  fixture_->SetFile("/f", "12345");
  fixture_->SetMode("/f", 04755);
  fixture_->SetSymlink("/l", "f");
  struct stat want;
  ASSERT_EQ(::stat(fixture_->OnDisk("/f").c_str(), &want), 0);
  auto info = tree().Stat("/l");
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->type, FileInfo::Type::kRegular);
  EXPECT_EQ(info->inode, want.st_ino);
  EXPECT_EQ(info->device, want.st_dev);
  EXPECT_EQ(info->mode, 04755U);
  EXPECT_EQ(info->size_bytes, 5U);
  EXPECT_EQ(info->uid, want.st_uid);
  EXPECT_EQ(info->mtime_unix_nano, want.st_mtim.tv_sec * 1'000'000'000 + want.st_mtim.tv_nsec);
  EXPECT_EQ(tree().Lstat("/l")->type, FileInfo::Type::kSymlink);
  EXPECT_EQ(tree().Lstat("/l/")->type, FileInfo::Type::kSymlink);  // a final slash says nothing
}

TEST_P(HostRootTest, OpensWithoutSideEffects) {
  fixture_->SetFile("/f", "12345");
  auto fd = tree().Open("/f");
  ASSERT_TRUE(fd.ok());
  EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(::fcntl(fd->get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  char buffer[8];
  EXPECT_EQ(::read(fd->get(), buffer, sizeof buffer), 5);
}

TEST_P(HostRootTest, LeavesAccessTimesAlone) {
  fixture_->SetFile("/f", "12345");
  const timespec old[2] = {{1000, 0}, {2000, 0}};  // an old access time would be moved by a plain read
  ASSERT_EQ(::utimensat(AT_FDCWD, fixture_->OnDisk("/f").c_str(), old, 0), 0);
  EXPECT_TRUE(tree().ReadFile("/f", kLimit).ok());
  struct stat info;
  ASSERT_EQ(::stat(fixture_->OnDisk("/f").c_str(), &info), 0);
  EXPECT_EQ(info.st_atim.tv_sec, 1000);
}

TEST_P(HostRootTest, SubtreeIsARootOfItsOwn) {
  fixture_->SetFile("/c/etc/name", "container");
  fixture_->SetFile("/etc/name", "host");
  fixture_->SetSymlink("/c/link", "/etc/name");
  fixture_->SetSymlink("/c/up", "../../etc/name");
  auto subtree = tree().Subtree("/c");
  ASSERT_TRUE(subtree.ok());
  EXPECT_EQ(*(*subtree)->ReadFile("/link", kLimit), "container");
  EXPECT_EQ(*(*subtree)->ReadFile("/up", kLimit), "container");
  EXPECT_EQ(*(*subtree)->ReadFile("/../etc/name", kLimit), "container");
}

TEST_P(HostRootTest, SurvivesAMovedRoot) {
  fixture_->SetFile("/d/f", "x");
  auto subtree = tree().Subtree("/d");
  ASSERT_EQ(::rename(fixture_->OnDisk("/d").c_str(), fixture_->OnDisk("/e").c_str()), 0);
  EXPECT_EQ((*subtree)->ReadFile("/f", kLimit).value_or("?"), "x");
}

TEST_P(HostRootTest, MagicLinksAreReadButNotFollowed) {
  auto root = RealRoot();
  const std::string self = absl::StrCat("/proc/", ::getpid());
  EXPECT_EQ(*root->ReadLink(self + "/root"), "/");
  EXPECT_THAT(*root->ReadLink(self + "/exe"), HasSubstr("platform_host_root_test"));
  EXPECT_THAT(*root->ReadLink(self + "/ns/net"), HasSubstr("net:["));
  const ScopedFd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(*root->ReadLink(absl::StrCat(self, "/fd/", file.get())), HasSubstr("/status"));

  for (const std::string& path : {absl::StrCat(self, "/fd/", file.get()), self + "/root/etc/passwd",
                                  self + "/cwd/anything", self + "/exe", self + "/ns/net"}) {
    EXPECT_EQ(root->ReadFile(path, kLimit).status().code(), absl::StatusCode::kFailedPrecondition) << path;
  }
  EXPECT_EQ(root->List(self + "/root").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(root->Stat(self + "/root").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(root->OpenDirectory(self + "/cwd").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_P(HostRootTest, OrdinaryLinksOfProcAreFollowed) {
  auto root = RealRoot();
  EXPECT_TRUE(root->ReadFile("/proc/self/stat", kLimit).ok());
  EXPECT_TRUE(root->ReadFile("/proc/mounts", kMaxFileBytes).ok());
  EXPECT_TRUE(root->List("/proc/net").ok());
}

TEST_P(HostRootTest, ExecutablesOpenThroughTheirProcess) {
  auto root = RealRoot();
  const std::string exe = absl::StrCat("/proc/", ::getpid(), "/exe");
  auto fd = root->Open(exe);
  ASSERT_TRUE(fd.ok()) << fd.status();
  struct stat direct;
  struct stat opened;
  ASSERT_EQ(::stat("/proc/self/exe", &direct), 0);
  ASSERT_EQ(::fstat(fd->get(), &opened), 0);
  EXPECT_EQ(direct.st_ino, opened.st_ino);
  EXPECT_EQ(root->Stat(exe)->inode, direct.st_ino);
  EXPECT_EQ(root->Open("/proc/999999999/exe").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(HostRootTest, RootOfAProcessIsASubtree) {
  auto subtree = RealRoot()->Subtree(absl::StrCat("/proc/", ::getpid(), "/root"));
  ASSERT_TRUE(subtree.ok()) << subtree.status();
  EXPECT_EQ((*subtree)->Stat("/")->inode, RealRoot()->Stat("/")->inode);
  EXPECT_TRUE((*subtree)->List("/etc").ok());
  EXPECT_FALSE(RealRoot()->Subtree(absl::StrCat("/proc/", ::getpid(), "/cwd")).ok());
}

TEST_P(HostRootTest, ProcessLinksOfAFixtureAreOrdinary) {
  fixture_->SetFile("/usr/sbin/nginx", "binary");
  fixture_->SetSymlink("/proc/12/exe", "/usr/sbin/nginx");
  fixture_->SetSymlink("/proc/12/root", "/");
  auto fd = tree().Open("/proc/12/exe");
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(tree().Stat("/proc/12/exe")->size_bytes, 6U);
  EXPECT_EQ(*(*tree().Subtree("/proc/12/root"))->ReadFile("/usr/sbin/nginx", kLimit), "binary");
}

TEST_P(HostRootTest, ViewReadsWithoutFollowingLinks) {
  fixture_->SetFile("/proc/1/stat", "1 (init) S");
  fixture_->SetFile("/proc/1/net/tcp", "header");
  fixture_->SetSymlink("/proc/1/link", "stat");
  fixture_->SetSymlink("/proc/1/dirlink", "net");
  fixture_->SetFifo("/proc/1/fifo");
  fixture_->SetFile("/bin/init", "binary");
  fixture_->SetSymlink("/proc/1/exe", "/bin/init");
  auto view = tree().OpenDirectory("/proc/1");
  ASSERT_TRUE(view.ok()) << view.status();
  std::string text = "left over";
  bool truncated = true;
  ASSERT_TRUE((*view)->Read("stat", kLimit, &text, &truncated).ok());
  EXPECT_EQ(text, "1 (init) S");
  EXPECT_FALSE(truncated);
  ASSERT_TRUE((*view)->Read("net/tcp", 3, &text, &truncated).ok());
  EXPECT_EQ(text, "hea");
  EXPECT_TRUE(truncated);
  for (const char* name : {"link", "dirlink/tcp", "fifo", "net", ""}) {
    EXPECT_EQ((*view)->Read(name, kLimit, &text, &truncated).code(), absl::StatusCode::kFailedPrecondition) << name;
    EXPECT_EQ(text, "");
  }
  EXPECT_EQ((*view)->Read("../1/stat", kLimit, &text, &truncated).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ((*view)->Read("/etc", kLimit, &text, &truncated).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ((*view)->Read("none", kLimit, &text, &truncated),
            absl::NotFoundError("read /proc/1/none: no such file or directory"));
  EXPECT_EQ(*(*view)->ReadLink("exe"), "/bin/init");
  EXPECT_EQ((*view)->Stat("exe")->type, FileInfo::Type::kSymlink);
  EXPECT_EQ((*view)->StatTarget("exe")->size_bytes, 6U);
  EXPECT_EQ((*view)->Stat("")->type, FileInfo::Type::kDirectory);
  EXPECT_EQ((*view)->List("")->size(), 6U);
  EXPECT_EQ((*view)->List("net")->size(), 1U);
  EXPECT_EQ((*view)->List("dirlink").status().code(), absl::StatusCode::kFailedPrecondition);
  auto net = (*view)->OpenDirectory("net");
  ASSERT_TRUE(net.ok());
  EXPECT_TRUE((*net)->Read("tcp", kLimit, &text, &truncated).ok());
  EXPECT_FALSE((*view)->OpenDirectory("dirlink").ok());
  EXPECT_FALSE((*view)->OpenDirectory("stat").ok());
}

TEST_P(HostRootTest, ViewOfALiveProcess) {
  auto root = RealRoot();
  auto view = root->OpenDirectory(absl::StrCat("/proc/", ::getpid()));
  ASSERT_TRUE(view.ok());
  std::string text;
  bool truncated = false;
  ASSERT_TRUE((*view)->Read("status", 16384, &text, &truncated).ok());
  EXPECT_THAT(text, HasSubstr("Name:"));
  EXPECT_THAT(*(*view)->ReadLink("exe"), HasSubstr("platform_host_root_test"));
  EXPECT_THAT(*(*view)->ReadLink("ns/net"), HasSubstr("net:["));
  struct stat direct;
  ASSERT_EQ(::stat("/proc/self/exe", &direct), 0);
  EXPECT_EQ((*view)->StatTarget("exe")->inode, direct.st_ino);
  EXPECT_FALSE((*view)->List("fd")->empty());
  EXPECT_EQ((*view)->Read("exe", kLimit, &text, &truncated).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ((*view)->List("root").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_P(HostRootTest, ViewOfAnEndedProcessSaysNotFound) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  auto root = RealRoot();
  auto view = root->OpenDirectory(absl::StrCat("/proc/", child));
  ASSERT_TRUE(view.ok());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::string text;
  bool truncated = false;
  EXPECT_EQ((*view)->Read("stat", kLimit, &text, &truncated).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ((*view)->ReadLink("exe").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(HostRootTest, TellsTheSizeOfAFilesystem) {
  auto space = tree().StatFilesystem("/");
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space->total_bytes, 0U);
  EXPECT_LE(space->available_bytes, space->total_bytes);
  EXPECT_LE(space->available_bytes, space->free_bytes);
  EXPECT_LE(space->free_bytes, space->total_bytes);
  EXPECT_GT(space->block_bytes, 0U);
  EXPECT_LE(space->free_inodes, space->total_inodes);
  EXPECT_EQ(space->device, tree().Stat("/")->device);
}

TEST_P(HostRootTest, DoesNotLeakDescriptors) {
  fixture_->SetFile("/a/b/f", "x");
  fixture_->SetSymlink("/a/l", "/a/b/f");
  fixture_->MakeCyclicSymlink("/loop");
  const size_t before = RealRoot()->List("/proc/self/fd")->size();
  for (int i = 0; i < 20; ++i) {
    (void)tree().ReadFile("/a/l", kLimit);
    (void)tree().ReadFile("/loop", kLimit);
    (void)tree().List("/a");
    (void)tree().ReadFile("/a/missing", kLimit);
    (void)tree().OpenDirectory("/a");
    (void)tree().Subtree("/a");
  }
  EXPECT_EQ(RealRoot()->List("/proc/self/fd")->size(), before);
}

}  // namespace
}  // namespace rollcall
