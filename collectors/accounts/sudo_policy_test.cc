#include "collectors/accounts/sudo_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SudoUser kAlice = {.name = "alice", .uid = 1000, .groups = {"alice", "ops"}, .gids = {1000, 50}};
const SudoUser kBob = {.name = "bob", .uid = 1001, .groups = {"bob"}, .gids = {1001}};

std::string Text(const SudoGrant& grant) {
  const char* here = !grant.applies_here.has_value() ? "?" : *grant.applies_here ? "" : "elsewhere ";
  return absl::StrCat(here, grant.subject, " (", grant.run_as, ") ", grant.nopasswd ? "NOPASSWD: " : "",
                      absl::StrJoin(*grant.commands, ", ", [](std::string* out, const SudoMember& member) {
                        absl::StrAppend(out, member.negated ? "!" : "", member.text);
                      }));
}

struct Answer {
  std::vector<std::string> grants;
  std::optional<bool> permitted;
};

Answer Ask(absl::string_view sudoers, const SudoUser& user, absl::string_view host = "web1.example.com") {
  const SudoPolicy policy(ParseSudoers(sudoers, "/s"), host);
  const SudoRights rights = policy.RightsOf(user);
  Answer answer{.grants = {}, .permitted = rights.permitted};
  for (const SudoGrant& grant : rights.grants) answer.grants.push_back(Text(grant));
  return answer;
}

TEST(SudoPolicy, FindsUsersByNameIdAndGroup) {
  for (const char* users : {"alice", "#1000", "%ops", "%#50", "ALL", "!bob, ALL", "bob, alice"}) {
    SCOPED_TRACE(users);
    const Answer answer = Ask(absl::StrCat(users, " ALL=(ALL:ALL) ALL"), kAlice);
    EXPECT_EQ(answer.grants.size(), 1U);
    EXPECT_EQ(answer.permitted, true);
  }
  for (const char* users : {"bob", "#1001", "%wheel", "%#27", "ALL, !alice", "ALL, !%ops", "Alice", "%"}) {
    SCOPED_TRACE(users);
    const Answer answer = Ask(absl::StrCat(users, " ALL=(ALL:ALL) ALL"), kAlice);
    EXPECT_THAT(answer.grants, IsEmpty());
    EXPECT_EQ(answer.permitted, false);
  }
}

TEST(SudoPolicy, SaysWhoIsNamedAndAsWhom) {
  EXPECT_THAT(
      Ask("%ops ALL=/bin/ls\nalice ALL=(:adm) NOPASSWD: /bin/id\nalice ALL=(db, !root : adm) !/bin/a, /bin/b", kAlice)
          .grants,
      ElementsAre("%ops (root) /bin/ls", "alice (alice : adm) NOPASSWD: /bin/id",
                  "alice (db, !root : adm) !/bin/a, /bin/b"));
  EXPECT_THAT(Ask("Defaults runas_default=www\nalice ALL=/bin/ls", kAlice).grants, ElementsAre("alice (www) /bin/ls"));
}

TEST(SudoPolicy, ResolvesAliasesInAliases) {
  constexpr char kText[] =
      "User_Alias TEAM = ADMINS, !bob\nUser_Alias ADMINS = alice, bob\nRunas_Alias DB = oracle, mysql\n"
      "Cmnd_Alias A = /bin/a\nCmnd_Alias AB = A, /bin/b\nHost_Alias WEB = web1, web2\n"
      "TEAM WEB = (DB) AB, !A\n";
  EXPECT_THAT(Ask(kText, kAlice).grants, ElementsAre("alice (oracle, mysql) /bin/a, /bin/b, !/bin/a"));
  EXPECT_THAT(Ask(kText, kBob).grants, IsEmpty());
  EXPECT_THAT(Ask("User_Alias X = alice\n!X, ALL ALL=ALL", kAlice).grants.size(), 1U) << "the last member decides";
  EXPECT_THAT(Ask("User_Alias X = alice\nALL, !X ALL=ALL", kAlice).grants, IsEmpty());
  EXPECT_THAT(Ask("NOSUCH ALL=ALL", kAlice).grants, IsEmpty());
}

TEST(SudoPolicy, AliasesThatNameThemselvesEnd) {
  EXPECT_THAT(Ask("User_Alias A = B, alice\nUser_Alias B = A\nA ALL=ALL", kAlice).grants.size(), 1U);
}

