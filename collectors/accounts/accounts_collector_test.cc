#include "collectors/accounts/accounts_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collectors/accounts/testing/login_files.h"
#include "collectors/accounts/testing/public_keys.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPasswd[] = "/etc/passwd";
constexpr char kGroup[] = "/etc/group";
constexpr char kShadow[] = "/etc/shadow";
constexpr char kAliceKeys[] = "/home/alice/.ssh/authorized_keys";

// Starts from a valid host; each test changes one thing. It is day 19,723 (2024-01-01).
class AccountsCollectorTest : public testing::Test {
 protected:
  AccountsCollectorTest() {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    collector_ = kAccountsCollector.create(context);
    files_.SetFile(kPasswd,
                   "root:x:0:0:root:/root:/bin/bash\n"
                   "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                   "alice:x:1000:1000:Alice A.,,,:/home/alice:/bin/bash\n"
                   "bob:x:1001:100::/home/bob:/bin/zsh\n");
    files_.SetFile(kGroup, "root:x:0:\ndaemon:x:1:\nsudo:x:27:alice\nusers:x:100:alice,ghost\nalice:x:1000:\n");
    files_.SetFile(kShadow,
                   "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"
                   "alice:$y$j9T$salt$hash:19700:0:99999:7:::\nbob:!$6$salt$hash:19000:1:60:14:30:20000:\n");
    files_.SetFile("/etc/gshadow", "root:*::\ndaemon:*::\nsudo:!:bob:alice\nusers:$6$salt$hash::alice\nalice:!::\n");
    files_.SetFile("/etc/sudoers", "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n");
    files_.SetFile(kAliceKeys, absl::StrCat("from=\"192.0.2.0/24\" ", kEd25519Key, " alice@example.com\n"));
    files_.SetFile("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    result_ = RunCollector(*collector_, kAccountsCollector, {}, clock_, stop, sink_);
    return result_;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const pb::Record& record : sink_.records()) {
      if (record.has_account()) names.push_back(absl::StrCat(record.account().uid(), ":", record.account().name()));
    }
    return names;
  }
  std::vector<std::string> Groups() const {
    std::vector<std::string> names;
    for (const pb::Record& record : sink_.records()) {
      if (!record.has_account_group()) continue;
      names.push_back(absl::StrCat(record.account_group().gid(), ":", record.account_group().name()));
    }
    return names;
  }
  pb::Account Find(absl::string_view name) const {
    for (const pb::Record& record : sink_.records()) {
      if (record.account().name() == name) return record.account();
    }
    ADD_FAILURE() << "no account " << name;
    return {};
  }
  pb::AccountGroup FindGroup(absl::string_view name) const {
    for (const pb::Record& record : sink_.records()) {
      if (record.account_group().name() == name) return record.account_group();
    }
    ADD_FAILURE() << "no group " << name;
    return {};
  }
  std::vector<std::string> Degradations() const {
    std::vector<std::string> messages;
    for (const pb::Problem& problem : result_.degradations()) messages.push_back(problem.message());
    return messages;
  }

  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
  pb::RunResult result_;
};

using Accounts = AccountsCollectorTest;

TEST_F(Accounts, SaysEverythingOfAnAccount) {
  files_.SetFile("/var/log/wtmp", UtmpRecord({.user = "alice", .address = "192.0.2.7"}));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Degradations(), IsEmpty());
  EXPECT_THAT(Names(), ElementsAre("0:root", "1:daemon", "1000:alice", "1001:bob"));
  const pb::Account alice = Find("alice");
  EXPECT_THAT(alice.groups(), ElementsAre("alice", "sudo", "users"));
  EXPECT_EQ(alice.gecos(), "Alice A.,,,");
  EXPECT_FALSE(alice.is_root());
  EXPECT_TRUE(alice.sudo());
  ASSERT_EQ(alice.sudo_rules_size(), 1);
  EXPECT_EQ(alice.sudo_rules(0).subject(), "%sudo");
  EXPECT_EQ(alice.sudo_rules(0).run_as(), "ALL : ALL");
  EXPECT_THAT(alice.sudo_rules(0).commands(), ElementsAre("ALL"));
  EXPECT_TRUE(alice.sudo_rules(0).nopasswd());
  EXPECT_EQ(alice.sudo_rules(0).source(), "/etc/sudoers:2");
  EXPECT_EQ(alice.password_state(), pb::PASSWORD_SET);
  EXPECT_EQ(alice.password_algorithm(), "yescrypt");
  EXPECT_THAT(alice.login_methods(), ElementsAre(pb::Account::PASSWORD, pb::Account::KEY));
  EXPECT_TRUE(alice.login_permitted());
  EXPECT_EQ(alice.last_login().from_address(), "192.0.2.7");
  ASSERT_EQ(alice.authorized_keys_size(), 1);
  EXPECT_EQ(alice.authorized_keys(0).fingerprint(), kEd25519Fingerprint);
  EXPECT_EQ(alice.authorized_keys(0).from(), "192.0.2.0/24");
  EXPECT_EQ(alice.authorized_keys(0).source(), kAliceKeys);
  EXPECT_EQ(alice.last_change().seconds(), 19'700 * 86'400);
  EXPECT_FALSE(alice.has_max_days()) << "99999 days are no limit";
  EXPECT_THAT(alice.undetermined(), IsEmpty());

  const pb::Account bob = Find("bob");
  EXPECT_EQ(bob.password_state(), pb::PASSWORD_LOCKED);
  EXPECT_TRUE(bob.locked_password_kept());
  EXPECT_EQ(bob.password_expires().seconds(), (19'000 + 60) * 86'400);
  EXPECT_EQ(bob.expires().seconds(), 20'000 * 86'400);
  EXPECT_EQ(bob.max_days(), 60U);
  EXPECT_EQ(bob.inactive_days(), 30U);
  EXPECT_FALSE(bob.sudo());
  EXPECT_TRUE(bob.has_sudo());
  EXPECT_FALSE(bob.login_permitted());
  EXPECT_TRUE(Find("root").is_root());
  EXPECT_FALSE(Find("daemon").interactive_shell());
}

