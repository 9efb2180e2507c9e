#include "collectors/accounts/sudoers_parser.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/accounts/sudoers_text.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 20;
constexpr size_t kMaxIncludes = 1'000;

constexpr auto kTags = std::to_array<absl::string_view>({
    "EXEC",
    "FOLLOW",
    "INTERCEPT",
    "LOG_INPUT",
    "LOG_OUTPUT",
    "MAIL",
    "NOEXEC",
    "NOFOLLOW",
    "NOINTERCEPT",
    "NOLOG_INPUT",
    "NOLOG_OUTPUT",
    "NOMAIL",
    "NOPASSWD",
    "NOSETENV",
    "PASSWD",
    "SETENV",
});

constexpr auto kOptions = std::to_array<absl::string_view>({
    "APPARMOR_PROFILE",
    "CHROOT",
    "CWD",
    "LIMITPRIVS",
    "NOTAFTER",
    "NOTBEFORE",
    "PRIVS",
    "ROLE",
    "TIMEOUT",
    "TYPE",
});

template <size_t kSize>
bool Contains(const std::array<absl::string_view, kSize>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status TooLong() { return absl::ResourceExhaustedError("more members than are kept"); }

bool Negations(SudoersCursor* cursor) {
  bool negated = false;
  while (cursor->Consume('!')) negated = !negated;
  return negated;
}

absl::StatusOr<SudoList> ParseWords(SudoersCursor* cursor) {
  SudoList list;
  do {
    if (list.size() >= kMaxSudoListMembers) return TooLong();
    SudoMember member{.text = "", .negated = Negations(cursor)};
    ROLLCALL_ASSIGN_OR_RETURN(member.text, cursor->Word());
    list.push_back(std::move(member));
  } while (cursor->Consume(','));
  return list;
}

bool StartsWithDigest(absl::string_view text) {
  for (const absl::string_view name : {"sha224", "sha256", "sha384", "sha512"}) {
    absl::string_view rest = text;
    if (absl::ConsumePrefix(&rest, name)) return absl::StartsWith(absl::StripLeadingAsciiWhitespace(rest), ":");
  }
  return false;
}

// Skips `sha256:digest`, and more of them after commas.
absl::Status SkipDigests(SudoersCursor* cursor) {
  while (StartsWithDigest(cursor->Peek())) {
    cursor->Name();
    cursor->Consume(':');
    const absl::string_view text = cursor->Peek();
    const size_t length = std::min(text.find_first_of(" \t,"), text.size());
    if (length == 0) return absl::InvalidArgumentError("a digest is missing");
    cursor->Skip(length);
    if (cursor->Consume(',') && !StartsWithDigest(cursor->Peek())) {
      return absl::InvalidArgumentError("a digest is missing");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SudoMember> ParseCommand(SudoersCursor* cursor) {
  SudoMember member{.text = "", .negated = Negations(cursor)};
  ROLLCALL_RETURN_IF_ERROR(SkipDigests(cursor));
  if (!member.negated) member.negated = Negations(cursor);
  ROLLCALL_ASSIGN_OR_RETURN(member.text, cursor->Command());
  return member;
}

absl::StatusOr<SudoList> ParseCommandWords(SudoersCursor* cursor) {
  SudoList list;
  do {
    if (list.size() >= kMaxSudoListMembers) return TooLong();
    ROLLCALL_ASSIGN_OR_RETURN(SudoMember member, ParseCommand(cursor));
    list.push_back(std::move(member));
  } while (cursor->Consume(','));
  return list;
}

// `users : groups)`, after the opening parenthesis.
absl::Status ParseRunAs(SudoersCursor* cursor, SudoCommands* commands) {
  commands->run_as_users.emplace();
  commands->run_as_groups.reset();
  if (cursor->Consume(')')) return absl::OkStatus();
  if (!absl::StartsWith(cursor->Peek(), ":")) {
    ROLLCALL_ASSIGN_OR_RETURN(*commands->run_as_users, ParseWords(cursor));
  }
  if (cursor->Consume(':') && !absl::StartsWith(cursor->Peek(), ")")) {
    ROLLCALL_ASSIGN_OR_RETURN(commands->run_as_groups, ParseWords(cursor));
  }
  return cursor->Consume(')') ? absl::OkStatus() : absl::InvalidArgumentError("a `)` is missing");
}

// Skips the value of an option such as `CWD=/srv`.
absl::Status SkipValue(SudoersCursor* cursor) {
  if (!cursor->Consume('=')) return absl::InvalidArgumentError("an option without a value");
  absl::string_view text = cursor->Peek();
  size_t length = 0;
  if (absl::StartsWith(text, "\"")) {
    const size_t end = text.find('"', 1);
    if (end == absl::string_view::npos) return absl::InvalidArgumentError("a quote that does not end");
    length = end + 1;
  } else {
    length = std::min(text.find_first_of(" \t,"), text.size());
  }
  cursor->Skip(length);
  return absl::OkStatus();
}

// Tags and options in front of a command.
absl::Status ParseTags(SudoersCursor* cursor, SudoCommands* commands) {
  while (true) {
    SudoersCursor ahead(cursor->Peek());
    const absl::string_view name = ahead.Name();
    if (Contains(kTags, name) && absl::StartsWith(ahead.Peek(), ":")) {
      *cursor = ahead;
      cursor->Consume(':');
      if (name == "NOPASSWD" || name == "PASSWD") commands->nopasswd = name == "NOPASSWD";
    } else if (Contains(kOptions, name) && absl::StartsWith(ahead.Peek(), "=")) {
      *cursor = ahead;
      ROLLCALL_RETURN_IF_ERROR(SkipValue(cursor));
    } else {
      return absl::OkStatus();
    }
  }
}

bool SameTerms(const SudoCommands& a, const SudoCommands& b) {
  return a.run_as_users == b.run_as_users && a.run_as_groups == b.run_as_groups && a.nopasswd == b.nopasswd;
}

// `(run as) TAG: command, ...`; terms hold until others are given.
absl::StatusOr<std::vector<SudoCommands>> ParseCommands(SudoersCursor* cursor) {
  std::vector<SudoCommands> all;
  SudoCommands terms;
  size_t members = 0;
  do {
    if (++members > kMaxSudoListMembers) return TooLong();
    if (cursor->Consume('(')) ROLLCALL_RETURN_IF_ERROR(ParseRunAs(cursor, &terms));
    ROLLCALL_RETURN_IF_ERROR(ParseTags(cursor, &terms));
    ROLLCALL_ASSIGN_OR_RETURN(SudoMember command, ParseCommand(cursor));
    if (all.empty() || !SameTerms(all.back(), terms)) all.push_back(terms);
    all.back().commands.push_back(std::move(command));
  } while (cursor->Consume(','));
  return all;
}

absl::Status ParseRule(SudoersCursor* cursor, absl::string_view path, size_t line, std::vector<SudoersRule>* rules) {
  ROLLCALL_ASSIGN_OR_RETURN(const SudoList users, ParseWords(cursor));
  std::vector<SudoersRule> found;
  do {
    SudoersRule rule{.users = users, .hosts = {}, .commands = {}, .path = std::string(path), .line = line};
    ROLLCALL_ASSIGN_OR_RETURN(rule.hosts, ParseWords(cursor));
    if (!cursor->Consume('=')) return absl::InvalidArgumentError("a `=` is missing");
    ROLLCALL_ASSIGN_OR_RETURN(rule.commands, ParseCommands(cursor));
    found.push_back(std::move(rule));
  } while (cursor->Consume(':'));
  if (!cursor->AtEnd()) return absl::InvalidArgumentError("text behind the rule");
  std::move(found.begin(), found.end(), std::back_inserter(*rules));
  return absl::OkStatus();
}

bool IsAliasName(absl::string_view name) {
  return !name.empty() && absl::ascii_isupper(static_cast<unsigned char>(name[0])) &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_islower(c); });
}

using ListParser = absl::StatusOr<SudoList> (*)(SudoersCursor*);

// `NAME = list : NAME = list`, after the keyword.
absl::Status ParseAliases(SudoersCursor* cursor, ListParser parse, std::map<std::string, SudoList>* aliases) {
  do {
    const std::string name(cursor->Name());
    if (!IsAliasName(name)) return absl::InvalidArgumentError("bad name of an alias");
    if (!cursor->Consume('=')) return absl::InvalidArgumentError("a `=` is missing");
    ROLLCALL_ASSIGN_OR_RETURN(SudoList list, parse(cursor));
    if (!aliases->emplace(name, std::move(list)).second) return absl::InvalidArgumentError("an alias defined twice");
  } while (cursor->Consume(':'));
  return cursor->AtEnd() ? absl::OkStatus() : absl::InvalidArgumentError("text behind the alias");
}

// A value, quoted or up to a comma.
absl::StatusOr<std::string> DefaultsValue(SudoersCursor* cursor) {
  if (absl::StartsWith(cursor->Peek(), "\"")) return cursor->Word();
  const absl::string_view text = cursor->Peek();
  const size_t length = std::min(text.find(','), text.size());
  cursor->Skip(length);
  return std::string(absl::StripTrailingAsciiWhitespace(text.substr(0, length)));
}

// `Defaults`, `Defaults:users`; those for hosts, commands and run-as users change nothing that is told.
absl::Status ParseDefaults(SudoersCursor* cursor, absl::string_view scope, std::vector<SudoersDefaults>* defaults) {
  SudoersDefaults found;
  if (scope == ":") {
    ROLLCALL_ASSIGN_OR_RETURN(found.users, ParseWords(cursor));
  }
  if (!scope.empty() && scope != ":") return absl::OkStatus();
  do {
    const bool negated = Negations(cursor);
    const absl::string_view name = cursor->Name();
    if (name.empty()) return absl::InvalidArgumentError("the name of a default is missing");
    if (name == "authenticate") found.authenticate = !negated;
    if (!cursor->Consume('+')) cursor->Consume('-');
    if (!cursor->Consume('=')) continue;
    ROLLCALL_ASSIGN_OR_RETURN(std::string value, DefaultsValue(cursor));
    if (name == "runas_default") found.runas_default = std::move(value);
  } while (cursor->Consume(','));
  if (found.authenticate.has_value() || found.runas_default.has_value()) defaults->push_back(std::move(found));
  return absl::OkStatus();
}

class Parser {
 public:
  Parser(absl::string_view path, Sudoers* sudoers) : path_(path), sudoers_(sudoers) {}

  absl::Status ParseLine(absl::string_view line, size_t number) {
    if (line.find('\0') != absl::string_view::npos) return absl::InvalidArgumentError("NUL byte");
    SudoersCursor cursor(line);
    if (absl::StartsWith(cursor.Peek(), "@") || absl::StartsWith(cursor.Peek(), "#include")) {
      return ParseInclude(&cursor);
    }
    SudoersCursor ahead = cursor;
    const absl::string_view keyword = ahead.Name();
    if (keyword == "Defaults" && EndsKeyword(ahead, ":@>!")) {
      absl::string_view scope;
      if (ahead.PeekRaw().find_first_of(":@>!") == 0) scope = ahead.PeekRaw().substr(0, 1);
      ahead.Skip(scope.size());
      return ParseDefaults(&ahead, scope, &sudoers_->defaults);
    }
    SudoersAliases& aliases = sudoers_->aliases;
    if (keyword == "User_Alias") return ParseAliases(&ahead, ParseWords, &aliases.users);
    if (keyword == "Runas_Alias") return ParseAliases(&ahead, ParseWords, &aliases.run_as);
    if (keyword == "Host_Alias") return ParseAliases(&ahead, ParseWords, &aliases.hosts);
    if (keyword == "Cmnd_Alias" || keyword == "Cmd_Alias") {
      return ParseAliases(&ahead, ParseCommandWords, &aliases.commands);
    }
    if (sudoers_->rules.size() >= kMaxSudoersRules) return absl::ResourceExhaustedError("more rules than are kept");
    return ParseRule(&cursor, path_, number, &sudoers_->rules);
  }

 private:
  static bool EndsKeyword(SudoersCursor& cursor, absl::string_view scopes) {
    const absl::string_view rest = cursor.PeekRaw();
    return rest.empty() || rest[0] == ' ' || rest[0] == '\t' || absl::StrContains(scopes, rest[0]);
  }

  absl::Status ParseInclude(SudoersCursor* cursor) {
    cursor->Skip(1);
    const absl::string_view directive = cursor->Name();
    if (directive != "include" && directive != "includedir") return absl::InvalidArgumentError("unknown directive");
    if (sudoers_->includes.size() >= kMaxIncludes) return absl::ResourceExhaustedError("more includes than are kept");
    SudoersInclude include{.path = "", .directory = directive == "includedir", .rules_before = sudoers_->rules.size()};
    ROLLCALL_ASSIGN_OR_RETURN(include.path, cursor->Path());
    sudoers_->includes.push_back(std::move(include));
    return absl::OkStatus();
  }

  const absl::string_view path_;
  Sudoers* const sudoers_;
};

}  // namespace

Sudoers ParseSudoers(absl::string_view text, absl::string_view path) {
  Sudoers sudoers;
  Parser parser(path, &sudoers);
  SudoersLines lines(text);
  std::string line;
  size_t number = 0;
  bool cut = false;
  while (lines.Next(kMaxSudoersLineBytes, &line, &number, &cut)) {
    const absl::Status status =
        cut ? absl::ResourceExhaustedError("longer than is read") : parser.ParseLine(line, number);
    sudoers.cut = sudoers.cut || absl::IsResourceExhausted(status);
    if (!status.ok() && sudoers.problems.size() < kMaxProblems) {
      sudoers.problems.emplace_back(status.code(), absl::StrCat("line ", number, ": ", status.message()));
    }
  }
  return sudoers;
}

}  // namespace rollcall
