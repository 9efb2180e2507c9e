#include "collectors/accounts/sshd_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kConfig[] = "/etc/ssh/sshd_config";

KeyLocations Of(absl::string_view config) {
  MemoryTree files;
  files.SetFile(kConfig, config);
  return ReadKeyLocations(files);
}

TEST(KeyLocations, SshdsOwnWhereNothingIsSaid) {
  MemoryTree files;
  EXPECT_THAT(ReadKeyLocations(files).patterns, ElementsAre(".ssh/authorized_keys", ".ssh/authorized_keys2"));
  EXPECT_THAT(Of("Port 22\n#AuthorizedKeysFile x\n").patterns,
              ElementsAre(".ssh/authorized_keys", ".ssh/authorized_keys2"));
}

TEST(KeyLocations, TheFirstValueCounts) {
  EXPECT_THAT(Of("authorizedkeysfile = /etc/keys/%u \"/a b/%u\" # x\nAuthorizedKeysFile .ssh/other\r\n").patterns,
              ElementsAre("/etc/keys/%u", "/a b/%u"));
  EXPECT_THAT(Of("AuthorizedKeysFile none\n").patterns, IsEmpty());
}

TEST(KeyLocations, IncludesAreReadInOrder) {
  MemoryTree files;
  files.SetFile(kConfig, "Include /etc/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile main\n");
  files.SetFile("/etc/ssh/sshd_config.d/20.conf", "AuthorizedKeysFile twenty\n");
  files.SetFile("/etc/ssh/sshd_config.d/10.conf", "Port 22\n");
  files.SetFile("/etc/ssh/sshd_config.d/05.off", "AuthorizedKeysFile off\n");
  EXPECT_THAT(ReadKeyLocations(files).patterns, ElementsAre("twenty"));
  files.SetFile(kConfig, "Include sshd_config.d/*.conf extra\nInclude gone.d/*\n");
  EXPECT_THAT(ReadKeyLocations(files).patterns, ElementsAre("twenty"));
}

TEST(KeyLocations, IncludesAreMatchedAsGlobDoes) {
  for (const char* pattern : {"1?.conf", "[0-9]*.conf", "[!a-z]0.conf", "10.con?", "1*0*.c*f", "10.conf"}) {
    MemoryTree files;
    files.SetFile(kConfig, absl::StrCat("Include sshd_config.d/", pattern, "\n"));
    files.SetFile("/etc/ssh/sshd_config.d/10.conf", "AuthorizedKeysFile ten\n");
    files.SetFile("/etc/ssh/sshd_config.d/.10.conf", "AuthorizedKeysFile hidden\n");
    EXPECT_THAT(ReadKeyLocations(files).patterns, ElementsAre("ten")) << pattern;
  }
}

TEST(KeyLocations, AnIncludeThatIsNotUnderstoodIsSaid) {
  for (const char* pattern : {"conf*/10.conf", "conf[.]d/10.conf", "/etc/ss?/conf.d/10.conf", "conf.d/*1*0*c*o*f"}) {
    MemoryTree files;
    files.SetFile(kConfig, absl::StrCat("Include ", pattern, "\n"));
    files.SetFile("/etc/ssh/conf.d/10.conf", "AuthorizedKeysFile ten\n");
    const KeyLocations locations = ReadKeyLocations(files);
    ASSERT_EQ(locations.problems.size(), 1U) << pattern;
    EXPECT_EQ(locations.problems[0].path, kConfig);
    EXPECT_TRUE(absl::IsUnimplemented(locations.problems[0].status));
  }
}

TEST(KeyLocations, LinesMayEndAsOnWindows) {
  MemoryTree files;
  files.SetFile(kConfig, "Include conf.d/10.conf\r\n");
  files.SetFile("/etc/ssh/conf.d/10.conf", "AuthorizedKeysFile ten\r\n");
  EXPECT_THAT(ReadKeyLocations(files).patterns, ElementsAre("ten"));
  EXPECT_FALSE(Of("AuthorizedKeysCommand none\r\n").command);
}

TEST(KeyLocations, MatchBlocksAreConditions) {
  const KeyLocations locations =
      Of("Match User git\n AuthorizedKeysFile /git/keys\nMatch all\nAuthorizedKeysFile all\n");
  EXPECT_THAT(locations.patterns, ElementsAre("all"));
  EXPECT_TRUE(locations.conditional);
  EXPECT_FALSE(locations.command);
}

TEST(KeyLocations, ACommandIsSaid) {
  EXPECT_TRUE(Of("AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys %u\n").command);
  EXPECT_FALSE(Of("AuthorizedKeysCommand none\nAuthorizedKeysCommand /x\n").command);
  EXPECT_TRUE(Of("Match User x\nAuthorizedKeysCommand /x\n").conditional);
}

TEST(KeyLocations, UnreadableFilesAndLoops) {
  MemoryTree files;
  files.SetFile(kConfig, "Include /etc/ssh/sshd_config\nAuthorizedKeysFile x\n");
  const KeyLocations loop = ReadKeyLocations(files);
  EXPECT_THAT(loop.patterns, ElementsAre("x"));
  EXPECT_EQ(loop.problems.size(), 1U);
  files.SetError(kConfig, absl::PermissionDeniedError("permission denied"));
  const KeyLocations denied = ReadKeyLocations(files);
  EXPECT_THAT(denied.patterns, ElementsAre(".ssh/authorized_keys", ".ssh/authorized_keys2"));
  ASSERT_EQ(denied.problems.size(), 1U);
  EXPECT_EQ(denied.problems[0].path, kConfig);
}

TEST(ExpandKeyPath, ReplacesTokens) {
  EXPECT_EQ(ExpandKeyPath(".ssh/authorized_keys", "alice", 1000, "/home/alice"), "/home/alice/.ssh/authorized_keys");
  EXPECT_EQ(ExpandKeyPath(".ssh/k", "root", 0, "/"), "/.ssh/k");
  EXPECT_EQ(ExpandKeyPath("/keys/%u-%U-%%", "alice", 1000, "/h"), "/keys/alice-1000-%");
  EXPECT_EQ(ExpandKeyPath("%h/k", "alice", 1000, "/h"), "/h/k");
  EXPECT_EQ(ExpandKeyPath("k%", "alice", 1000, "/h"), "/h/k%");
  EXPECT_EQ(ExpandKeyPath("k", "alice", 1000, ""), "");
  EXPECT_EQ(ExpandKeyPath("k", "alice", 1000, "relative"), "");
}

}  // namespace
}  // namespace rollcall