TEST_F(Accounts, SaysEverythingOfAGroup) {
  Run();
  EXPECT_THAT(Groups(), ElementsAre("0:root", "1:daemon", "27:sudo", "100:users", "1000:alice"));
  const pb::AccountGroup users = FindGroup("users");
  EXPECT_THAT(users.members(), ElementsAre("alice", "ghost"));
  EXPECT_THAT(users.primary_members(), ElementsAre("bob"));
  EXPECT_EQ(users.member_count(), 3U);
  EXPECT_EQ(users.password_state(), pb::PASSWORD_SET);
  EXPECT_EQ(users.password_algorithm(), "sha512");
  EXPECT_THAT(FindGroup("sudo").administrators(), ElementsAre("bob"));
  EXPECT_EQ(FindGroup("sudo").password_state(), pb::PASSWORD_LOCKED);
}

TEST_F(Accounts, UserNamesAreNotOverwrittenByGroupNames) {
  files_.SetFile(kPasswd, "root:x:0:0::/root:/bin/sh\nwww:x:33:40::/:/bin/sh\n");
  files_.SetFile(kGroup, "wheel:x:0:\nwebgroup:x:33:\nother:x:40:\n");
  Run();
  EXPECT_THAT(Names(), ElementsAre("0:root", "33:www"));
  EXPECT_THAT(Groups(), ElementsAre("0:wheel", "33:webgroup", "40:other"));
  EXPECT_THAT(Find("www").groups(), ElementsAre("other"));
}

