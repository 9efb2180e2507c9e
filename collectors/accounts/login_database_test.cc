#include "collectors/accounts/login_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/testing/login_databases.h"
#include "platform/host_root.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPath[] = "/var/lib/lastlog/lastlog2.db";
constexpr char kAlice[] = "INSERT INTO Lastlog2 VALUES('alice', 1700000000, 'pts/1', '192.0.2.7', 'sshd');";
constexpr char kBob[] = "INSERT INTO Lastlog2 VALUES('bob', 4300000000, 'tty1', NULL, 'login');";
constexpr char kNever[] = "INSERT INTO Lastlog2 VALUES('never', 0, NULL, NULL, NULL);";

class LoginDatabaseTest : public testing::Test {
 protected:
  LoginDatabaseTest() : folder_(testing::TempDir() + "login_database_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~LoginDatabaseTest() override { std::filesystem::remove_all(folder_); }

  // SQLite's bytes of a database made by `sql`.
  std::string Bytes(const std::string& sql) {
    const std::string path = absl::StrCat(folder_, "/made", ++made_);
    MakeDatabase(path, sql);
    return FileBytes(path);
  }
  // Puts bytes where lastlog2 is; each time as a file that was just written.
  void Set(absl::string_view bytes) {
    files_.SetFile(kPath, bytes);
    files_.SetInfo(kPath, {.inode = 7, .mtime_unix_nano = ++time_});
  }
  absl::Status Refresh(const FileTree& files, LoginDatabase& database, const StopToken& stop = StopToken()) {
    problems_.clear();
    std::vector<LoginProblem> problems;
    const absl::Status status = database.Refresh(files, &problems, stop);
    for (const LoginProblem& problem : problems) problems_.emplace_back(problem.status.message());
    return status;
  }
  absl::Status Refresh() { return Refresh(files_, lastlog2_); }
  static std::string Of(const LoginDatabase& database, absl::string_view name) {
    const LoginRecord* login = database.Find(name);
    if (login == nullptr) return "never";
    return absl::StrCat(absl::ToUnixMillis(login->time), " ", login->terminal, " ", login->from);
  }
  std::string Of(absl::string_view name) const { return Of(lastlog2_, name); }

  std::string folder_;
  int made_ = 0;
  int64_t time_ = 0;
  MemoryTree files_;
  LoginDatabase lastlog2_{LoginDatabaseKind::kLastlog2, kPath};
  std::vector<std::string> problems_;
};

TEST_F(LoginDatabaseTest, Lastlog2BeyondTheYear2038) {
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice, kBob, kNever)));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(Of("alice"), "1700000000000 pts/1 192.0.2.7");
  EXPECT_EQ(Of("bob"), "4300000000000 tty1 ");
  EXPECT_EQ(Of("never"), "never");
  EXPECT_EQ(Of("ali"), "never");
}

TEST_F(LoginDatabaseTest, WtmpdbGivesTheLatestSessionOfAUserAndNoBoot) {
  std::string sql = kWtmpdbSchema;
  const auto add = [&sql](int type, const char* user, int64_t login, const char* tty) {
    absl::StrAppend(&sql, "INSERT INTO wtmp(Type, User, Login, TTY, RemoteHost) VALUES(", type, ",'", user, "',", login,
                    ",'", tty, "','198.51.100.1');");
  };
  add(1, "reboot", 1700000000000000, "~");
  add(3, "alice", 1700000300500000, "pts/3");
  add(3, "alice", 1700000100000000, "pts/1");
  for (int i = 0; i < 500; ++i) add(3, "many", 1700001000000000 + i * 1000000, "pts/8");
  files_.SetFile("/var/lib/wtmpdb/wtmp.db", Bytes(sql));
  LoginDatabase wtmpdb(LoginDatabaseKind::kWtmpdb, "/var/lib/wtmpdb/wtmp.db");
  ASSERT_TRUE(Refresh(files_, wtmpdb).ok());
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(Of(wtmpdb, "reboot"), "never");
  EXPECT_EQ(Of(wtmpdb, "alice"), "1700000300500 pts/3 198.51.100.1");
  EXPECT_EQ(Of(wtmpdb, "many"), "1700001499000 pts/8 198.51.100.1");
}

TEST_F(LoginDatabaseTest, WhatIsOnlyInTheLogIsRead) {
  std::filesystem::create_directories(folder_ + "/root/var/lib/lastlog");
  MakeDatabase(absl::StrCat(folder_, "/root", kPath), absl::StrCat(kLastlog2Schema, kAlice),
               absl::StrCat(kBob, "UPDATE Lastlog2 SET Time = 1700000999 WHERE Name = 'alice';"));
  const auto root = HostRoot::Create(folder_ + "/root");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_TRUE(Refresh(**root, lastlog2_).ok());
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(Of("alice"), "1700000999000 pts/1 192.0.2.7");
  EXPECT_EQ(Of("bob"), "4300000000000 tty1 ");
}

