// Broken and hostile hosts: the good part is there, and what is wrong is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/accounts/testing/accounts_fixture.h"
#include "collectors/accounts/testing/login_files.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Accounts = AccountsCollectorTest;

TEST_F(Accounts, AnOverlongLineIsCutNotLost) {
  files_.SetFile(kPasswd, absl::StrCat("a:x:1:1:", std::string(1 << 20, 'g'), ":/home/a:/bin/sh\n",
                                       std::string(1 << 20, 'n'), ":x:2:2:::\n", "z:x:3:3::/:/bin/sh\n"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Names().size(), 3U);
  EXPECT_EQ(Find("a").home(), "/home/a");
  EXPECT_EQ(Find("a").gecos().size(), 4096U);
  EXPECT_EQ(Find(std::string(256, 'n')).uid(), 2U);
}

TEST_F(Accounts, NulBytesAndInvalidText) {
  files_.SetFile(kPasswd, std::string("a:x:1:1:::\nb\0c:x:2:2:::\n\xFF\xFE:x:3:3:::\nz:x:4:4:::\n", 47));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Names(), ElementsAre("1:a", "3:\xEF\xBF\xBD\xEF\xBF\xBD", "4:z"));
  EXPECT_EQ(result_.problems(0).message(), "parse /etc/passwd: line 2: NUL byte");
}

TEST_F(Accounts, DamagedLinesMakeTheRunPartial) {
  files_.SetFile(kPasswd, "a:x:1:1:::\nbad\nz:x:2:2:::\n");
  files_.SetFile(kGroup, "a:x:1:\nbad\nz:x:2:a\n");
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Names(), ElementsAre("1:a", "2:z"));
  EXPECT_THAT(Groups(), ElementsAre("1:a", "2:z"));
  EXPECT_EQ(result_.problems_size(), 2);
}

TEST_F(Accounts, AHostWithoutPasswdIsUnsupported) {
  files_.Unset(kPasswd);
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
}

TEST_F(Accounts, AnUnreadableOrEmptyPasswdIsAFailureNotAnEmptyHost) {
  files_.SetError(kPasswd, absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.SetError(kPasswd, absl::OkStatus());
  files_.SetFile(kPasswd, "");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED) << "as while it is being written";
  files_.SetFile(kPasswd, absl::string_view("\0\0\0\0", 4));
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED) << "as after a crash";
  files_.Unset(kPasswd);
  files_.SetDirectory(kPasswd);
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  files_.Unset(kPasswd);
  files_.SetSymlink(kPasswd, "passwd");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
}

TEST_F(Accounts, AnUnreadableGroupFileLosesNoAccount) {
  files_.SetError(kGroup, absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL) << "groups may not be retired";
  EXPECT_EQ(Names().size(), 4U);
  EXPECT_THAT(Find("alice").groups(), ElementsAre("1000"));
  EXPECT_FALSE(Find("alice").has_sudo()) << "a group may permit it";
  EXPECT_TRUE(Find("root").sudo());
  EXPECT_THAT(Find("alice").undetermined(), ElementsAre("groups", "sudo"));
}