TEST_F(Accounts, AnUnreadableShadowIsNotNoPassword) {
  files_.SetError(kShadow, absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << "all accounts are there";
  ASSERT_EQ(result.degradations_size(), 1);
  EXPECT_EQ(result.degradations(0).path(), kShadow);
  EXPECT_THAT(result.degradations(0).remedy(), HasSubstr("CAP_DAC_READ_SEARCH"));
  for (const char* name : {"root", "alice", "bob"}) {
    const pb::Account account = Find(name);
    EXPECT_EQ(account.password_state(), pb::PASSWORD_STATE_UNSPECIFIED);
    EXPECT_THAT(account.undetermined(), Contains("password_state"));
    EXPECT_FALSE(account.has_account_expired());
    EXPECT_FALSE(account.has_login_permitted());
  }
  EXPECT_THAT(Find("alice").login_methods(), ElementsAre(pb::Account::KEY));
  EXPECT_FALSE(Find("daemon").login_permitted()) << "whatever its password is";
  EXPECT_TRUE(Find("daemon").has_login_permitted());
}

TEST_F(Accounts, ADamagedShadowLineIsNotNoPassword) {
  files_.SetFile(kShadow, "root:*:19000:0:99999:7:::\nalice:\nbob::19000:0:99999:7:::\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Degradations(), ElementsAre("parse /etc/shadow: line 2: not 9 fields"));
  EXPECT_EQ(Find("alice").password_state(), pb::PASSWORD_STATE_UNSPECIFIED);
  EXPECT_THAT(Find("alice").undetermined(), Contains("password_state"));
  EXPECT_EQ(Find("bob").password_state(), pb::PASSWORD_NONE);
}

TEST_F(Accounts, AMissingShadowEntryLocks) {
  files_.SetFile(kShadow, "root:*:19000:0:99999:7:::\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Find("alice").password_state(), pb::PASSWORD_LOCKED) << "`x` is no hash";
  EXPECT_THAT(Find("alice").login_methods(), ElementsAre(pb::Account::KEY));
}

TEST_F(Accounts, AHashInPasswdCountsWithoutShadow) {
  files_.SetFile(kPasswd,
                 "root:$1$salt$hash:0:0::/root:/bin/sh\nnone::5:5::/:/bin/sh\nstar:*:6:6::/:/bin/sh\nback::0:0\n");
  files_.SetError(kShadow, absl::PermissionDeniedError("permission denied"));
  Run();
  EXPECT_EQ(Find("root").password_state(), pb::PASSWORD_SET);
  EXPECT_EQ(Find("root").password_algorithm(), "md5");
  EXPECT_EQ(Find("none").password_state(), pb::PASSWORD_NONE);
  EXPECT_EQ(Find("star").password_state(), pb::PASSWORD_LOCKED);
  EXPECT_EQ(Find("back").password_state(), pb::PASSWORD_NONE);
  EXPECT_TRUE(Find("back").is_root());
  EXPECT_TRUE(Find("back").interactive_shell()) << "no shell means /bin/sh";
}

TEST_F(Accounts, ALockedPasswordLeavesTheKey) {
  files_.SetFile(kShadow, "alice:!:19000:0:99999:7:::\n");
  Run();
  const pb::Account alice = Find("alice");
  EXPECT_EQ(alice.password_state(), pb::PASSWORD_LOCKED);
  EXPECT_THAT(alice.login_methods(), ElementsAre(pb::Account::KEY));
  EXPECT_TRUE(alice.login_permitted());
}

TEST_F(Accounts, ExpiryGoesByTheClock) {
  files_.SetFile(kShadow, "alice:$6$salt$hash:19700:0:30:7:5:19740:\n");
  Run();
  EXPECT_EQ(Find("alice").password_state(), pb::PASSWORD_SET);
  EXPECT_FALSE(Find("alice").account_expired());
  clock_.Advance(absl::Hours(24 * 8));
  Run();
  EXPECT_EQ(Find("alice").password_state(), pb::PASSWORD_EXPIRED);
  EXPECT_THAT(Find("alice").login_methods(), ElementsAre(pb::Account::PASSWORD, pb::Account::KEY));
  clock_.Advance(absl::Hours(24 * 5));
  Run();
  EXPECT_THAT(Find("alice").login_methods(), ElementsAre(pb::Account::KEY)) << "past the days of grace";
  clock_.Advance(absl::Hours(24 * 4));
  Run();
  EXPECT_TRUE(Find("alice").account_expired());
  EXPECT_FALSE(Find("alice").login_permitted());
}

TEST_F(Accounts, TwoNamesForOneIdAreTwoAccounts) {
  files_.SetFile(kPasswd, "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n");
  Run();
  EXPECT_THAT(Names(), ElementsAre("0:root", "0:toor"));
  EXPECT_TRUE(Find("root").uid_shared());
  EXPECT_TRUE(Find("toor").is_root());
}

TEST_F(Accounts, TwoIdsForOneNameAreTwoAccounts) {
  files_.SetFile(kPasswd, "a:x:1:1::/:/bin/sh\na:x:2:2::/:/bin/sh\na:x:1:9::/x:/bin/x\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("1:a", "2:a"));
  EXPECT_EQ(sink_.records()[0].account().gid(), 1U) << "the first line counts";
  EXPECT_FALSE(Find("a").uid_shared());
  EXPECT_THAT(Degradations(), ElementsAre("parse /etc/passwd: id 1 twice with one name"));
}

TEST_F(Accounts, LinesOfNameServicesAreNoAccounts) {
  files_.SetFile(kPasswd, "root:x:0:0::/root:/bin/sh\n+@admins::::::\n-eve\n+\n");
  files_.SetFile(kGroup, "root:x:0:\n+:::\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("0:root"));
  EXPECT_THAT(Degradations(), ElementsAre(HasSubstr("3 lines name accounts"), HasSubstr("1 lines name accounts")));
}

TEST_F(Accounts, NameServicesAreSaidAndNeverAsked) {
  files_.SetFile("/etc/nsswitch.conf", "passwd: files sss systemd\ngroup: files\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Degradations(), ElementsAre("read passwd of sss: only the host's own files are read"));
}

TEST_F(Accounts, TheLastUidThereIs) {
  files_.SetFile(kPasswd, "max:x:4294967295:4294967295::/:/bin/sh\nover:x:4294967296:1::/:/bin/sh\n");
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Names(), ElementsAre("4294967295:max"));
  EXPECT_THAT(Find("max").groups(), ElementsAre("4294967295"));
}

TEST_F(Accounts, CarriageReturnsAreNoPartOfAShell) {
  files_.SetFile(kPasswd, "root:x:0:0::/root:/bin/sh\r\na:x:1:1::/:/usr/sbin/nologin\r\n");
  files_.SetFile(kShadow, "root:*:19000:0:99999:7:::\r\na::19000:0:99999:7:::\r\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Find("a").shell(), "/usr/sbin/nologin");
  EXPECT_EQ(Find("a").password_state(), pb::PASSWORD_NONE);
}

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
