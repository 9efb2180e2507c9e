#include "collectors/accounts/sshd_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// The files of one account, and `+command` and `?`.
std::vector<std::string> PlacesOf(const KeyLocations& locations, absl::string_view user,
                                  const std::vector<absl::string_view>& groups = {}) {
  const KeyPlaces places = KeyPlacesOf(locations, user, &groups);
  std::vector<std::string> said = places.patterns;
  if (places.command) said.emplace_back("+command");
  if (places.undetermined) said.emplace_back("?");
  return said;
}

TEST(KeyLocations, MatchBlocksWinForTheAccountsTheyName) {
  const KeyLocations locations =
      Of("AuthorizedKeysFile all\nMatch User git,deploy-*\n AuthorizedKeysFile /git/keys\nMatch Group staff,!wheel\n"
         "AuthorizedKeysFile /staff/%u\nMatch User git Group git\nAuthorizedKeysFile never\n");
  EXPECT_THAT(locations.patterns, ElementsAre("all"));
  EXPECT_THAT(PlacesOf(locations, "git", {"git", "staff"}), ElementsAre("/git/keys")) << "the first block counts";
  EXPECT_THAT(PlacesOf(locations, "deploy-1"), ElementsAre("/git/keys"));
  EXPECT_THAT(PlacesOf(locations, "ann", {"users", "staff"}), ElementsAre("/staff/%u"));
  EXPECT_THAT(PlacesOf(locations, "root", {"staff", "wheel"}), ElementsAre("all"));
  EXPECT_TRUE(KeyPlacesOf(locations, "ann", nullptr).undetermined) << "groups that are not known";
  EXPECT_FALSE(KeyPlacesOf(locations, "git", nullptr).undetermined) << "the first block decides";
}

TEST(KeyLocations, MatchAllIsForAll) {
  const KeyLocations locations =
      Of("AuthorizedKeysFile outside\nMatch User git\nAuthorizedKeysFile none\nMatch all\nAuthorizedKeysFile inside\n");
  EXPECT_THAT(PlacesOf(locations, "git"), IsEmpty());
  EXPECT_THAT(PlacesOf(locations, "ann"), ElementsAre("inside")) << "a block wins over what is outside";
}

TEST(KeyLocations, WhatTheConnectionDecidesIsUndetermined) {
  for (const char* criterion : {"Address 10.0.0.0/8", "Host *.example.com", "LocalPort 2222", "RDomain x", "Exec true",
                                "Novelty", "User", "all all"}) {
    const KeyLocations locations =
        Of(absl::StrCat("Match ", criterion, "\nAuthorizedKeysFile x\nMatch User a\nAuthorizedKeysFile y\n"));
    EXPECT_THAT(PlacesOf(locations, "a"), ElementsAre("y", "?")) << criterion;
  }
  const KeyLocations both = Of("AuthorizedKeysFile g\nMatch User=ann Address 10.1.1.1\nAuthorizedKeysFile x\n");
  EXPECT_THAT(PlacesOf(both, "ann"), ElementsAre("g", "?"));
  EXPECT_THAT(PlacesOf(both, "bob"), ElementsAre("g")) << "never for him";
  EXPECT_THAT(PlacesOf(Of("Match invalid-user\nAuthorizedKeysFile x\n"), "a"),
              ElementsAre(".ssh/authorized_keys", ".ssh/authorized_keys2"));
  EXPECT_THAT(
      PlacesOf(Of(absl::StrCat("Match User ", std::string(kMaxSshdPatternBytes + 1, 'a'), "\nAuthorizedKeysFile x\n")),
               "a"),
      ::testing::Contains("?"));
}

TEST(KeyLocations, ABlockHoldsForWhatItIncludesAndEndsWithItsFile) {
  MemoryTree files;
  files.SetFile(kConfig,
                "AuthorizedKeysFile main\nInclude a.conf\nMatch Group ops\nInclude b.conf\nAuthorizedKeysFile ops\n");
  files.SetFile("/etc/ssh/a.conf", "Match User ann\nAuthorizedKeysFile a\n");
  files.SetFile("/etc/ssh/b.conf", "AuthorizedKeysFile b\nMatch User ann,bob\nAuthorizedKeysCommand /x\n");
  const KeyLocations locations = ReadKeyLocations(files);
  EXPECT_THAT(PlacesOf(locations, "ann"), ElementsAre("a"));
  EXPECT_THAT(PlacesOf(locations, "ann", {"ops"}), ElementsAre("a", "+command"));
  EXPECT_THAT(PlacesOf(locations, "bob"), ElementsAre("main"));
  EXPECT_THAT(PlacesOf(locations, "bob", {"ops"}), ElementsAre("b", "+command"));
  EXPECT_THAT(PlacesOf(locations, "eve", {"ops"}), ElementsAre("b")) << "the first of two in one block";
}