TEST_F(Accounts, UnreadableSudoersAreNotNoSudo) {
  files_.SetError("/etc/sudoers", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_FALSE(Find("alice").has_sudo());
  EXPECT_THAT(Find("alice").undetermined(), ElementsAre("sudo"));
  ASSERT_EQ(result_.degradations_size(), 1);
  EXPECT_THAT(result_.degradations(0).remedy(), HasSubstr("CAP_DAC_READ_SEARCH"));
  files_.SetError("/etc/sudoers", absl::OkStatus());
  files_.Unset("/etc/sudoers");
  Run();
  EXPECT_TRUE(Find("alice").has_sudo());
  EXPECT_FALSE(Find("alice").sudo()) << "no sudo on this host";
}

TEST_F(Accounts, NetgroupsInSudoersAreMarked) {
  files_.SetFile("/etc/sudoers", "+admins ALL=ALL\nroot ALL=ALL\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Degradations(), ElementsAre("apply /etc/sudoers:1: names a netgroup or non-Unix group"));
  EXPECT_TRUE(Find("root").sudo());
  EXPECT_FALSE(Find("bob").has_sudo());
}

TEST_F(Accounts, AnUnreadableHomeIsNotNoKeys) {
  files_.SetError("/home/alice", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Find("alice").undetermined(), ElementsAre("authorized_keys"));
  EXPECT_THAT(Find("bob").undetermined(), IsEmpty());
  EXPECT_EQ(result_.degradations(0).path(), kAliceKeys);
}

TEST_F(Accounts, KeysThatAProgramOrAMatchBlockMayGiveAreNotNone) {
  for (const char* config : {"AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys\n",
                             "Match Address 10.0.0.0/8\nAuthorizedKeysFile /etc/keys/%u\n",
                             "Match Group * LocalPort 2222\nAuthorizedKeysCommand /usr/bin/keys\n"}) {
    files_.SetFile("/etc/ssh/sshd_config", config);
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
    EXPECT_THAT(Find("bob").undetermined(), ElementsAre("authorized_keys")) << config;
    EXPECT_FALSE(Find("bob").has_login_permitted()) << "a key may open it";
    EXPECT_TRUE(Find("alice").login_permitted()) << "what is seen is enough";
    EXPECT_FALSE(Find("daemon").login_permitted()) << "no key opens that";
    EXPECT_TRUE(Find("daemon").has_login_permitted());
  }
}

TEST_F(Accounts, AMatchBlockThatNamesAccountsIsApplied) {
  files_.SetFile("/etc/ssh/sshd_config", "Match User bob\nAuthorizedKeysFile /etc/keys/%u\n");
  files_.SetFile("/etc/keys/bob", *files_.ReadFile(kAliceKeys, 1 << 20));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_GT(Find("bob").authorized_keys_size(), 0);
  EXPECT_EQ(Find("bob").authorized_keys(0).source(), "/etc/keys/bob");
  EXPECT_THAT(Find("bob").undetermined(), IsEmpty());
  EXPECT_EQ(Find("alice").authorized_keys(0).source(), kAliceKeys);
  EXPECT_EQ(result_.degradations_size(), 0);
}

TEST_F(Accounts, AMatchBlockOfAGroupNeedsTheGroups) {
  files_.SetFile("/etc/ssh/sshd_config", "Match Group staff\nAuthorizedKeysFile none\n");
  files_.SetError("/etc/group", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Find("alice").undetermined(), ::testing::Contains("authorized_keys"));
}

TEST_F(Accounts, OnlyAccountsThatAProgramServesAreUndetermined) {
  files_.SetFile("/etc/ssh/sshd_config", "Match User bob\nAuthorizedKeysCommand /usr/bin/keys %u\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Find("bob").undetermined(), ElementsAre("authorized_keys"));
  EXPECT_THAT(Find("alice").undetermined(), IsEmpty());
  ASSERT_EQ(result_.degradations_size(), 1);
}

TEST_F(Accounts, UnreadableLoginsAreNotNoLogin) {
  for (const char* path : {"/var/log/wtmp", "/var/log/lastlog", "/var/lib/wtmpdb/wtmp.db"}) {
    files_.SetFile(path, "");
    files_.SetError(path, absl::PermissionDeniedError("permission denied"));
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
    EXPECT_THAT(Find("alice").undetermined(), ElementsAre("last_login")) << path;
    files_.SetError(path, absl::OkStatus());
    files_.Unset(path);
  }
  Run();
  EXPECT_THAT(Find("alice").undetermined(), IsEmpty()) << "none of it is there";
}

TEST_F(Accounts, OfDamagedLoginsWhatIsFoundIsDetermined) {
  files_.SetFile("/var/log/wtmp", UtmpRecord({.user = "alice"}) + std::string(384, '\xff'));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_TRUE(Find("alice").has_last_login());
  EXPECT_THAT(Find("alice").undetermined(), IsEmpty());
  EXPECT_THAT(Find("bob").undetermined(), ElementsAre("last_login"));
}

TEST_F(Accounts, AHomeOnASymlinkLoop) {
  files_.Unset("/home/alice");
  files_.SetSymlink("/home/alice", "/home/alice2");
  files_.SetSymlink("/home/alice2", "/home/alice");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Find("alice").undetermined(), ElementsAre("authorized_keys"));
  EXPECT_THAT(Degradations(), Contains(HasSubstr(kAliceKeys)));
}

TEST_F(Accounts, AHomeInsideAnothersHasItsOwnKeys) {
  files_.SetFile(kPasswd, "a:x:1:1::/home/a:/bin/sh\nb:x:2:2::/home/a/b:/bin/sh\nc:x:3:3::/home/a:/bin/sh\n");
  files_.SetFile("/home/a/.ssh/authorized_keys", kEd25519Key);
  files_.SetFile("/home/a/b/.ssh/authorized_keys", kRsaKey);
  Run();
  ASSERT_EQ(Find("a").authorized_keys_size(), 1);
  EXPECT_EQ(Find("a").authorized_keys(0).fingerprint(), kEd25519Fingerprint);
  ASSERT_EQ(Find("b").authorized_keys_size(), 1);
  EXPECT_EQ(Find("b").authorized_keys(0).fingerprint(), kRsaFingerprint);
  EXPECT_EQ(Find("c").authorized_keys(0).fingerprint(), kEd25519Fingerprint) << "one home, two accounts";
}

TEST_F(Accounts, AKeyFileThatIsNoFile) {
  files_.Unset(kAliceKeys);
  files_.SetSpecial(kAliceKeys, FileInfo::Type::kFifo);
  files_.SetDirectory("/home/bob/.ssh/authorized_keys");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Find("alice").undetermined(), ElementsAre("authorized_keys"));
  EXPECT_THAT(Find("bob").undetermined(), ElementsAre("authorized_keys"));
}

TEST_F(Accounts, TenThousandKeysAreCountedAndCutLoudly) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&text, kEd25519Key, "\n");
  files_.SetFile(kAliceKeys, text);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Find("alice").authorized_keys_size(), 256);
  EXPECT_EQ(Find("alice").authorized_key_count(), 10'000U);
  EXPECT_THAT(Degradations(), ElementsAre(HasSubstr("256 of 10000 keys are listed")));
}

