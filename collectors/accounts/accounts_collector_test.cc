#include "collectors/accounts/accounts_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "collectors/accounts/testing/accounts_fixture.h"
#include "collectors/accounts/testing/login_files.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

}  // namespace
}  // namespace rollcall
