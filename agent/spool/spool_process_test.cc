// The spool on a real disk: permissions, the lock, and processes that are killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/system_spool_files.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

const SpoolUnit kUnit{"ports", "host"};

class SpoolProcessTest : public ::testing::Test {
 protected:
  SpoolProcessTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spool.XXXXXX").string();
    parent_ = ::mkdtemp(pattern.data());
    directory_ = parent_ + "/spool";
  }
  ~SpoolProcessTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(parent_, ignored);
  }

  static uint32_t ModeOf(const std::string& path) {
    struct stat info;
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  std::string parent_;
  std::string directory_;
  // Nothing is held back for others, or a full build machine would fail the test.
  DirectorySpoolOptions options_{.segment_bytes = 64 * 1024, .min_free_bytes = 0, .min_free_fraction = 0};
};

TEST_F(SpoolProcessTest, FilesArePrivate) {
  const mode_t before = ::umask(0);
  auto spool = DirectorySpool::Open(directory_, options_);
  ASSERT_TRUE(spool.ok()) << spool.status();
  ASSERT_TRUE((*spool)->Append(kUnit, "x").ok());
  ::umask(before);
  EXPECT_EQ(ModeOf(directory_), 0700u);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(ModeOf(entry.path().string()), 0600u) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 4u);  // lock, cursor, units, one segment
}

TEST_F(SpoolProcessTest, PermissionsOfOthersAreTakenAway) {
  ASSERT_EQ(::mkdir(directory_.c_str(), 0755), 0);
  ASSERT_TRUE(DirectorySpool::Open(directory_, options_).ok());
  EXPECT_EQ(ModeOf(directory_), 0700u);
}

TEST_F(SpoolProcessTest, OneAgentAtATime) {
  auto first = DirectorySpool::Open(directory_, options_);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(DirectorySpool::Open(directory_, options_).status()));
  first->reset();
  EXPECT_TRUE(DirectorySpool::Open(directory_, options_).ok());
}

