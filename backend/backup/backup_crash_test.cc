// The process goes at changes of the disk all over the time a backup is made, and while it is restored. Then the
// backup, or the data folder, is there and whole, or it is not there, and the next attempt works.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "absl/strings/numbers.h"
#include "backend/backup/backup_files.h"
#include "backend/backup/backup_parts.h"
#include "backend/backup/testing/backed_up_world.h"

namespace {

// Counted in a child process only; it ends in place of the change with that number.
bool counting = false;
long changes = 0;
long last_change = 0;

constexpr int kGone = 77;
constexpr int kDone = 0;
constexpr int kFailed = 1;

void Change() {
  if (counting && ++changes == last_change) ::_exit(kGone);
}

}  // namespace

// In the place of libc's, for all that this program links, SQLite among it.
extern "C" {
ssize_t write(int fd, const void* data, size_t size) {
  Change();
  return ::syscall(SYS_write, fd, data, size);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  Change();
  return ::syscall(SYS_pwrite64, fd, data, size, offset);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  Change();
  return ::syscall(SYS_pwrite64, fd, data, size, offset);
}
int fsync(int fd) {
  Change();
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
int fdatasync(int fd) {
  Change();
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
  Change();
  return static_cast<int>(::syscall(SYS_renameat2, from, old_name, to, new_name, 0));
}
int unlinkat(int fd, const char* name, int flags) noexcept {
  Change();
  return static_cast<int>(::syscall(SYS_unlinkat, fd, name, flags));
}
int mkdirat(int fd, const char* name, mode_t mode) noexcept {
  Change();
  return static_cast<int>(::syscall(SYS_mkdirat, fd, name, mode));
}
}

namespace rollcall {
namespace {

constexpr absl::CivilDay kOld(2023, 6, 1);

// Runs `work` in a process that is gone in place of its `last`th change of the disk; 0 is never. The exit code, and
// how many changes it made.
template <typename Work>
int RunUntil(long last, const std::string& counter, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    last_change = last;
    counting = true;
    const bool ok = work();
    counting = false;
    WriteBytes(counter, std::to_string(changes));
    ::_exit(ok ? kDone : kFailed);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Some of the changes, and all of the last: there it gets its name.
std::vector<long> Some(long all) {
  std::vector<long> chosen;
  for (long change = 1; change <= all - 8; change += 1 + all / 24) chosen.push_back(change);
  for (long change = all - 7; change <= all; ++change) chosen.push_back(change);
  return chosen;
}

class BackupCrashTest : public testing::Test {
 protected:
  BackupCrashTest() {
    for (int day = 0; day < 2; ++day) {
      EXPECT_TRUE(world_->FoundAll({"ann", "bob", "eve"}, kOld + day).ok());
    }
    EXPECT_TRUE(world_->Found({"old"}, kOld - 10).ok());
    rows_ = RowsOf(world_->store(), world_->policy().zone);
    // Another process has no use for connections of this one.
    world_->Close();
  }

  bool IsWhole(const std::string& backup) {
    const auto files = OpenExistingFolder(world_.Path(backup));
    const auto signer = LoadSigner(world_.Path("ledger.key"), kLedgerName);
    return files.ok() && VerifyBackup(files->get(), *signer).ok();
  }
  std::string counter() const { return world_.Path("counter"); }
  long CountedChanges() const {
    long counted = 0;
    EXPECT_TRUE(absl::SimpleAtoi(ReadBytes(counter()), &counted));
    return counted;
  }

  BackedUpWorld world_;
  std::vector<std::string> rows_;
};

TEST_F(BackupCrashTest, ABackupIsWholeOrNotThere) {
  const auto make = [this] { return world_.Backup("backup").ok(); };
  ASSERT_EQ(RunUntil(0, counter(), make), kDone);
  const long all = CountedChanges();
  ASSERT_GT(all, 50) << "the calls are counted";
  int named = 0;
  for (const long last : Some(all)) {
    std::filesystem::remove_all(world_.Path("backup"));
    const int code = RunUntil(last, counter(), make);
    ASSERT_TRUE(code == kGone || code == kDone) << last;
    if (std::filesystem::exists(world_.Path("backup"))) {
      ++named;
      ASSERT_TRUE(IsWhole("backup")) << "gone at " << last;
      continue;
    }
    ASSERT_EQ(RunUntil(0, counter(), make), kDone) << "after it was gone at " << last;
    ASSERT_TRUE(IsWhole("backup")) << "gone at " << last;
    ASSERT_FALSE(std::filesystem::exists(world_.Path("backup.unfinished")));
  }
  EXPECT_LE(named, 3) << "it has its name at the very end";
}

TEST_F(BackupCrashTest, ADataFolderIsWholeOrNotThere) {
  ASSERT_EQ(RunUntil(0, counter(), [this] { return world_.Backup("backup").ok(); }), kDone);
  world_.CopySecrets("secrets");
  const auto restore = [this] { return world_.Restore(world_.From("backup", "data")).ok(); };
  ASSERT_EQ(RunUntil(0, counter(), restore), kDone);
  const long all = CountedChanges();
  ASSERT_GT(all, 50) << "the calls are counted";
  int named = 0;
  for (const long last : Some(all)) {
    std::filesystem::remove_all(world_.Path("data"));
    const int code = RunUntil(last, counter(), restore);
    ASSERT_TRUE(code == kGone || code == kDone) << last;
    const bool there = std::filesystem::exists(world_.Path("data"));
    if (there) ++named;
    if (!there) {
      ASSERT_EQ(RunUntil(0, counter(), restore), kDone) << "after it was gone at " << last;
    }
    ASSERT_EQ(RowsIn(world_.Path("data") + "/rollcall.db", world_->policy().zone), rows_) << "gone at " << last;
    ASSERT_FALSE(std::filesystem::exists(world_.Path("data.unfinished")));
  }
  EXPECT_LE(named, 3) << "it has its name at the very end";
}

}  // namespace
}  // namespace rollcall