TEST_F(Accounts, TheLargestRecordFitsIntoABatch) {
  std::string keys;
  std::string sudoers;
  std::string groups;
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&keys, "command=\"", std::string(4000, 'c'), "\",from=\"", std::string(4000, 'f'), "\" ", kRsaKey,
                    "\n");
    absl::StrAppend(&sudoers, "alice ALL=(", std::string(4000, 'r'), ") /", std::string(4000, 'x'), ", /y\n");
  }
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&groups, std::string(200, 'g'), i, ":x:", 5000 + i, ":alice\n");
  files_.SetFile(kAliceKeys, keys);
  files_.SetFile("/etc/sudoers", sudoers);
  files_.SetFile(kGroup, groups);
  Run();
  EXPECT_LT(Find("alice").ByteSizeLong(), size_t{1} << 20);
  EXPECT_EQ(Find("alice").sudo_rules_size(), 64);
}

TEST_F(Accounts, KeysAreWhereSshdLooks) {
  files_.SetFile("/etc/ssh/sshd_config", "AuthorizedKeysFile /etc/keys/%u .ssh/authorized_keys\n");
  files_.SetFile("/etc/keys/alice", kRsaKey);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(Find("alice").authorized_keys_size(), 2);
  EXPECT_EQ(Find("alice").authorized_keys(0).source(), "/etc/keys/alice");
}

