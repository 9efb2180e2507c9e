#include "collectors/accounts/login_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/testing/login_files.h"
#include "platform/memory_tree.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kWtmp[] = "/var/log/wtmp";

class LoginHistoryTest : public testing::Test {
 protected:
  // A file that grows keeps its inode, as a real one.
  void SetWtmp(absl::string_view text, uint64_t inode = 77) {
    files_.SetFile(kWtmp, text);
    files_.SetInfo(kWtmp, {.inode = inode, .mtime_unix_nano = ++time_});
  }

  absl::Status Refresh(const StopToken& stop = StopToken()) {
    problems_.clear();
    std::vector<LoginProblem> problems;
    const absl::Status status = history_.Refresh(files_, &problems, stop);
    for (const LoginProblem& problem : problems) problems_.emplace_back(problem.status.message());
    return status;
  }

  std::string Of(absl::string_view name, uint32_t uid = 1000) {
    const auto login = history_.Find(name, uid);
    if (!login.has_value()) return "never";
    return absl::StrCat(absl::ToUnixSeconds(login->record.time), " ", login->record.terminal, " ", login->record.from,
                        " ", login->source);
  }

  MemoryTree files_;
  LoginHistory history_;
  std::vector<std::string> problems_;
  int64_t time_ = 0;
};

using Logins = LoginHistoryTest;

