// Which rules of sudoers are about an account.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SUDO_POLICY_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SUDO_POLICY_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collectors/accounts/sudoers_parser.h"

namespace rollcall {

// Someone rules may name. Groups include the primary one.
struct SudoUser {
  absl::string_view name;
  uint32_t uid = 0;
  std::set<absl::string_view> groups;
  std::set<uint32_t> gids;
};

// A rule as it applies to one account; see SudoRule in account.proto for the fields.
struct SudoGrant {
  std::string subject;
  std::string run_as;
  const SudoList* commands = nullptr;
  bool nopasswd = false;
  bool all_commands = false;
  const std::vector<std::string>* hosts = nullptr;
  std::optional<bool> applies_here;
  const std::string* source = nullptr;
};

struct SudoRights {
  // Point into the policy.
  std::vector<SudoGrant> grants;
  // Whether any command is permitted here; unset if it depends on what a file does not say.
  std::optional<bool> permitted = false;
};

// Members of a list once aliases are replaced by what they stand for. `!` before an alias turns around each of its
// members; an alias that is part of itself, or is not defined, is a word. At most `limit` members; `*cut` says whether
// there were more.
SudoList ResolveAliases(const SudoList& list, const std::map<std::string, SudoList>& aliases, size_t limit, bool* cut);

// Immutable once made.
class SudoPolicy {
 public:
  // `host_name` decides which rules are for this host; empty if unknown.
  SudoPolicy(Sudoers&& sudoers, absl::string_view host_name);

  // Rules that name the user, in their order. As in sudo the last member of a list that fits decides.
  SudoRights RightsOf(const SudoUser& user) const;

  // Sources of rules that name users only name services know: netgroups and non-Unix groups.
  const std::set<std::string>& sources_with_netgroups() const { return sources_with_netgroups_; }
  // Some list had more members than are kept.
  bool cut() const { return cut_; }

 private:
  struct Group {
    SudoList run_as_users;
    bool has_run_as_users = false;
    SudoList run_as_groups;
    std::optional<bool> nopasswd;
    SudoList commands;
    bool all_commands = false;
  };
  struct Rule {
    SudoList users;
    std::vector<std::string> hosts;
    std::optional<bool> applies_here;
    std::vector<Group> groups;
    std::string source;
  };
  struct Default {
    std::optional<SudoList> users;
    std::optional<bool> authenticate;
  };

  Rule Compile(SudoersRule&& rule, absl::string_view host_name);
  void CompileHosts(const SudoList& list, absl::string_view host_name, Rule* rule);
  Group CompileGroup(const SudoCommands& commands);
  bool AsksPassword(const SudoUser& user) const;
  std::string RunAs(const Group& group, const SudoUser& user) const;

  SudoersAliases aliases_;
  std::vector<Default> defaults_;
  std::string runas_default_ = "root";
  std::vector<Rule> rules_;
  std::set<std::string> sources_with_netgroups_;
  bool cut_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SUDO_POLICY_H_
