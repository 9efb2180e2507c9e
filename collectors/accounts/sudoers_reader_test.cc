#include "collectors/accounts/sudoers_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SudoersReaderTest : public testing::Test {
 protected:
  // First user of each rule, with where the rule is.
  std::vector<std::string> Users() {
    tree_ = ReadSudoers(files_, "web1");
    std::vector<std::string> users;
    for (const SudoersRule& rule : tree_.merged.rules) {
      users.push_back(absl::StrCat(rule.users[0].text, " ", rule.path, ":", rule.line));
    }
    return users;
  }
  std::vector<std::string> Problems() const {
    std::vector<std::string> problems;
    for (const SudoersProblem& problem : tree_.problems) {
      problems.push_back(absl::StrCat(problem.path, ": ", problem.status.message()));
    }
    return problems;
  }

  MemoryTree files_;
  SudoersTree tree_;
};

using ReadSudoersTree = SudoersReaderTest;

TEST_F(ReadSudoersTree, FollowsIncludesInTheirOrder) {
  files_.SetFile("/etc/sudoers", "a ALL=ALL\n@include sudoers.local\nb ALL=ALL\n#includedir /etc/sudoers.d\nc ALL=ALL");
  files_.SetFile("/etc/sudoers.local", "local ALL=ALL\n");
  files_.SetFile("/etc/sudoers.d/20-x", "x ALL=ALL\n");
  files_.SetFile("/etc/sudoers.d/10_y", "y ALL=ALL\n");
  EXPECT_THAT(Users(), ElementsAre("a /etc/sudoers:1", "local /etc/sudoers.local:1", "b /etc/sudoers:3",
                                   "y /etc/sudoers.d/10_y:1", "x /etc/sudoers.d/20-x:1", "c /etc/sudoers:5"));
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_FALSE(tree_.incomplete);
}

TEST_F(ReadSudoersTree, LeavesOutNamesThatSudoLeavesOut) {
  files_.SetFile("/etc/sudoers", "@includedir sudoers.d");
  for (const char* name : {"good", "backup~", "pkg.dpkg-old", "README.txt", ".hidden"}) {
    files_.SetFile(absl::StrCat("/etc/sudoers.d/", name), "u ALL=ALL");
  }
  files_.SetDirectory("/etc/sudoers.d/folder");
  EXPECT_THAT(Users(), ElementsAre("u /etc/sudoers.d/good:1"));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(ReadSudoersTree, TheHostNameMayBeInAPath) {
  files_.SetFile("/etc/sudoers", "@include /etc/sudoers.%h\n@include /etc/100%%\n");
  files_.SetFile("/etc/sudoers.web1", "w ALL=ALL");
  files_.SetFile("/etc/100%", "p ALL=ALL");
  EXPECT_THAT(Users(), ElementsAre("w /etc/sudoers.web1:1", "p /etc/100%:1"));
}

TEST_F(ReadSudoersTree, NoSudoersAtAll) {
  EXPECT_THAT(Users(), IsEmpty());
  EXPECT_FALSE(tree_.incomplete);
}

TEST_F(ReadSudoersTree, TheVendorsFileCountsWithoutALocalOne) {
  files_.SetFile("/usr/etc/sudoers", "v ALL=ALL");
  EXPECT_THAT(Users(), ElementsAre("v /usr/etc/sudoers:1"));
  files_.SetFile("/etc/sudoers", "l ALL=ALL");
  EXPECT_THAT(Users(), ElementsAre("l /etc/sudoers:1"));
}

TEST_F(ReadSudoersTree, AnUnreadableFileIsNoEmptyOne) {
  files_.SetFile("/etc/sudoers", "a ALL=ALL\n@includedir sudoers.d\n");
  files_.SetFile("/etc/sudoers.d/b", "b ALL=ALL\n");
  files_.SetError("/etc/sudoers.d/b", absl::PermissionDeniedError("permission denied"));
  EXPECT_THAT(Users(), ElementsAre("a /etc/sudoers:1"));
  EXPECT_THAT(Problems(), ElementsAre("/etc/sudoers.d/b: read /etc/sudoers.d/b: permission denied"));
  EXPECT_TRUE(tree_.incomplete);
  files_.SetError("/etc/sudoers.d/b", absl::OkStatus());
  files_.SetError("/etc/sudoers.d", absl::PermissionDeniedError("permission denied"));
  Users();
  EXPECT_TRUE(tree_.incomplete);
  files_.SetError("/etc/sudoers.d", absl::OkStatus());
  files_.SetError("/etc/sudoers", absl::PermissionDeniedError("permission denied"));
  Users();
  EXPECT_TRUE(tree_.incomplete);
}

TEST_F(ReadSudoersTree, ADirectoryInPlaceOfTheFile) {
  files_.SetDirectory("/etc/sudoers");
  EXPECT_THAT(Users(), IsEmpty());
  EXPECT_TRUE(tree_.incomplete);
}

TEST_F(ReadSudoersTree, AMissingIncludeIsSaid) {
  files_.SetFile("/etc/sudoers", "@include gone\n@includedir gone.d\na ALL=ALL\n");
  EXPECT_THAT(Users(), ElementsAre("a /etc/sudoers:3"));
  EXPECT_THAT(Problems(), ElementsAre("/etc/sudoers: include /etc/gone: not there"));
}

TEST_F(ReadSudoersTree, AFileThatIncludesItselfEnds) {
  files_.SetFile("/etc/sudoers", "a ALL=ALL\n@include sudoers\n@include sudoers\n");
  EXPECT_LE(Users().size(), kMaxSudoersFiles);
  EXPECT_FALSE(Problems().empty());
  EXPECT_TRUE(tree_.incomplete);
}

TEST_F(ReadSudoersTree, ALinkThatLeadsToItself) {
  files_.SetFile("/etc/sudoers", "a ALL=ALL\n@includedir sudoers.d\n");
  files_.SetSymlink("/etc/sudoers.d/loop", "loop");
  files_.SetSymlink("/etc/sudoers.d/nowhere", "/gone");
  EXPECT_THAT(Users(), ElementsAre("a /etc/sudoers:1"));
  EXPECT_EQ(Problems().size(), 2U);
}

TEST_F(ReadSudoersTree, WhatALimitCutsOffIsNotNothing) {
  std::string damage;
  for (int i = 0; i < 1'000; ++i) damage += "bad\n";
  const std::string members = absl::StrJoin(std::vector<std::string>(kMaxSudoListMembers + 1, "u"), ",");
  std::string includes;
  for (int i = 0; i < 2'000; ++i) includes += "@include gone\n";
  for (const std::string& text : {std::string(kMaxSudoersLineBytes + 1, 'u') + " ALL=ALL\n", members + " ALL=ALL\n",
                                  includes, damage + members + " ALL=ALL\n"}) {
    files_.SetFile("/etc/sudoers", text);
    tree_ = ReadSudoers(files_, "web1");
    EXPECT_TRUE(tree_.incomplete) << text.substr(0, 20);
  }
  files_.SetFile("/etc/sudoers", damage);
  tree_ = ReadSudoers(files_, "web1");
  EXPECT_FALSE(tree_.incomplete) << "sudo passes over such lines too";
}

TEST_F(ReadSudoersTree, DamagedLinesNameTheirFile) {
  files_.SetFile("/etc/sudoers", "a ALL=ALL\nbad\n");
  EXPECT_THAT(Users(), ElementsAre("a /etc/sudoers:1"));
  EXPECT_THAT(Problems(), ElementsAre("/etc/sudoers: parse /etc/sudoers: line 2: a name is missing"));
}

}  // namespace
}  // namespace rollcall
