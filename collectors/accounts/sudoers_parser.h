// sudoers(5): who may run what as whom. Only the text of one file; includes are the reader's.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_PARSER_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_PARSER_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// One word of a list: a user (`alice`, `#1000`, `%wheel`, `%#27`, `+netgroup`), host, command, alias or `ALL`, with
// quotes and escapes undone.
struct SudoMember {
  std::string text;
  bool negated = false;

  friend bool operator==(const SudoMember&, const SudoMember&) = default;
};
using SudoList = std::vector<SudoMember>;

// Commands of a rule that share who they run as and their tags.
struct SudoCommands {
  // `(users : groups)`; neither if the rule has no such part.
  std::optional<SudoList> run_as_users;
  std::optional<SudoList> run_as_groups;
  // From NOPASSWD: or PASSWD:, which hold for the commands that follow too.
  std::optional<bool> nopasswd;
  SudoList commands;
};

// `users hosts = commands`. A line with several host lists gives several of these.
struct SudoersRule {
  SudoList users;
  SudoList hosts;
  std::vector<SudoCommands> commands;
  std::string path;
  size_t line = 0;
};

// `Defaults` that change what a rule means. Others are left out.
struct SudoersDefaults {
  // Set for `Defaults:users`.
  std::optional<SudoList> users;
  std::optional<bool> authenticate;
  std::optional<std::string> runas_default;
};

struct SudoersInclude {
  // As written, without quotes.
  std::string path;
  bool directory = false;
  // How many rules of the file come before it.
  size_t rules_before = 0;
};

struct SudoersAliases {
  std::map<std::string, SudoList> users;
  std::map<std::string, SudoList> run_as;
  std::map<std::string, SudoList> hosts;
  std::map<std::string, SudoList> commands;
};

struct Sudoers {
  std::vector<SudoersRule> rules;
  std::vector<SudoersDefaults> defaults;
  std::vector<SudoersInclude> includes;
  SudoersAliases aliases;
  // A bound below cut something off that sudo reads.
  bool cut = false;
  // `line N: what is wrong`, a few at most; never a line's text. But for what is cut, sudo leaves such a line out, too.
  std::vector<absl::Status> problems;
};

// Bounds of one file: rules and includes kept, members of one list, bytes of one line with its continuations.
inline constexpr size_t kMaxSudoersRules = 10'000;
inline constexpr size_t kMaxSudoListMembers = 4'096;
inline constexpr size_t kMaxSudoersLineBytes = size_t{256} << 10;

// `path` is what the rules give as their source.
Sudoers ParseSudoers(absl::string_view text, absl::string_view path);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_PARSER_H_
