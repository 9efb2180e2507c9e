#include "collectors/accounts/sudo_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kAll = "ALL";

// As deep as aliases name aliases.
constexpr int kMaxAliasDepth = 64;

class AliasResolver {
 public:
  AliasResolver(const std::map<std::string, SudoList>& aliases, size_t limit) : aliases_(aliases), limit_(limit) {}

  void Add(const SudoList& list, bool negated, int depth) {
    for (const SudoMember& member : list) {
      if (++steps_ > 4 * limit_ || result_.size() >= limit_) {
        cut_ = true;
        return;
      }
      const auto alias = aliases_.find(member.text);
      const bool sign = member.negated != negated;
      if (alias == aliases_.end() || depth >= kMaxAliasDepth || !open_.insert(member.text).second) {
        result_.push_back({member.text, sign});
        continue;
      }
      Add(alias->second, sign, depth + 1);
      open_.erase(member.text);
    }
  }

  SudoList&& result() { return std::move(result_); }
  bool cut() const { return cut_; }

 private:
  const std::map<std::string, SudoList>& aliases_;
  const size_t limit_;
  size_t steps_ = 0;
  std::set<std::string> open_;
  SudoList result_;
  bool cut_ = false;
};

bool IsNumber(absl::string_view text, uint32_t* number) { return absl::SimpleAtoi(text, number); }

bool Matches(const SudoUser& user, absl::string_view word) {
  if (word == kAll || word == user.name) return true;
  uint32_t id = 0;
  if (absl::ConsumePrefix(&word, "%#")) return IsNumber(word, &id) && user.gids.count(id) > 0;
  if (absl::ConsumePrefix(&word, "%")) return user.groups.count(word) > 0;
  if (absl::ConsumePrefix(&word, "#")) return IsNumber(word, &id) && user.uid == id;
  return false;
}

// The member that decides; nullptr if none fits.
const SudoMember* Decide(const SudoList& list, const SudoUser& user) {
  const auto found = std::find_if(list.rbegin(), list.rend(),
                                  [&user](const SudoMember& member) { return Matches(user, member.text); });
  return found == list.rend() ? nullptr : &*found;
}

bool MatchesPattern(absl::string_view text, absl::string_view pattern) {
  size_t t = 0;
  size_t p = 0;
  size_t star = absl::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++t;
      ++p;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Whether the word names this host; unset if only addresses or a name service can tell.
std::optional<bool> IsThisHost(const std::string& word, absl::string_view host_name) {
  if (word == kAll) return true;
  const bool address = absl::StrContains(word, ':') || absl::StrContains(word, '[') ||
                       word.find_first_not_of("0123456789./") == std::string::npos;
  if (address || absl::StartsWith(word, "+") || host_name.empty()) return std::nullopt;
  const std::string host = absl::AsciiStrToLower(host_name);
  const std::string pattern = absl::AsciiStrToLower(word);
  return MatchesPattern(host, pattern) || MatchesPattern(host.substr(0, host.find('.')), pattern);
}

std::string Join(const SudoList& list) {
  std::string text;
  for (const SudoMember& member : list) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", member.negated ? "!" : "", member.text);
  }
  return text;
}

bool IsAll(const SudoMember& member) { return member.text == kAll; }

// The last member that fits a command decides: `ALL, !/bin/sh` is not all, `!/bin/sh, ALL` is.
bool PermitsAll(const SudoList& commands) {
  for (auto member = commands.rbegin(); member != commands.rend() && !member->negated; ++member) {
    if (IsAll(*member)) return true;
  }
  return false;
}

}  // namespace

SudoList ResolveAliases(const SudoList& list, const std::map<std::string, SudoList>& aliases, size_t limit, bool* cut) {
  AliasResolver resolver(aliases, limit);
  resolver.Add(list, false, 0);
  *cut = *cut || resolver.cut();
  return resolver.result();
}

SudoPolicy::SudoPolicy(Sudoers&& sudoers, absl::string_view host_name) : aliases_(std::move(sudoers.aliases)) {
  for (SudoersDefaults& found : sudoers.defaults) {
    if (found.runas_default.has_value() && !found.users.has_value()) runas_default_ = *found.runas_default;
    if (!found.authenticate.has_value()) continue;
    if (found.users.has_value()) {
      found.users = ResolveAliases(*found.users, aliases_.users, kMaxSudoListMembers, &cut_);
    }
    defaults_.push_back({std::move(found.users), found.authenticate});
  }
  rules_.reserve(sudoers.rules.size());
  for (SudoersRule& rule : sudoers.rules) rules_.push_back(Compile(std::move(rule), host_name));
}