// The expected values are what `sshd -T -C user=USER,host=h,addr=1.2.3.4` of OpenSSH 9.2 said.
TEST(KeyLocations, AreThoseOfSshd) {
  MemoryTree files;
  files.SetFile(kConfig,
                "AuthorizedKeysFile all\nInclude /etc/ssh/a.conf\nMatch User root\n AuthorizedKeysFile rootkeys\n"
                "Match all\n AuthorizedKeysFile inside\n");
  files.SetFile("/etc/ssh/a.conf", "Match Group games\nAuthorizedKeysFile a\nInclude /etc/ssh/b.conf\n");
  files.SetFile("/etc/ssh/b.conf", "Match User games\nAuthorizedKeysCommand /x\nAuthorizedKeysFile bb\n");
  const KeyLocations nested = ReadKeyLocations(files);
  EXPECT_THAT(PlacesOf(nested, "root", {"root"}), ElementsAre("rootkeys"));
  EXPECT_THAT(PlacesOf(nested, "games", {"games"}), ElementsAre("a", "+command"));
  EXPECT_THAT(PlacesOf(nested, "daemon", {"daemon"}), ElementsAre("inside"));
  const KeyLocations lists =
      Of("AuthorizedKeysFile all\nMatch User !root\n AuthorizedKeysFile neg\nMatch User=*,!daemon\n"
         " AuthorizedKeysFile inside\nMatch Group games Group *\nAuthorizedKeysFile none\n");
  EXPECT_THAT(PlacesOf(lists, "root", {"root"}), ElementsAre("inside"));
  EXPECT_THAT(PlacesOf(lists, "games", {"games"}), ElementsAre("inside"));
  EXPECT_THAT(PlacesOf(lists, "daemon", {"daemon"}), ElementsAre("all"));
}

TEST(KeyLocations, BlocksAreCounted) {
  std::string config;
  for (size_t i = 0; i <= kMaxKeyBlocks; ++i) absl::StrAppend(&config, "Match User u", i, "\nAuthorizedKeysFile x\n");
  const KeyLocations locations = Of(config);
  EXPECT_EQ(locations.blocks.size(), kMaxKeyBlocks);
  EXPECT_EQ(locations.problems.size(), 1U);
  EXPECT_TRUE(Of("Match User a\nPort 22\nMatch User b\nX11Forwarding no\n").blocks.empty());
}

TEST(SshdList, NegatedPatternsWin) {
  EXPECT_EQ(MatchSshdList("git", "git"), SshdListAnswer::kYes);
  EXPECT_EQ(MatchSshdList("git", "*,!g?t"), SshdListAnswer::kNo);
  EXPECT_EQ(MatchSshdList("git", "!root"), SshdListAnswer::kNothing) << "a list of nos alone fits nobody";
  EXPECT_EQ(MatchSshdList("git", "GIT,[g]it,g,gitx,"), SshdListAnswer::kNothing);
  EXPECT_EQ(MatchSshdList("", "*"), SshdListAnswer::kYes);
  EXPECT_EQ(MatchSshdList("aXbXc", "a*b*c"), SshdListAnswer::kYes);
  EXPECT_EQ(MatchSshdList(std::string(5'000, 'a'), absl::StrCat(std::string(400, '*'), "a*a*a*a*a*a*b")),
            SshdListAnswer::kNothing);
}

TEST(KeyLocations, ACommandIsSaid) {
  EXPECT_TRUE(Of("AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys %u\n").command);
  EXPECT_FALSE(Of("AuthorizedKeysCommand none\nAuthorizedKeysCommand /x\n").command);
  const KeyLocations some = Of("AuthorizedKeysCommand /y\nMatch User x\nAuthorizedKeysCommand none\n");
  EXPECT_FALSE(KeyPlacesOf(some, "x", nullptr).command);
  EXPECT_TRUE(KeyPlacesOf(some, "y", nullptr).command);
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
