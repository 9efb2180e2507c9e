#include "collectors/accounts/sudoers_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Text(const SudoList& list) {
  return absl::StrJoin(list, ",", [](std::string* out, const SudoMember& member) {
    absl::StrAppend(out, member.negated ? "!" : "", member.text);
  });
}

std::string Text(const SudoCommands& commands) {
  const auto list = [](const std::optional<SudoList>& some) { return some.has_value() ? Text(*some) : "-"; };
  const char* tag = !commands.nopasswd.has_value() ? "" : *commands.nopasswd ? "NOPASSWD " : "PASSWD ";
  return absl::StrCat("(", list(commands.run_as_users), ":", list(commands.run_as_groups), ") ", tag,
                      Text(commands.commands));
}

// The rules as `users hosts = commands; commands`, one a line.
std::vector<std::string> Rules(absl::string_view text) {
  const Sudoers sudoers = ParseSudoers(text, "/etc/sudoers");
  std::vector<std::string> rules;
  for (const absl::Status& problem : sudoers.problems) rules.emplace_back(problem.message());
  for (const SudoersRule& rule : sudoers.rules) {
    rules.push_back(absl::StrCat(Text(rule.users), " ", Text(rule.hosts), " = ",
                                 absl::StrJoin(rule.commands, "; ", [](std::string* out, const SudoCommands& commands) {
                                   out->append(Text(commands));
                                 })));
  }
  return rules;
}

TEST(ParseSudoers, ARule) {
  EXPECT_THAT(Rules("root\tALL=(ALL:ALL) ALL\n"), ElementsAre("root ALL = (ALL:ALL) ALL"));
  EXPECT_THAT(Rules("alice ALL = /bin/ls"), ElementsAre("alice ALL = (-:-) /bin/ls"));
  EXPECT_THAT(Rules("a ALL = (:adm) /bin/ls"), ElementsAre("a ALL = (:adm) /bin/ls"));
  EXPECT_THAT(Rules("a ALL = () /bin/ls"), ElementsAre("a ALL = (:-) /bin/ls"));
}

TEST(ParseSudoers, UsersOfEveryForm) {
  EXPECT_THAT(Rules("alice, %wheel, #1000, %#27, +admins, %:ad_group, !bob ALL = ALL\n"),
              ElementsAre("alice,%wheel,#1000,%#27,+admins,%:ad_group,!bob ALL = (-:-) ALL"));
  EXPECT_THAT(Rules("#1000 ALL = ALL # a comment\n"), ElementsAre("#1000 ALL = (-:-) ALL"));
}

TEST(ParseSudoers, QuotesAndEscapes) {
  EXPECT_THAT(Rules(R"("DOMAIN\\alice smith" ALL = ALL)"), ElementsAre("DOMAIN\\alice smith ALL = (-:-) ALL"));
  EXPECT_THAT(Rules(R"(%"domain users" ALL = ALL)"), ElementsAre("%domain users ALL = (-:-) ALL"));
  EXPECT_THAT(Rules(R"(%domain\x20users ALL = ALL)"), ElementsAre("%domain users ALL = (-:-) ALL"));
  EXPECT_THAT(Rules(R"(a ALL = /bin/x a\,b c\:d e\=f \*, /bin/y)"),
              ElementsAre(R"(a ALL = (-:-) /bin/x a,b c:d e=f \*,/bin/y)"));
}

TEST(ParseSudoers, TagsHoldForTheCommandsThatFollow) {
  EXPECT_THAT(Rules("a ALL = (root) NOPASSWD: /bin/a, /bin/b, PASSWD: NOEXEC: /bin/c, (bob) /bin/d\n"),
              ElementsAre("a ALL = (root:-) NOPASSWD /bin/a,/bin/b; (root:-) PASSWD /bin/c; (bob:-) PASSWD /bin/d"));
  EXPECT_THAT(Rules("a ALL = NOPASSWD:SETENV:ALL"), ElementsAre("a ALL = (-:-) NOPASSWD ALL"));
  EXPECT_THAT(Rules("a ALL = (root) CWD=/srv TIMEOUT=5m NOPASSWD : /bin/a\n"),
              ElementsAre("a ALL = (root:-) NOPASSWD /bin/a"));
}