TEST(SudoPolicy, AliasesThatDoubleAreCut) {
  std::string text;
  for (char c = 'A'; c < 'Z'; ++c) {
    absl::StrAppend(&text, "Cmnd_Alias ", std::string(2, c), " = ", std::string(2, c + 1), ", ", std::string(2, c + 1),
                    "\n");
  }
  const SudoPolicy policy(ParseSudoers(text + "alice ALL = AA\nCmnd_Alias ZZ = /bin/z", "/s"), "h");
  EXPECT_TRUE(policy.cut());
  EXPECT_LE(policy.RightsOf(kAlice).grants[0].commands->size(), kMaxSudoListMembers);
}

TEST(SudoPolicy, RulesForOtherHostsAreShownButPermitNothing) {
  const Answer other = Ask("alice db1 = ALL", kAlice);
  EXPECT_THAT(other.grants, ElementsAre("elsewhere alice (root) ALL"));
  EXPECT_EQ(other.permitted, false);
  for (const char* hosts : {"web1", "WEB1.example.com", "web*", "web?", "db1, ALL", "db1, web1"}) {
    EXPECT_EQ(Ask(absl::StrCat("alice ", hosts, " = ALL"), kAlice).permitted, true) << hosts;
  }
  EXPECT_EQ(Ask("alice ALL, !web1 = ALL", kAlice).permitted, false);
}

TEST(SudoPolicy, AddressesAndNetgroupsOfHostsAreUncertain) {
  for (const char* hosts : {"10.0.0.0/8", "fe80::1", "+webservers"}) {
    const Answer answer = Ask(absl::StrCat("alice ", hosts, " = ALL"), kAlice);
    EXPECT_THAT(answer.grants, ElementsAre("?alice (root) ALL")) << hosts;
    EXPECT_EQ(answer.permitted, std::nullopt) << hosts;
  }
  EXPECT_EQ(Ask("alice web1 = ALL", kAlice, "").permitted, std::nullopt) << "the host's name is not known";
  EXPECT_EQ(Ask("alice 10.1.1.1 = ALL\nalice ALL = /bin/ls", kAlice).permitted, true);
}

TEST(SudoPolicy, WhatALaterRuleForbidsIsForbidden) {
  EXPECT_EQ(Ask("alice ALL=ALL\nalice ALL=!ALL", kAlice).permitted, false);
  EXPECT_EQ(Ask("alice ALL=!ALL\nalice ALL=/bin/ls", kAlice).permitted, true);
  EXPECT_EQ(Ask("alice ALL=!/bin/sh", kAlice).permitted, false) << "to forbid is not to permit";
  EXPECT_EQ(Ask("alice ALL=ALL, !/bin/sh", kAlice).permitted, true);
}

TEST(SudoPolicy, AllCommandsAreAllWithoutException) {
  const auto all = [](absl::string_view commands) {
    const SudoPolicy policy(ParseSudoers(absl::StrCat("Cmnd_Alias SH = /bin/sh\nalice ALL = ", commands), "/s"),
                            "web1");
    return policy.RightsOf(kAlice).grants.at(0).all_commands;
  };
  for (const char* commands : {"ALL", "/bin/ls, ALL", "ALL, /bin/ls", "!/bin/sh, ALL", "!ALL, ALL", "ALL, !/x, ALL"}) {
    EXPECT_TRUE(all(commands)) << commands;
  }
  for (const char* commands : {"/bin/ls", "ALL, !/bin/sh", "ALL, !SH", "ALL, !/bin/sh, /bin/ls", "ALL, !ALL", "!ALL"}) {
    EXPECT_FALSE(all(commands)) << commands;
  }
}

TEST(SudoPolicy, DefaultsMaySpareThePassword) {
  EXPECT_THAT(Ask("Defaults !authenticate\nalice ALL=/bin/a, PASSWD: /bin/b", kAlice).grants,
              ElementsAre("alice (root) NOPASSWD: /bin/a", "alice (root) /bin/b"));
  EXPECT_THAT(Ask("Defaults:bob !authenticate\nalice ALL=/bin/a", kAlice).grants, ElementsAre("alice (root) /bin/a"));
  EXPECT_THAT(Ask("User_Alias X=%ops\nDefaults:X !authenticate\nalice ALL=/bin/a", kAlice).grants,
              ElementsAre("alice (root) NOPASSWD: /bin/a"));
}

TEST(SudoPolicy, NetgroupsAreMarked) {
  const SudoPolicy policy(ParseSudoers("\n+admins ALL=ALL\n%:ad ALL=ALL\nalice ALL=ALL", "/s"), "h");
  EXPECT_THAT(policy.sources_with_netgroups(), ElementsAre("/s:2", "/s:3"));
  EXPECT_THAT(policy.RightsOf(kBob).grants, IsEmpty());
}

}  // namespace
}  // namespace rollcall