SudoPolicy::Rule SudoPolicy::Compile(SudoersRule&& from, absl::string_view host_name) {
  Rule rule;
  rule.source = absl::StrCat(from.path, ":", from.line);
  rule.users = ResolveAliases(from.users, aliases_.users, kMaxSudoListMembers, &cut_);
  CompileHosts(from.hosts, host_name, &rule);
  for (const SudoCommands& commands : from.commands) rule.groups.push_back(CompileGroup(commands));
  const bool netgroups = std::any_of(rule.users.begin(), rule.users.end(), [](const SudoMember& member) {
    return absl::StartsWith(member.text, "+") || absl::StartsWith(member.text, "%:");
  });
  if (netgroups) sources_with_netgroups_.insert(rule.source);
  return rule;
}

void SudoPolicy::CompileHosts(const SudoList& list, absl::string_view host_name, Rule* rule) {
  const SudoList hosts = ResolveAliases(list, aliases_.hosts, kMaxSudoListMembers, &cut_);
  rule->applies_here = false;
  for (auto member = hosts.rbegin(); member != hosts.rend(); ++member) {
    const std::optional<bool> here = IsThisHost(member->text, host_name);
    if (here == false) continue;
    rule->applies_here = here.has_value() ? std::optional<bool>(!member->negated) : std::nullopt;
    break;
  }
  constexpr size_t kMaxHosts = 32;
  if (hosts.size() == 1 && IsAll(hosts[0]) && !hosts[0].negated) return;
  for (const SudoMember& member : hosts) {
    if (rule->hosts.size() >= kMaxHosts) break;
    rule->hosts.push_back(absl::StrCat(member.negated ? "!" : "", member.text));
  }
}

SudoPolicy::Group SudoPolicy::CompileGroup(const SudoCommands& from) {
  Group group;
  group.nopasswd = from.nopasswd;
  group.has_run_as_users = from.run_as_users.has_value();
  if (from.run_as_users.has_value()) {
    group.run_as_users = ResolveAliases(*from.run_as_users, aliases_.run_as, kMaxSudoListMembers, &cut_);
  }
  if (from.run_as_groups.has_value()) {
    group.run_as_groups = ResolveAliases(*from.run_as_groups, aliases_.run_as, kMaxSudoListMembers, &cut_);
  }
  group.commands = ResolveAliases(from.commands, aliases_.commands, kMaxSudoListMembers, &cut_);
  group.all_commands = PermitsAll(group.commands);
  return group;
}

bool SudoPolicy::AsksPassword(const SudoUser& user) const {
  bool asks = true;
  for (const Default& setting : defaults_) {
    if (setting.users.has_value()) {
      const SudoMember* decides = Decide(*setting.users, user);
      if (decides == nullptr || decides->negated) continue;
    }
    asks = *setting.authenticate;
  }
  return asks;
}

std::string SudoPolicy::RunAs(const Group& group, const SudoUser& user) const {
  std::string users = Join(group.run_as_users);
  // `(:group)` and `()` run as the user who asks.
  if (users.empty()) users = group.has_run_as_users ? std::string(user.name) : runas_default_;
  return group.run_as_groups.empty() ? users : absl::StrCat(users, " : ", Join(group.run_as_groups));
}

SudoRights SudoPolicy::RightsOf(const SudoUser& user) const {
  SudoRights rights;
  const bool asks = AsksPassword(user);
  for (const Rule& rule : rules_) {
    const SudoMember* decides = Decide(rule.users, user);
    if (decides == nullptr || decides->negated) continue;
    for (const Group& group : rule.groups) {
      rights.grants.push_back({.subject = decides->text,
                               .run_as = RunAs(group, user),
                               .commands = &group.commands,
                               .nopasswd = group.nopasswd.value_or(!asks),
                               .all_commands = group.all_commands,
                               .hosts = &rule.hosts,
                               .applies_here = rule.applies_here,
                               .source = &rule.source});
      if (rule.applies_here == false) continue;
      for (const SudoMember& command : group.commands) {
        if (command.negated && !IsAll(command)) continue;
        // Of a rule that may be for another host it is not known what it changes.
        const bool permits = !command.negated;
        if (rights.permitted == permits) continue;
        rights.permitted = rule.applies_here == true ? std::optional<bool>(permits) : std::nullopt;
      }
    }
  }
  return rights;
}

}  // namespace rollcall
