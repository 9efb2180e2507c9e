// The collector against the system's own tools: accounts made by useradd, chpasswd and chage in a temporary root, then
// asked for by getent, passwd, chage, sudo, ssh-keygen, last and lastlog, which see that root's files in a mount
// namespace of their own. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/accounts/accounts_collector.h"
#include "collectors/accounts/testing/login_files.h"
#include "collectors/accounts/testing/public_keys.h"
#include "collectors/run_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/testing/fixture_tree.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::ElementsAreArray;

constexpr char kBareRoot[] = "root:x:0:0:root:/root:/bin/bash\n";

class AccountsLive : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "not root";
    if (!ToolOutput({"unshare", "-m", "true"}).ok()) GTEST_SKIP() << "no mount namespaces";
    files_.SetFile("/etc/passwd", kBareRoot);
    files_.SetFile("/etc/shadow", "root:*:19000:0:99999:7:::\n");
    files_.SetFile("/etc/group", "root:x:0:\nusers:x:100:\n");
    files_.SetFile("/etc/gshadow", "root:*::\nusers:*::\n");
    SetSudoers("root ALL=(ALL:ALL) ALL\n");
    files_.SetDirectory("/etc/sudoers.d");
    files_.SetFile("/var/log/wtmp", "");
    files_.SetFile("/var/log/lastlog", "");
    std::ifstream name("/proc/sys/kernel/hostname");
    files_.SetFile("/etc/hostname", std::string(std::istreambuf_iterator<char>(name), {}));
  }

  void SetSudoers(absl::string_view text) {
    files_.SetFile("/etc/sudoers", text);
    files_.SetMode("/etc/sudoers", 0440);
  }

  static std::string Tool(std::vector<std::string> arguments) {
    const std::string name = arguments[0];
    const auto output = ToolOutput(std::move(arguments));
    EXPECT_TRUE(output.ok()) << name << ": " << output.status();
    return output.value_or("");
  }

  // What a tool prints that sees the files of the tree in place of this machine's; whether it succeeds does not matter.
  std::string Inside(std::vector<std::string> arguments) const {
    constexpr char kScript[] =
        "for f in passwd shadow group gshadow sudoers sudoers.d; do\n"
        "  [ -e /etc/$f ] || { [ $f = gshadow ] && continue; exit 8; }\n"
        "  mount --bind \"$0/etc/$f\" /etc/$f || exit 9\ndone\n"
        "mount --bind \"$0/var/log\" /var/log || exit 9\n\"$@\" || true\n";
    std::vector<std::string> command = {"unshare", "-m", "sh", "-c", kScript, files_.root()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Tool(std::move(command));
  }

  const std::map<std::string, pb::Account>& Collect() {
    const SystemClock clock;
    CollectorContext context;
    context.files = &files_.tree();
    context.clock = &clock;
    VectorSink sink;
    const pb::RunResult result =
        RunCollector(*kAccountsCollector.create(context), kAccountsCollector, {}, clock, StopToken(), sink);
    EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
    for (const pb::Record& record : sink.records()) {
      if (record.has_account()) accounts_[record.account().name()] = record.account();
      if (record.has_account_group()) groups_.push_back(record.account_group());
    }
    return accounts_;
  }

  std::string Slurp(absl::string_view path) const { return files_.tree().ReadFile(path, kMaxFileBytes).value_or(""); }

  void AddUser(const std::string& name, const std::vector<std::string>& options = {}) {
    std::vector<std::string> command = {"useradd", "-P", files_.root()};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(name);
    Tool(std::move(command));
  }

  FixtureTree files_;
  std::map<std::string, pb::Account> accounts_;
  std::vector<pb::AccountGroup> groups_;
};

