#include "platform/passwd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ParsePasswd, ReadsEntries) {
  auto file = ParsePasswd(
      "root:x:0:0:root:/root:/bin/bash\n# comment\n\n+@netgroup::::::\n+\n-bad\n"
      "www:*:33:34:Web,,,:/var/www:\r\nbig:x:4294967294:4294967295:::/bin/sh");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_EQ(file.entries.size(), 3U);
  EXPECT_EQ(file.entries[0].name, "root");
  EXPECT_EQ(file.entries[1].uid, 33U);
  EXPECT_EQ(file.entries[1].gid, 34U);
  EXPECT_EQ(file.entries[1].gecos, "Web,,,");
  EXPECT_EQ(file.entries[1].shell, "");
  EXPECT_EQ(file.entries[2].uid, 4294967294U);
  EXPECT_EQ(file.name_service_lines, 3U);
  EXPECT_EQ(file.entries[0].password.state, PasswordField::State::kElsewhere);
  EXPECT_EQ(file.entries[1].password.state, PasswordField::State::kLocked);
}

// Both can log in, as far as glibc is concerned.
TEST(ParsePasswd, ShortLinesAndShellsWithColonsAreAccounts) {
  auto file = ParsePasswd("back::0:0\n  door:$1$a$b:0:0:::/bin/sh:x\n");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_EQ(file.entries.size(), 2U);
  EXPECT_EQ(file.entries[0].password.state, PasswordField::State::kNone);
  EXPECT_EQ(file.entries[1].name, "door");
  EXPECT_EQ(file.entries[1].password.algorithm, "md5");
  EXPECT_EQ(file.entries[1].shell, "/bin/sh:x");
}

TEST(ParsePasswd, ALineWithANulByteIsAProblem) {
  auto file = ParsePasswd(absl::string_view("a:x:1:1:::\nb\0:x:2:2:::\nc:x:3:3:::\n", 33));
  EXPECT_EQ(file.entries.size(), 2U);
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].message(), "line 2: NUL byte");
}

TEST(ParsePasswd, KeepsTheGoodLinesAndNeverQuotesABadOne) {
  auto file = ParsePasswd(
      "short:secret\n:x:1:1:::\nbad:x:one:1:::\nbad:x:1:-1:::\nbad:x:4294967296:1:::\ngood:x:5:5:::\na:b:c\n");
  ASSERT_EQ(file.entries.size(), 1U);
  EXPECT_EQ(file.entries[0].name, "good");
  ASSERT_EQ(file.problems.size(), 6U);
  EXPECT_EQ(file.problems[0].message(), "line 1: fewer than 4 fields");
  EXPECT_EQ(file.problems[2].message(), "line 3: bad uid");
  EXPECT_THAT(std::string(file.problems[0].message()), Not(HasSubstr("secret")));
}

TEST(ParsePasswd, IsBounded) {
  std::string text;
  for (size_t i = 0; i <= kMaxAccountEntries; ++i) text += "a:x:1:1:::\n";
  auto file = ParsePasswd(text);
  EXPECT_EQ(file.entries.size(), kMaxAccountEntries);
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].code(), absl::StatusCode::kResourceExhausted);
  text.clear();
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  EXPECT_EQ(ParsePasswd(text).problems.size(), 10U);
}

TEST(ParseGroup, ReadsEntries) {
  auto file = ParseGroup("root:x:0:\nsudo:x:27:alice, bob,\nbad:x\nbad:x:y:\n");
  ASSERT_EQ(file.entries.size(), 2U);
  EXPECT_THAT(file.entries[0].members, IsEmpty());
  EXPECT_THAT(file.entries[1].members, ElementsAre("alice", "bob"));
  EXPECT_EQ(file.problems.size(), 2U);
}

TEST(AccountNames, NamesIds) {
  MemoryTree tree;
  tree.SetFile("/etc/passwd", "root:x:0:0:::\ntoor:x:0:0:::\nwww:x:33:33:::\n");
  tree.SetFile("/etc/group", "root:x:0:\nwebgroup:x:33:\n");
  const AccountNames names = AccountNames::Load(tree);
  EXPECT_EQ(names.User(0), "root");
  EXPECT_EQ(names.User(33), "www");
  EXPECT_EQ(names.Group(33), "webgroup");  // not the user of that number
  EXPECT_EQ(names.User(1000), "");
  EXPECT_THAT(names.problems(), IsEmpty());
}

TEST(AccountNames, SaysWhatItCouldNotRead) {
  MemoryTree tree;
  tree.SetFile("/etc/passwd", "root:x:0:0:::\n");
  EXPECT_THAT(AccountNames::Load(tree).problems(), IsEmpty());  // no group file at all
  tree.SetFile("/etc/group", "bad\n");
  tree.SetError("/etc/passwd", absl::PermissionDeniedError("permission denied"));
  const AccountNames names = AccountNames::Load(tree);
  ASSERT_EQ(names.problems().size(), 2U);
  EXPECT_EQ(names.problems()[0].message(), "read /etc/passwd: permission denied");
  EXPECT_EQ(names.problems()[1].message(), "parse /etc/group: line 1: fewer than 3 fields");
  EXPECT_EQ(names.User(0), "");
}

}  // namespace
}  // namespace rollcall