TEST_F(Logins, TheLastOfAUserCounts) {
  SetWtmp(UtmpRecord({.user = "alice", .seconds = 1'700'000'100}) +
          UtmpRecord({.user = "alice", .line = "pts/9", .address = "192.0.2.1", .seconds = 1'700'000'200}));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "1700000200 pts/9 192.0.2.1 /var/log/wtmp");
  EXPECT_EQ(Of("bob"), "never");
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Logins, NoFilesMeanNoLogins) {
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "never");
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Logins, TheRotatedFileCountsToo) {
  files_.SetFile("/var/log/wtmp.1", UtmpRecord({.user = "alice"}) + UtmpRecord({.user = "bob"}));
  SetWtmp(UtmpRecord({.user = "alice", .seconds = 1'700'000'500}));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "1700000500 pts/0  /var/log/wtmp");
  EXPECT_EQ(Of("bob"), "1700000000 pts/0  /var/log/wtmp.1");
  files_.Unset("/var/log/wtmp.1");
  files_.SetFile("/var/log/wtmp-20231001", UtmpRecord({.user = "carol"}));
  files_.SetFile("/var/log/wtmp-20231101", UtmpRecord({.user = "bob"}));
  files_.SetFile("/var/log/wtmp-20231201.gz", "gz");
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("bob"), "1700000000 pts/0  /var/log/wtmp-20231101");
  EXPECT_EQ(Of("carol"), "never");
}

TEST_F(Logins, LastlogCountsWhereItIsLater) {
  SetWtmp(UtmpRecord({.user = "alice", .line = "pts/0", .address = "192.0.2.1"}));
  std::string lastlog;
  SetLastlog(&lastlog, 1000, 1'700'000'002, "pts/0", "192.0.2.1");
  SetLastlog(&lastlog, 1001, 1'600'000'000, "tty1", "");
  files_.SetFile("/var/log/lastlog", lastlog);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice", 1000), "1700000000 pts/0 192.0.2.1 /var/log/wtmp") << "the same login";
  EXPECT_EQ(Of("bob", 1001), "1600000000 tty1  /var/log/lastlog");
  EXPECT_EQ(Of("carol", 1002), "never");
  EXPECT_EQ(Of("max", 4294967295), "never") << "far behind the end of the file";
  SetLastlog(&lastlog, 1000, 1'700'000'900, "pts/7", "");
  files_.SetFile("/var/log/lastlog", lastlog);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice", 1000), "1700000900 pts/7  /var/log/lastlog");
}

TEST_F(Logins, NamesAreCutAsInTheFile) {
  const std::string name(40, 'n');
  SetWtmp(UtmpRecord({.user = name}));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of(name), "1700000000 pts/0  /var/log/wtmp");
}

TEST_F(Logins, AnUnchangedFileIsNotReadAgain) {
  SetWtmp(UtmpRecord({.user = "alice"}));
  ASSERT_TRUE(Refresh().ok());
  int accesses = 0;
  files_.SetAccessHook([&accesses](absl::string_view path) {
    accesses += path == kWtmp ? 1 : 0;
    return absl::OkStatus();
  });
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(accesses, 1) << "a stat, no read";
  EXPECT_EQ(Of("alice"), "1700000000 pts/0  /var/log/wtmp");
}

// What was read stays, even if the file no longer says it: only the new end is looked at.
TEST_F(Logins, OfAFileThatGrewOnlyTheEndIsRead) {
  const std::string first = UtmpRecord({.user = "alice"});
  SetWtmp(first + first.substr(0, 100));
  ASSERT_TRUE(Refresh().ok());
  SetWtmp(UtmpRecord({.user = "other"}) + UtmpRecord({.user = "bob"}));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "1700000000 pts/0  /var/log/wtmp");
  EXPECT_EQ(Of("bob"), "1700000000 pts/0  /var/log/wtmp");
  EXPECT_EQ(Of("other"), "never");
}

TEST_F(Logins, AFileThatGrewBetweenTwoLooksAndWasCutIsReadAnew) {
  const std::string first = UtmpRecord({.user = "alice"});
  SetWtmp(first);
  int looks = 0;
  files_.SetAccessHook([&](absl::string_view path) {
    if (path == kWtmp && ++looks == 2) SetWtmp(first + UtmpRecord({.user = "bob"}));
    return absl::OkStatus();
  });
  ASSERT_TRUE(Refresh().ok());
  files_.SetAccessHook(nullptr);
  EXPECT_EQ(Of("bob"), "1700000000 pts/0  /var/log/wtmp");
  SetWtmp(first + std::string(100, '\0'));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(Of("alice"), "1700000000 pts/0  /var/log/wtmp");
  EXPECT_EQ(Of("bob"), "never");
}

TEST_F(Logins, ANewFileForgetsTheOld) {
  SetWtmp(UtmpRecord({.user = "alice"}) + UtmpRecord({.user = "alice"}));
  ASSERT_TRUE(Refresh().ok());
  SetWtmp(UtmpRecord({.user = "bob"}) + UtmpRecord({.user = "bob"}) + UtmpRecord({.user = "bob"}), 78);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "never");
  EXPECT_EQ(Of("bob"), "1700000000 pts/0  /var/log/wtmp");
  SetWtmp(UtmpRecord({.user = "carol"}), 78);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("bob"), "never") << "cut in place";
  files_.Unset(kWtmp);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("carol"), "never");
}

TEST_F(Logins, OfAHugeFileTheEndIsRead) {
  FixtureTree tree;
  tree.SetFile(kWtmp, UtmpRecord({.user = "early"}));
  const std::string on_disk = tree.OnDisk(kWtmp);
  ASSERT_EQ(::truncate(on_disk.c_str(), off_t{384} * 1'000'000), 0);
  std::ofstream(on_disk, std::ios::app | std::ios::binary) << UtmpRecord({.user = "late"});
  std::vector<LoginProblem> problems;
  ASSERT_TRUE(history_.Refresh(tree.tree(), &problems, StopToken()).ok());
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].status.message(), "read /var/log/wtmp: only the last 16 MiB are read");
  EXPECT_EQ(Of("early"), "never");
  EXPECT_EQ(Of("late"), "1700000000 pts/0  /var/log/wtmp");
}

TEST_F(Logins, LastlogIsSparse) {
  FixtureTree tree;
  std::string lastlog;
  SetLastlog(&lastlog, 0, 1'600'000'000, "tty1", "");
  tree.SetFile("/var/log/lastlog", lastlog);
  constexpr uint32_t kHighUid = 2'000'000'000;
  std::string entry;
  SetLastlog(&entry, 0, 1'700'000'000, "pts/1", "192.0.2.9");
  std::fstream file(tree.OnDisk("/var/log/lastlog"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(uint64_t{kHighUid} * 292));
  file << entry;
  file.close();
  std::vector<LoginProblem> problems;
  ASSERT_TRUE(history_.Refresh(tree.tree(), &problems, StopToken()).ok());
  EXPECT_EQ(Of("root", 0), "1600000000 tty1  /var/log/lastlog");
  EXPECT_EQ(Of("high", kHighUid), "1700000000 pts/1 192.0.2.9 /var/log/lastlog");
  EXPECT_EQ(Of("hole", 1'000'000), "never");
  history_.Close();
  EXPECT_EQ(Of("root", 0), "never");
}

TEST_F(Logins, DamageIsSaidInEveryRun) {
  SetWtmp(UtmpRecord({.user = "alice"}) + "garbage" + UtmpRecord({.user = "bob"}));
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(Refresh().ok());
    EXPECT_THAT(problems_, ElementsAre("parse /var/log/wtmp: some bytes are no records"));
    EXPECT_EQ(Of("bob"), "1700000000 pts/0  /var/log/wtmp");
  }
}

TEST_F(Logins, UnreadableFilesAreSaid) {
  SetWtmp(UtmpRecord({.user = "alice"}));
  files_.SetFile("/var/log/lastlog", "x");
  files_.SetError("/var/log/lastlog", absl::PermissionDeniedError("permission denied"));
  files_.SetError(kWtmp, absl::PermissionDeniedError("permission denied"));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(problems_.size(), 2U);
  files_.SetError(kWtmp, absl::OkStatus());
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(problems_.size(), 1U);
  EXPECT_EQ(Of("alice"), "1700000000 pts/0  /var/log/wtmp");
}

TEST_F(Logins, ADatabaseThatIsNoneIsSaid) {
  files_.SetFile("/var/lib/lastlog/lastlog2.db", "SQLite format 3");
  SetWtmp(UtmpRecord({.user = "alice"}));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, ElementsAre("read /var/lib/lastlog/lastlog2.db: not a SQLite database"));
  EXPECT_EQ(Of("alice"), "1700000000 pts/0  /var/log/wtmp");
}

TEST_F(Logins, ADirectoryOrALoopInPlaceOfTheFile) {
  files_.SetDirectory(kWtmp);
  files_.SetSymlink("/var/log/lastlog", "lastlog");
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(problems_.size(), 2U);
}

TEST_F(Logins, AFileThatGoesBetweenTwoLooks) {
  SetWtmp(UtmpRecord({.user = "alice"}));
  int accesses = 0;
  files_.SetAccessHook([this, &accesses](absl::string_view path) {
    if (path == kWtmp && ++accesses == 2) files_.Unset(kWtmp);
    return absl::OkStatus();
  });
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "never");
}

TEST_F(Logins, StopsWhenAsked) {
  SetWtmp(UtmpRecord({.user = "alice"}));
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(Refresh(source.token())));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("alice"), "1700000000 pts/0  /var/log/wtmp") << "a stopped read must not be remembered";
}

}  // namespace
}  // namespace rollcall