TEST_F(AccountsLive, FindsTheAccountsAndGroupsOfGetent) {
  files_.SetFile("/etc/passwd",
                 absl::StrCat(kBareRoot,
                              "# comment\n\n  blank:x:1:1:a b:/home/blank:/bin/sh\nshort::0:0\nmore:x:2:2:g:/h\n"
                              "colons:x:3:3::/h:/bin/sh:x\ntoo:x:4\nbad:x:y:5:::\nmax:x:4294967295:4294967295:::\n"));
  files_.SetFile("/etc/group", "root:x:0:\nops:x:50:alice,bob,\nshort:x:51\nblank:x:52: a, b\nbad:x:y:\n");
  const std::string passwd = Inside({"getent", "-s", "files", "passwd"});
  const std::string group = Inside({"getent", "-s", "files", "group"});
  const std::string id = Inside({"id", "-u", "colons"});
  // Two lines are damaged: the run is PARTIAL, which Collect would not forgive.
  files_.SetFile("/etc/passwd", absl::StrReplaceAll(Slurp("/etc/passwd"), {{"too:x:4\nbad:x:y:5:::\n", ""}}));
  files_.SetFile("/etc/group", absl::StrReplaceAll(Slurp("/etc/group"), {{"bad:x:y:\n", ""}}));
  std::set<std::string> ours;
  for (const auto& [name, account] : Collect()) {
    // getent finds this one too, but refuses to print it.
    if (name == "colons") {
      EXPECT_EQ(id, absl::StrCat(account.uid(), "\n"));
      continue;
    }
    ours.insert(absl::StrCat(name, ":", account.uid(), ":", account.gid(), ":", account.gecos(), ":", account.home(),
                             ":", account.shell()));
  }
  std::set<std::string> theirs;
  for (const absl::string_view line : absl::StrSplit(passwd, '\n', absl::SkipEmpty())) {
    std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    theirs.insert(absl::StrCat(fields[0], ":", fields[2]));
  }
  EXPECT_EQ(ours, theirs);
  ours.clear();
  theirs.clear();
  for (const pb::AccountGroup& found : groups_) {
    ours.insert(absl::StrCat(found.name(), ":", found.gid(), ":", absl::StrJoin(found.members(), ",")));
  }
  for (const absl::string_view line : absl::StrSplit(group, '\n', absl::SkipEmpty())) {
    std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    theirs.insert(absl::StrCat(fields[0], ":", fields[2]));
  }
  EXPECT_EQ(ours, theirs);
}