TEST_F(Accounts, HomesOnOtherMachinesAreNotRead) {
  files_.SetFile("/proc/1/mountinfo",
                 "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / /home rw - autofs auto.home rw\n");
  int accesses = 0;
  files_.SetAccessHook([&accesses](absl::string_view path) {
    accesses += absl::StrContains(path, "/home") ? 1 : 0;
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(accesses, 0);
  EXPECT_THAT(Find("alice").undetermined(), ElementsAre("authorized_keys"));
  EXPECT_THAT(Degradations(), Contains(HasSubstr("on another machine (autofs)")));
}

TEST_F(Accounts, ManyUnreadableHomesDoNotHideOtherDegradations) {
  std::string passwd;
  for (int i = 0; i < 500; ++i) absl::StrAppend(&passwd, "u", i, ":x:", i, ":100::/home/u", i, ":/bin/sh\n");
  files_.SetFile(kPasswd, passwd);
  files_.SetError("/home", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Names().size(), 500U);
  EXPECT_EQ(result_.degradations_size(), 21);
  EXPECT_THAT(Degradations().back(), HasSubstr("1000 cases in all"));
}

TEST_F(Accounts, TenThousandAccountsInAThousandGroups) {
  std::string passwd = "root:x:0:0::/root:/bin/sh\n";
  std::string shadow = "root:*:1:0:9:7:::\n";
  std::string group;
  for (int i = 0; i < 9'999; ++i) {
    absl::StrAppend(&passwd, "u", i, ":x:", 1000 + i, ":100::/home/u", i, ":/bin/sh\n");
    absl::StrAppend(&shadow, "u", i, ":$6$salt$hash:19000:0:99999:7:::\n");
  }
  for (int i = 0; i < 1'000; ++i) absl::StrAppend(&group, "g", i, ":x:", 20'000 + i, ":u", i, ",u", 2 * i, "\n");
  std::string sudoers;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&sudoers, "%g", i, ", u", i, " ALL = /bin/ls\n");
  files_.SetFile(kPasswd, passwd);
  files_.SetFile(kShadow, shadow);
  files_.SetFile(kGroup, group);
  files_.SetFile("/etc/sudoers", sudoers);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Names().size(), 10'000U);
  EXPECT_EQ(Groups().size(), 1'000U);
  EXPECT_TRUE(Find("u99").sudo());
  EXPECT_FALSE(Find("u9998").sudo());
}

// vipw and useradd write a new file and rename it, editors cut the file first.
TEST_F(Accounts, PasswdIsRewrittenBetweenTwoReads) {
  files_.SetAccessHook([this](absl::string_view path) {
    if (path == kShadow) files_.SetFile(kPasswd, "root:x:0:0::/root:/bin/sh\nnew:x:2000:2000::/:/bin/sh\n");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Names().size(), 4U);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("0:root", "2000:new"));
  EXPECT_EQ(Find("new").password_state(), pb::PASSWORD_LOCKED);
}

TEST_F(Accounts, AFailureIsNotRemembered) {
  files_.SetError(kShadow, absl::PermissionDeniedError("permission denied"));
  files_.SetError(kAliceKeys, absl::PermissionDeniedError("permission denied"));
  Run();
  files_.SetError(kShadow, absl::OkStatus());
  files_.SetError(kAliceKeys, absl::OkStatus());
  Run();
  EXPECT_THAT(Degradations(), IsEmpty());
  EXPECT_EQ(Find("alice").password_state(), pb::PASSWORD_SET);
  EXPECT_EQ(Find("alice").authorized_keys_size(), 1);
}

TEST_F(Accounts, StopsWhenAsked) {
  StopSource source;
  source.RequestStop();
  EXPECT_EQ(Run(source.token()).status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
}

TEST_F(Accounts, PassesAFullSinkOn) {
  VectorSink full(1);
  const pb::RunResult result = RunCollector(*collector_, kAccountsCollector, {}, clock_, StopToken(), full);
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).code(), "RESOURCE_EXHAUSTED");
}

}  // namespace
}  // namespace rollcall