TEST(ParseSudoers, DigestsAreLeftOut) {
  EXPECT_THAT(Rules("a ALL = sha256:0123456789abcdef /bin/a x, !sha224 : aaaa, sha512:bbbb /bin/b\n"),
              ElementsAre("a ALL = (-:-) /bin/a x,!/bin/b"));
}

TEST(ParseSudoers, SeveralHostListsInOneLine) {
  EXPECT_THAT(Rules("a web1, web2 = ALL : !db, fe80::1 = /bin/ls : 10.0.0.0/8 = ALL"),
              ElementsAre("a web1,web2 = (-:-) ALL", "a !db,fe80::1 = (-:-) /bin/ls", "a 10.0.0.0/8 = (-:-) ALL"));
}

TEST(ParseSudoers, ContinuedLinesKeepTheirFirstNumber) {
  const Sudoers sudoers = ParseSudoers("# one \\\n\na ALL = /bin/a, \\\n    /bin/b\nb ALL = ALL", "/x");
  ASSERT_THAT(sudoers.rules, SizeIs(2));
  EXPECT_EQ(sudoers.rules[0].line, 3U);
  EXPECT_EQ(Text(sudoers.rules[0].commands[0].commands), "/bin/a,/bin/b");
  EXPECT_EQ(sudoers.rules[1].line, 5U);
  EXPECT_EQ(sudoers.rules[1].path, "/x");
}

TEST(ParseSudoers, RegularExpressionsKeepTheirCommas) {
  EXPECT_THAT(Rules(R"(a ALL = /bin/x ^[a,b]=\,[:digit:]{1,2}$, /bin/y)"),
              ElementsAre(R"(a ALL = (-:-) /bin/x ^[a,b]=\,[:digit:]{1,2}$,/bin/y)"));
}

TEST(ParseSudoers, Aliases) {
  const Sudoers sudoers = ParseSudoers(
      "User_Alias ADMINS = alice, !bob : OPS = %ops\n"
      "Runas_Alias DB = oracle\nHost_Alias WEB = web*\n"
      "Cmnd_Alias SHELLS = /bin/sh, /bin/bash -l : HALT = /sbin/halt\nCmd_Alias MORE = sha256:ab /bin/more\n",
      "/x");
  EXPECT_THAT(sudoers.problems, IsEmpty());
  EXPECT_EQ(Text(sudoers.aliases.users.at("ADMINS")), "alice,!bob");
  EXPECT_EQ(Text(sudoers.aliases.users.at("OPS")), "%ops");
  EXPECT_EQ(Text(sudoers.aliases.run_as.at("DB")), "oracle");
  EXPECT_EQ(Text(sudoers.aliases.hosts.at("WEB")), "web*");
  EXPECT_EQ(Text(sudoers.aliases.commands.at("SHELLS")), "/bin/sh,/bin/bash -l");
  EXPECT_EQ(Text(sudoers.aliases.commands.at("HALT")), "/sbin/halt");
  EXPECT_EQ(Text(sudoers.aliases.commands.at("MORE")), "/bin/more");
}

TEST(ParseSudoers, DefaultsThatChangeARule) {
  const Sudoers sudoers = ParseSudoers(
      "Defaults\tenv_reset\nDefaults secure_path=\"/usr/bin:/bin\", !authenticate\n"
      "Defaults:alice,%ops authenticate, env_keep += \"A B\"\nDefaults@web !lecture\nDefaults!/bin/x !authenticate\n"
      "Defaults runas_default = www\n",
      "/x");
  EXPECT_THAT(sudoers.problems, IsEmpty());
  ASSERT_THAT(sudoers.defaults, SizeIs(3));
  EXPECT_EQ(sudoers.defaults[0].authenticate, false);
  EXPECT_EQ(sudoers.defaults[0].users, std::nullopt);
  EXPECT_EQ(Text(*sudoers.defaults[1].users), "alice,%ops");
  EXPECT_EQ(sudoers.defaults[1].authenticate, true);
  EXPECT_EQ(sudoers.defaults[2].runas_default, "www");
}