TEST_F(LoginDatabaseTest, AnUnchangedFileIsNotReadAgainAndAChangedOneIs) {
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice)));
  ASSERT_TRUE(Refresh().ok());
  int opened = 0;
  files_.SetAccessHook([&opened](absl::string_view path) {
    opened += path == kPath ? 1 : 0;
    return absl::OkStatus();
  });
  ASSERT_TRUE(Refresh().ok());
  const int looks = opened;
  EXPECT_EQ(Of("alice"), "1700000000000 pts/1 192.0.2.7");
  Set(Bytes(absl::StrCat(kLastlog2Schema, kBob)));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_GT(opened - looks, looks);
  EXPECT_EQ(Of("alice"), "never");
  EXPECT_EQ(Of("bob"), "4300000000000 tty1 ");
  files_.Unset(kPath);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("bob"), "never");
  EXPECT_THAT(problems_, IsEmpty());
}

// Broken files: the good part is there, and what is wrong is said, in every run.

TEST_F(LoginDatabaseTest, ATruncatedFileKeepsItsFirstRows) {
  std::string sql = kLastlog2Schema;
  for (int i = 0; i < 200; ++i) {
    absl::StrAppend(&sql, "INSERT INTO Lastlog2 VALUES('user", i, "', ", 1700000000 + i, ", 'pts/1', 'host', 'sshd');");
  }
  const std::string whole = Bytes(sql);
  Set(whole.substr(0, whole.size() * 3 / 4));
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(Refresh().ok());
    EXPECT_THAT(problems_, Not(IsEmpty()));
    EXPECT_EQ(Of("user0"), "1700000000000 pts/1 host");
  }
}

TEST_F(LoginDatabaseTest, ADatabaseWithoutTheTable) {
  Set(Bytes("CREATE TABLE other(a TEXT);"));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, ElementsAre(absl::StrCat("read ", kPath, ": has no table Lastlog2")));
}

TEST_F(LoginDatabaseTest, RowsThatAreNoLoginsCostOnlyThemselves) {
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice, "INSERT INTO Lastlog2 VALUES('", std::string(300, 'n'),
                         "', 1700000000, '', '', '');",
                         "INSERT INTO Lastlog2 VALUES('', 1700000000, '', '', '');"
                         "INSERT INTO Lastlog2 VALUES('text', 'not a time', '', '', '');"
                         "INSERT INTO Lastlog2 VALUES(x'ff00ff', 1700000000, '', '', '');"
                         "INSERT INTO Lastlog2 VALUES('wide', 1700000000, '",
                         std::string(4000, 't'), "', '", std::string(4000, 'h'), "', '');", kBob)));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, Not(IsEmpty()));
  EXPECT_EQ(Of("alice"), "1700000000000 pts/1 192.0.2.7");
  EXPECT_EQ(Of("bob"), "4300000000000 tty1 ");
  EXPECT_EQ(Of("text"), "never");
  EXPECT_EQ(lastlog2_.Find("wide")->from.size(), kMaxLoginText);
}

TEST_F(LoginDatabaseTest, BytesOverwrittenAnywhere) {
  const std::string whole = Bytes(absl::StrCat(kLastlog2Schema, kAlice, kBob));
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
    Set(damaged);
    ASSERT_TRUE(Refresh().ok());
    if (problems_.empty()) continue;
    EXPECT_THAT(problems_[0], AnyOf(HasSubstr(absl::StrCat("read ", kPath)), HasSubstr(absl::StrCat("parse ", kPath))));
  }
}

TEST_F(LoginDatabaseTest, ATransactionUnderWayIsSaidAndReadAgain) {
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice)));
  files_.SetFile(absl::StrCat(kPath, "-journal"), "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7");
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("a transaction is not complete")));
  EXPECT_EQ(Of("alice"), "1700000000000 pts/1 192.0.2.7");
  files_.Unset(absl::StrCat(kPath, "-journal"));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(LoginDatabaseTest, AJournalThatMayNotBeReadIsSaidAndReadAgain) {
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice)));
  const std::string journal = absl::StrCat(kPath, "-journal");
  files_.SetFile(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7");
  files_.SetError(journal, absl::PermissionDeniedError("permission denied"));
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(Refresh().ok());
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("permission denied")));
    EXPECT_EQ(Of("alice"), "1700000000000 pts/1 192.0.2.7");
  }
  files_.SetError(journal, absl::OkStatus());
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("a transaction is not complete")));
}

TEST_F(LoginDatabaseTest, ADirectoryALoopOrAFileThatMayNotBeRead) {
  files_.SetDirectory(kPath);
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(problems_.size(), 1U);
  files_.Unset(kPath);
  files_.SetSymlink(kPath, "lastlog2.db");
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(problems_.size(), 1U);
  files_.Unset(kPath);
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice)));
  files_.SetError(kPath, absl::PermissionDeniedError("permission denied"));
  ASSERT_TRUE(Refresh().ok());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("permission denied")));
}

TEST_F(LoginDatabaseTest, AFileWrittenMeanwhileIsReadAgain) {
  const std::string other = Bytes(absl::StrCat(kLastlog2Schema, kBob));
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice)));
  int accesses = 0;
  files_.SetAccessHook([&](absl::string_view path) {
    if (path == kPath && ++accesses == 2) Set(other);
    return absl::OkStatus();
  });
  ASSERT_TRUE(Refresh().ok());
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(Of("bob"), "4300000000000 tty1 ");
  EXPECT_EQ(Of("alice"), "never");
}

TEST_F(LoginDatabaseTest, StopsWhenAsked) {
  Set(Bytes(absl::StrCat(kLastlog2Schema, kAlice)));
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(Refresh(files_, lastlog2_, source.token())));
}

}  // namespace
}  // namespace rollcall