// Every scheme this system's crypt(3) can make.
TEST_F(AccountsLive, KnowsTheHashesThatAreReallyMade) {
  std::map<std::string, std::string> expected;
  const std::pair<const char*, const char*> kMethods[] = {
      {"DES", "des"}, {"MD5", "md5"}, {"SHA256", "sha256"}, {"SHA512", "sha512"}, {"YESCRYPT", "yescrypt"}};
  for (const auto& [method, algorithm] : kMethods) {
    const std::string name = absl::StrCat("by-", algorithm);
    AddUser(name);
    Tool({"sh", "-c", R"(echo "$2:correct horse" | chpasswd -c "$1" -R "$0")", files_.root(), method, name});
    expected[name] = algorithm;
  }
  const std::pair<const char*, const char*> kSettings[] = {{"$2b$05$abcdefghijklmnopqrstuu", "bcrypt"},
                                                           {"$gy$j9T$abcdabcd", "gost_yescrypt"},
                                                           {"$7$CU..../....abcd", "scrypt"},
                                                           {"$sha1$1000$abcdabcd", "sha1"},
                                                           {"$md5$abcdabcd$", "sunmd5"},
                                                           {"_J9..rasm", "bsdi"},
                                                           {"$6$rounds=1000$abcdabcd", "sha512"}};
  for (const auto& [setting, algorithm] : kSettings) {
    const std::string name = absl::StrCat("crypt-", absl::StrReplaceAll(algorithm, {{"_", "-"}}));
    const std::string hash = Tool({"perl", "-e", "print crypt($ARGV[0], $ARGV[1])", "correct horse", setting});
    AddUser(name, {"-p", hash});
    expected[name] = algorithm;
  }
  AddUser("locked", {"-p", "!"});
  AddUser("empty", {"-p", ""});
  const auto& accounts = Collect();
  for (const auto& [name, algorithm] : expected) {
    EXPECT_EQ(accounts.at(name).password_algorithm(), algorithm) << name;
    EXPECT_EQ(accounts.at(name).password_state(), pb::PASSWORD_SET) << name;
  }
  // `passwd -S`: L locked, NP none, P set.
  for (const absl::string_view line : absl::StrSplit(Inside({"passwd", "-S", "-a"}), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    ASSERT_GE(fields.size(), 3U) << line;
    const pb::Account& account = accounts.at(fields[0]);
    const std::map<std::string, pb::PasswordState> states = {
        {"L", pb::PASSWORD_LOCKED}, {"NP", pb::PASSWORD_NONE}, {"P", pb::PASSWORD_SET}};
    EXPECT_EQ(account.password_state(), states.at(fields[1])) << line;
    EXPECT_EQ(absl::FormatTime("%Y-%m-%d", *FromWire(account.last_change()), absl::UTCTimeZone()), fields[2]) << line;
  }
}

TEST_F(AccountsLive, KnowsTheDatesOfChage) {
  const std::map<std::string, std::vector<std::string>> kUsers = {
      {"plain", {}},
      {"ages", {"-d", "2023-11-01", "-m", "2", "-M", "60", "-W", "14", "-I", "10"}},
      {"forever", {"-d", "2023-11-01", "-M", "99999"}},
      {"closes", {"-d", "2020-02-29", "-E", "2030-01-31"}},
      {"change", {"-d", "0", "-M", "60"}},
      {"nothing", {"-d", "-1", "-M", "-1", "-E", "-1"}},
  };
  for (const auto& [name, options] : kUsers) {
    AddUser(name);
    if (options.empty()) continue;
    std::vector<std::string> command = {"chage", "-R", files_.root()};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(name);
    Tool(std::move(command));
  }
  const auto& accounts = Collect();
  for (const auto& [name, options] : kUsers) {
    SCOPED_TRACE(name);
    std::map<std::string, std::string> theirs;
    for (const absl::string_view line : absl::StrSplit(Inside({"chage", "-i", "-l", name}), '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 1));
      theirs[std::string(absl::StripAsciiWhitespace(parts[0]))] = std::string(absl::StripAsciiWhitespace(parts[1]));
    }
    const pb::Account& account = accounts.at(name);
    const auto date = [&account](const google::protobuf::Timestamp& time, bool has) -> std::string {
      if (account.must_change_password()) return "password must be changed";
      return has ? absl::FormatTime("%Y-%m-%d", *FromWire(time), absl::UTCTimeZone()) : "never";
    };
    EXPECT_EQ(date(account.last_change(), account.has_last_change()), theirs.at("Last password change"));
    EXPECT_EQ(date(account.password_expires(), account.has_password_expires()), theirs.at("Password expires"));
    const std::string expires = account.has_expires()
                                    ? absl::FormatTime("%Y-%m-%d", *FromWire(account.expires()), absl::UTCTimeZone())
                                    : "never";
    EXPECT_EQ(expires, theirs.at("Account expires"));
    const std::string min = theirs.at("Minimum number of days between password change");
    EXPECT_EQ(account.has_min_days() ? absl::StrCat(account.min_days()) : "-1", min);
    const std::string warn = theirs.at("Number of days of warning before password expires");
    EXPECT_EQ(account.has_warn_days() ? absl::StrCat(account.warn_days()) : "-1", warn);
    std::string max = theirs.at("Maximum number of days between password change");
    if (max == "99999") max = "-1";
    EXPECT_EQ(account.has_max_days() ? absl::StrCat(account.max_days()) : "-1", max);
  }
}

// Splits at `, ` where the comma is not escaped.
std::vector<std::string> SplitCommands(absl::string_view text) {
  std::vector<std::string> commands(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && absl::StrContains(",:=\\#", text[i + 1])) {
      commands.back() += text[++i];
    } else if (text[i] == ',') {
      commands.emplace_back();
      if (i + 1 < text.size() && text[i + 1] == ' ') ++i;
    } else {
      commands.back() += text[i];
    }
  }
  return commands;
}

// `sudo -l -U` as one `(run as) TAG command` each.
std::vector<std::string> SudoSays(absl::string_view output) {
  std::vector<std::string> grants;
  for (absl::string_view line : absl::StrSplit(output, '\n')) {
    if (!absl::ConsumePrefix(&line, "    (")) continue;
    const size_t close = line.find(')');
    const std::string run_as(line.substr(0, close));
    bool nopasswd = false;
    for (const std::string& part : SplitCommands(line.substr(close + 2))) {
      absl::string_view command = part;
      while (true) {
        if (absl::ConsumePrefix(&command, "NOPASSWD: "))
          nopasswd = true;
        else if (absl::ConsumePrefix(&command, "PASSWD: "))
          nopasswd = false;
        else if (!absl::ConsumePrefix(&command, "SETENV: ") && !absl::ConsumePrefix(&command, "NOEXEC: "))
          break;
      }
      // Ours leave the digest out.
      if (absl::StartsWith(command, "sha256:")) command.remove_prefix(command.find(' ') + 1);
      grants.push_back(absl::StrCat("(", run_as, ") ", nopasswd ? "NOPASSWD " : "", command));
    }
  }
  return grants;
}

std::vector<std::string> WeSay(const pb::Account& account) {
  std::vector<std::string> grants;
  for (const pb::SudoRule& rule : account.sudo_rules()) {
    if (!rule.applies_here()) continue;
    for (const std::string& command : rule.commands()) {
      grants.push_back(absl::StrCat("(", rule.run_as(), ") ", rule.nopasswd() ? "NOPASSWD " : "", command));
    }
  }
  return grants;
}

TEST_F(AccountsLive, SaysOfEachUserWhatSudoSays) {
  for (const char* name : {"alice", "bob", "carol", "dave", "erin"}) AddUser(name, {"-N"});
  files_.SetFile("/etc/group", "root:x:0:\nusers:x:100:\nadm:x:4:\nops:x:50:alice,carol\ndev:x:60:bob\n");
  SetSudoers(
      "Defaults env_reset\nDefaults secure_path=\"/usr/bin:/bin\"\n"
      "User_Alias TEAM = %ops, !carol, ADMINS\nUser_Alias ADMINS = dave\n"
      "Runas_Alias DB = daemon, bin\nHost_Alias HERE = ALL, !elsewhere\n"
      "Cmnd_Alias SHELLS = /bin/sh, /bin/bash -l\nCmnd_Alias FILES = /bin/ls, SHELLS, !/bin/cat a\\,b\n"
      "root ALL=(ALL:ALL) ALL\n"
      "TEAM ALL = (DB : adm) NOPASSWD: FILES, PASSWD: /usr/bin/id\n"
      "%#60 HERE = (ALL, !root) /usr/bin/env \\\n   x y, (daemon) SETENV: NOPASSWD: /usr/bin/id\n"
      "#include sudoers.d/one\n"
      "alice elsewhere = ALL : ALL = (:adm) /bin/true\n"
      "ALL, !alice, !%dev ALL = sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 /bin/true\n"
      "%users ALL = /usr/bin/printf \\*, sudoedit /etc/hosts\n"
      "@includedir /etc/sudoers.d\n");
  files_.SetFile("/etc/sudoers.d/one", "carol ALL = ALL # all\n");
  files_.SetFile("/etc/sudoers.d/two~", "erin ALL = ALL\n");
  files_.SetFile("/etc/sudoers.d/three.bak", "erin ALL = ALL\n");
  for (const char* file : {"one", "two~", "three.bak"}) files_.SetMode(absl::StrCat("/etc/sudoers.d/", file), 0440);
  const auto& accounts = Collect();
  size_t grants = 0;
  for (const char* name : {"root", "alice", "bob", "carol", "dave", "erin"}) {
    SCOPED_TRACE(name);
    const std::vector<std::string> theirs = SudoSays(Inside({"sudo", "-l", "-U", name}));
    EXPECT_THAT(WeSay(accounts.at(name)), ElementsAreArray(theirs));
    EXPECT_EQ(accounts.at(name).sudo(), !theirs.empty());
    grants += theirs.size();
  }
  EXPECT_GT(grants, 20U) << "sudo said nothing";
}

TEST_F(AccountsLive, FingerprintsAreThoseOfSshKeygen) {
  AddUser("alice", {"-d", "/home/alice"});
  const std::string path = "/home/alice/.ssh/authorized_keys";
  files_.SetFile(path, absl::StrCat(kEd25519Key, " a\n# no\n", "no-pty,command=\"a \\\" b\" ", kRsaKey, "\n",
                                    kEcdsa384Key, " two words\nbad line\n"));
  std::vector<std::string> ours;
  for (const pb::AuthorizedKey& key : Collect().at("alice").authorized_keys()) {
    ours.push_back(absl::StrCat(key.has_bits() ? absl::StrCat(key.bits()) : "256", " ", key.fingerprint()));
  }
  std::vector<std::string> theirs;
  for (const absl::string_view line :
       absl::StrSplit(Tool({"ssh-keygen", "-lf", files_.OnDisk(path)}), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    theirs.push_back(absl::StrCat(words[0], " ", words[1]));
  }
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours.size(), 3U);
}

TEST_F(AccountsLive, TheLastLoginIsThatOfLastAndLastlog) {
  for (const char* name : {"alice", "bob", "carol"}) AddUser(name);
  files_.SetFile(
      "/var/log/wtmp",
      UtmpRecord({.user = "reboot", .line = "~", .host = "6.1.0", .seconds = 1'699'000'000, .type = 2}) +
          UtmpRecord({.user = "alice", .line = "pts/0", .address = "192.0.2.7", .seconds = 1'700'000'000}) +
          UtmpRecord({.user = "bob", .line = "tty1", .seconds = 1'700'000'100}) +
          UtmpRecord({.user = "alice", .line = "pts/3", .address = "2001:db8::7", .seconds = 1'700'000'200}));
  const auto accounts = Collect();
  for (const char* name : {"alice", "bob"}) {
    const std::string output =
        Tool({"last", "-w", "-i", "--time-format", "iso", "-f", files_.OnDisk("/var/log/wtmp"), name});
    const std::vector<std::string> words = absl::StrSplit(output.substr(0, output.find('\n')), ' ', absl::SkipEmpty());
    ASSERT_GE(words.size(), 4U) << output;
    const pb::LastLogin& login = accounts.at(name).last_login();
    EXPECT_EQ(login.terminal(), words[1]);
    // Where there is no address, last prints one of zeros.
    EXPECT_EQ(login.from_address(), words[2] == "0.0.0.0" ? "" : words[2]);
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, words[3], &time, &error)) << words[3];
    EXPECT_EQ(FromWire(login.time()), time);
  }
  EXPECT_FALSE(accounts.at("carol").has_last_login());

  std::string lastlog;
  SetLastlog(&lastlog, accounts.at("bob").uid(), 1'700'000'900, "pts/8", "198.51.100.1");
  files_.SetFile("/var/log/lastlog", lastlog);
  const pb::LastLogin& bob = Collect().at("bob").last_login();
  const std::vector<std::string> lines = absl::StrSplit(Inside({"lastlog", "-u", "bob"}), '\n');
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(bob.source(), "/var/log/lastlog");
  EXPECT_THAT(lines[1], testing::HasSubstr(bob.terminal()));
  EXPECT_THAT(lines[1], testing::HasSubstr(bob.from_address()));
  EXPECT_EQ(bob.time().seconds(), 1'700'000'900);
}

}  // namespace
}  // namespace rollcall