TEST(ParseSudoers, IncludesOfBothSpellings) {
  const Sudoers sudoers = ParseSudoers(
      "a ALL=ALL\n@include /etc/one\n#include two\n#includedir /etc/sudoers.d\n@includedir \"/etc/with blank\"\n"
      "@include /etc/with\\ blank\n#including is a comment\nb ALL=ALL\n",
      "/x");
  EXPECT_THAT(sudoers.problems, IsEmpty());
  ASSERT_THAT(sudoers.includes, SizeIs(5));
  EXPECT_EQ(sudoers.includes[0].path, "/etc/one");
  EXPECT_EQ(sudoers.includes[0].rules_before, 1U);
  EXPECT_EQ(sudoers.includes[1].path, "two");
  EXPECT_TRUE(sudoers.includes[2].directory);
  EXPECT_EQ(sudoers.includes[3].path, "/etc/with blank");
  EXPECT_EQ(sudoers.includes[4].path, "/etc/with blank");
}

struct Damage {
  const char* name;
  std::string text;
  const char* problem;
};

TEST(ParseSudoers, KeepsTheGoodLines) {
  const Damage kDamages[] = {
      {"truncated", "bad ALL = (root", "line 2: a `)` is missing"},
      {"no host", "bad", "line 2: a name is missing"},
      {"no commands", "bad ALL =", "line 2: a command is missing"},
      {"no equals sign", "bad ALL ALL", "line 2: a `=` is missing"},
      {"open quote", "\"bad ALL = ALL", "line 2: a quote that does not end"},
      {"trailing text", "bad ALL = /bin/a = b", "line 2: text behind the rule"},
      {"alias without a name", "User_Alias = alice", "line 2: bad name of an alias"},
      {"alias in lower case", "User_Alias admins = alice", "line 2: bad name of an alias"},
      {"unknown directive", "@exclude /etc/x", "line 2: unknown directive"},
      {"include without a path", "@include", "line 2: a path is missing"},
      {"digest alone", "bad ALL = sha256:", "line 2: a digest is missing"},
      {"NUL byte", std::string("ba\0d ALL = ALL", 14), "line 2: NUL byte"},
      {"overlong line", absl::StrCat("bad ALL = /bin/", std::string(kMaxSudoersLineBytes, 'x')),
       "line 2: longer than is read"},
      {"endless list",
       absl::StrCat(
           "u", std::string(3 * kMaxSudoListMembers, ' '),
           [] {
             std::string users;
             for (size_t i = 0; i < kMaxSudoListMembers; ++i) users += ",u";
             return users;
           }(),
           " ALL = ALL"),
       "line 2: more members than are kept"},
  };
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.name);
    EXPECT_THAT(Rules(absl::StrCat("a ALL = ALL\n", damage.text, "\nz ALL = ALL\r\n")),
                ElementsAre(damage.problem, "a ALL = (-:-) ALL", "z ALL = (-:-) ALL"));
  }
}

TEST(ParseSudoers, IsBounded) {
  std::string text;
  for (size_t i = 0; i <= kMaxSudoersRules; ++i) text += "a ALL=ALL\n";
  const Sudoers sudoers = ParseSudoers(text, "/x");
  EXPECT_THAT(sudoers.rules, SizeIs(kMaxSudoersRules));
  ASSERT_THAT(sudoers.problems, SizeIs(1));
  EXPECT_EQ(sudoers.problems[0].code(), absl::StatusCode::kResourceExhausted);
  text.clear();
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  EXPECT_THAT(ParseSudoers(text, "/x").problems, SizeIs(20));
}

}  // namespace
}  // namespace rollcall