TEST_F(SpoolProcessTest, LinksAreNotFollowed) {
  ASSERT_EQ(::mkdir((parent_ + "/elsewhere").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("elsewhere", directory_.c_str()), 0);
  EXPECT_FALSE(DirectorySpool::Open(directory_, options_).ok());

  const std::string real = parent_ + "/real";
  auto files = OpenSystemSpoolFiles(real);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(::symlink("/etc/passwd", (real + "/cursor").c_str()), 0);
  EXPECT_FALSE((*files)->Open("cursor").ok());
  EXPECT_TRUE(absl::IsAlreadyExists((*files)->Create("cursor").status()));
  EXPECT_TRUE((*files)->List()->empty()) << "only regular files";
}

TEST_F(SpoolProcessTest, FileOperations) {
  auto files = OpenSystemSpoolFiles(directory_);
  ASSERT_TRUE(files.ok());
  EXPECT_TRUE(absl::IsNotFound((*files)->Open("a").status()));
  {
    auto file = (*files)->Create("a");
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE((*file)->Reserve(100000).ok());
    EXPECT_TRUE((*file)->WriteAt(2, "hello").ok());
    EXPECT_EQ((*file)->Size().value_or(0), 7u);
    EXPECT_EQ((*file)->ReadAt(2, 100).value_or(""), "hello");
    EXPECT_EQ((*file)->ReadAt(50, 100).value_or("x"), "");
    EXPECT_TRUE((*file)->Truncate(4).ok());
    EXPECT_TRUE((*file)->SyncData().ok());
  }
  EXPECT_TRUE((*files)->Rename("a", "b").ok());
  EXPECT_EQ((*files)->List()->size(), 1u);
  EXPECT_TRUE((*files)->SyncDirectory().ok());
  EXPECT_TRUE((*files)->Remove("b").ok());
  EXPECT_TRUE(absl::IsNotFound((*files)->Remove("b")));
  EXPECT_GT((*files)->FreeSpace()->total_bytes, 0u);
}

// The kernel writes what still fits and says how much; the next write says why there is no more.
TEST_F(SpoolProcessTest, AShortWriteIsGoneOnWithAndItsEndIsAnError) {
  auto files = OpenSystemSpoolFiles(directory_);
  ASSERT_TRUE(files.ok());
  auto file = (*files)->Create("a");
  ASSERT_TRUE(file.ok());
  struct rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit little = {60000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status cut = (*file)->WriteAt(0, std::string(100000, 'x'));
  const uint64_t written = (*file)->Size().value_or(0);
  const absl::Status fits = (*file)->WriteAt(0, std::string(50000, 'y'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_DFL);
  EXPECT_FALSE(cut.ok());
  EXPECT_EQ(written, 60000u);
  EXPECT_TRUE(fits.ok()) << fits;
}

TEST_F(SpoolProcessTest, LookingOnChangesNothingAndNeedsNoLock) {
  EXPECT_TRUE(absl::IsNotFound(OpenSystemSpoolFilesForReading(directory_).status()));
  auto spool = DirectorySpool::Open(directory_, options_);
  ASSERT_TRUE(spool.ok());
  ASSERT_TRUE((*spool)->Append(kUnit, "x").ok());
  auto files = OpenSystemSpoolFilesForReading(directory_);
  ASSERT_TRUE(files.ok());
  EXPECT_FALSE((*files)->Lock().ok());
  EXPECT_FALSE((*files)->Create("new").ok());
  EXPECT_FALSE((*files)->Remove("cursor").ok());
  EXPECT_FALSE((*files)->Rename("cursor", "units").ok());
  auto file = (*files)->Open("cursor");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE((*file)->WriteAt(0, "x").ok());
  EXPECT_EQ((*files)->List()->size(), 4u);
}

// Appends until killed, and says each sequence after Append returned.
[[noreturn]] void AppendForEver(const std::string& directory, const DirectorySpoolOptions& options, int report_fd) {
  auto spool = DirectorySpool::Open(directory, options);
  if (!spool.ok()) ::_exit(3);
  for (uint64_t i = 0;; ++i) {
    const auto sequence = (*spool)->Append(kUnit, std::string(100 + i % 5000, 'k'));
    if (!sequence.ok()) ::_exit(4);
    const uint64_t number = *sequence;
    if (::write(report_fd, &number, sizeof(number)) != sizeof(number)) ::_exit(5);
    if (i % 50 == 49 && !(*spool)->Sync().ok()) ::_exit(6);
    if (i % 40 == 39 && !(*spool)->Acknowledge(number - 20).ok()) ::_exit(7);
  }
}

TEST_F(SpoolProcessTest, EveryAppendThatReturnedSurvivesAKill) {
  uint64_t last = 0;
  for (int turn = 0; turn < 60; ++turn) {
    int pipe_fds[2];
    ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
    ScopedFd reader(pipe_fds[0]);
    ScopedFd writer(pipe_fds[1]);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) AppendForEver(directory_, options_, writer.get());
    writer.Reset();
    // Killed after a number of appends that differs, at any point of the next one.
    uint64_t number = 0;
    for (int i = 0; i < 1 + turn * 13 % 300; ++i) {
      ASSERT_EQ(::read(reader.get(), &number, sizeof(number)), static_cast<ssize_t>(sizeof(number)));
    }
    ::kill(child, SIGKILL);
    while (::read(reader.get(), &number, sizeof(number)) == static_cast<ssize_t>(sizeof(number))) last = number;
    last = std::max(last, number);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "child ended by itself: " << WEXITSTATUS(status);

    auto spool = DirectorySpool::Open(directory_, options_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    EXPECT_TRUE((*spool)->recovery_problems().empty()) << (*spool)->recovery_problems().front();
    EXPECT_FALSE((*spool)->NeedsFull(kUnit));
    const auto entries = (*spool)->Read(0, 1000000, size_t{1} << 30);
    ASSERT_TRUE(entries.ok());
    ASSERT_FALSE(entries->empty());
    EXPECT_GE(entries->back().sequence, last) << "turn " << turn;
    for (size_t i = 1; i < entries->size(); ++i) EXPECT_EQ((*entries)[i].sequence, (*entries)[i - 1].sequence + 1);
  }
}

}  // namespace
}  // namespace rollcall
