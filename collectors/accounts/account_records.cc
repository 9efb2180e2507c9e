#include "collectors/accounts/account_records.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/password_age.h"
#include "collectors/text.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Bounds that keep the largest record well below the 1 MiB the agent sends.
constexpr size_t kMaxNameBytes = 256;
constexpr size_t kMaxPathBytes = 4096;
constexpr size_t kMaxCommandBytes = 1024;
constexpr size_t kMaxGroups = 1'000;
constexpr size_t kMaxMembers = 2'000;
constexpr size_t kMaxSudoRules = 64;
constexpr size_t kMaxSudoCommands = 64;
constexpr size_t kMaxSudoCommandsInAll = 256;

// Programs that end at once, or that do one thing.
constexpr auto kNoShells = std::to_array<absl::string_view>({
    "false",
    "ftponly",
    "git-shell",
    "halt",
    "nologin",
    "noshell",
    "poweroff",
    "pppd",
    "reboot",
    "rssh",
    "scponly",
    "sftp-server",
    "shutdown",
    "sync",
    "true",
    "uucico",
});

pb::PasswordState WireState(const PasswordField& password, const PasswordAge& age) {
  switch (password.state) {
    case PasswordField::State::kNone:
      return pb::PASSWORD_NONE;
    case PasswordField::State::kSet:
      return age.password_expired ? pb::PASSWORD_EXPIRED : pb::PASSWORD_SET;
    case PasswordField::State::kLocked:
    case PasswordField::State::kElsewhere:  // No hash is `x`.
      return pb::PASSWORD_LOCKED;
  }
  return pb::PASSWORD_STATE_UNSPECIFIED;
}

void SetDays(const std::optional<int64_t>& days, void (pb::Account::*set)(uint32_t), pb::Account* account) {
  if (days.has_value() && *days < kNeverDays) (account->*set)(static_cast<uint32_t>(*days));
}

void FillAge(const ShadowEntry& entry, const PasswordAge& age, pb::Account* account) {
  if (age.last_change.has_value()) *account->mutable_last_change() = ToWire(*age.last_change);
  account->set_must_change_password(age.must_change);
  SetDays(entry.min_days, &pb::Account::set_min_days, account);
  SetDays(entry.max_days, &pb::Account::set_max_days, account);
  SetDays(entry.warn_days, &pb::Account::set_warn_days, account);
  SetDays(entry.inactive_days, &pb::Account::set_inactive_days, account);
  if (age.password_expires.has_value()) *account->mutable_password_expires() = ToWire(*age.password_expires);
  if (age.account_expires.has_value()) *account->mutable_expires() = ToWire(*age.account_expires);
  account->set_account_expired(age.account_expired);
}

// The password field of passwd counts unless it is `x`; the days of shadow count always.
void FillPassword(const PasswdEntry& user, const ShadowEntries& shadow, absl::Time now, pb::Account* account) {
  static const ShadowEntry kNoEntry;
  const ShadowEntry* entry = &kNoEntry;
  bool known = shadow.has_value();
  if (known) {
    const auto found = shadow->find(user.name);
    if (found != shadow->end()) entry = &found->second;
    known = !entry->damaged;
  }
  const PasswordAge age = AgeOf(*entry, now);
  const bool here = user.password.state != PasswordField::State::kElsewhere;
  if (known) FillAge(*entry, age, account);
  if (!known) account->add_undetermined("expires");
  if (!known && !here) {
    account->add_undetermined("password_state");
    return;
  }
  const PasswordField& password = here ? user.password : entry->password;
  account->set_password_state(WireState(password, age));
  account->set_password_algorithm(std::string(password.algorithm));
  account->set_locked_password_kept(password.state == PasswordField::State::kLocked && !password.algorithm.empty());
  const bool opens = account->password_state() != pb::PASSWORD_LOCKED && !age.password_inactive;
  if (opens) account->add_login_methods(pb::Account::PASSWORD);
}

void FillKeys(const AccountKeys& keys, pb::Account* account) {
  for (const auto& [key, source] : keys.keys) {
    pb::AuthorizedKey& wire = *account->add_authorized_keys();
    wire.set_type(ToRecordText(key->type));
    wire.set_fingerprint(key->fingerprint);
    if (key->bits.has_value()) wire.set_bits(*key->bits);
    for (const std::string& option : key->options) wire.add_options(option);
    wire.set_from(key->from);
    wire.set_command(key->command);
    wire.set_has_comment(key->has_comment);
    wire.set_source(ToRecordText(source, kMaxPathBytes));
  }
  account->set_authorized_key_count(static_cast<uint32_t>(keys.key_count));
  if (keys.incomplete) account->add_undetermined("authorized_keys");
  if (keys.key_count > 0) account->add_login_methods(pb::Account::KEY);
}

// Unset when a "no" could be for want of sight.
void FillLoginPermitted(const AccountKeys& keys, pb::Account* account) {
  if (!account->interactive_shell() || account->account_expired()) {
    account->set_login_permitted(false);
    return;
  }
  if (!account->has_account_expired()) return;
  const bool all_seen = account->password_state() != pb::PASSWORD_STATE_UNSPECIFIED && !keys.incomplete;
  if (account->login_methods_size() > 0 || all_seen) account->set_login_permitted(account->login_methods_size() > 0);
}

// `*room` is how many more commands the account has room for.
void FillSudoRule(const SudoGrant& grant, size_t* room, pb::SudoRule* rule) {
  rule->set_subject(ToRecordText(grant.subject, kMaxNameBytes));
  rule->set_run_as(ToRecordText(grant.run_as, kMaxCommandBytes));
  const size_t kept = std::min({grant.commands->size(), kMaxSudoCommands, *room});
  for (size_t i = 0; i < kept; ++i) {
    const SudoMember& command = (*grant.commands)[i];
    rule->add_commands(ToRecordText(absl::StrCat(command.negated ? "!" : "", command.text), kMaxCommandBytes));
  }
  *room -= kept;
  rule->set_commands_truncated(kept < grant.commands->size());
  rule->set_nopasswd(grant.nopasswd);
  rule->set_all_commands(grant.all_commands);
  for (const std::string& host : *grant.hosts) rule->add_hosts(ToRecordText(host, kMaxNameBytes));
  if (grant.applies_here.has_value()) rule->set_applies_here(*grant.applies_here);
  rule->set_source(ToRecordText(*grant.source, kMaxPathBytes));
}

void FillSudo(const PasswdEntry& user, const AccountSources& sources, const std::vector<size_t>& groups,
              pb::Account* account) {
  SudoUser who{.name = user.name, .uid = user.uid, .groups = {}, .gids = {user.gid}};
  for (const size_t index : groups) {
    who.groups.insert(sources.groups[index].name);
    who.gids.insert(sources.groups[index].gid);
  }
  const SudoRights rights = sources.sudo->RightsOf(who);
  size_t room = kMaxSudoCommandsInAll;
  for (const SudoGrant& grant : rights.grants) {
    if (static_cast<size_t>(account->sudo_rules_size()) >= kMaxSudoRules) break;
    FillSudoRule(grant, &room, account->add_sudo_rules());
  }
  const bool certain = rights.permitted == true || (!sources.sudo_incomplete && sources.groups_known);
  if (rights.permitted.has_value() && certain) account->set_sudo(*rights.permitted);
  if (!account->has_sudo()) account->add_undetermined("sudo");
}

void FillGroups(const PasswdEntry& user, const AccountSources& sources, const std::vector<size_t>& groups,
                pb::Account* account) {
  std::set<absl::string_view> seen;
  if (groups.empty() || sources.groups[groups[0]].gid != user.gid) account->add_groups(absl::StrCat(user.gid));
  for (const size_t index : groups) {
    const std::string& name = sources.groups[index].name;
    if (static_cast<size_t>(account->groups_size()) >= kMaxGroups || !seen.insert(name).second) continue;
    account->add_groups(ToAccountText(name, kMaxNameBytes));
  }
  if (!sources.groups_known) account->add_undetermined("groups");
}

void FillLogin(const AccountLogin& known, pb::Account* account) {
  if (known.incomplete) account->add_undetermined("last_login");
  if (!known.latest.has_value()) return;
  pb::LastLogin& login = *account->mutable_last_login();
  *login.mutable_time() = ToWire(known.latest->record.time);
  login.set_terminal(ToRecordText(known.latest->record.terminal));
  login.set_from_address(ToRecordText(known.latest->record.from));
  login.set_source(std::string(known.latest->source));
}

}  // namespace

Membership::Membership(const AccountSources& sources) {
  for (size_t i = 0; i < sources.groups.size(); ++i) {
    groups_by_gid_[sources.groups[i].gid].push_back(i);
    for (const std::string& member : sources.groups[i].members) {
      std::vector<size_t>& groups = groups_by_member_[member];
      if (groups.empty() || groups.back() != i) groups.push_back(i);
    }
  }
  std::set<std::pair<uint32_t, absl::string_view>> seen;
  for (const PasswdEntry& user : sources.users) {
    if (seen.emplace(user.gid, user.name).second) users_by_gid_[user.gid].push_back(user.name);
    const auto [first, is_first] = first_user_by_uid_.emplace(user.uid, user.name);
    if (!is_first && first->second != user.name) shared_uids_.insert(user.uid);
  }
}

std::vector<size_t> Membership::GroupsOf(const PasswdEntry& user) const {
  std::vector<size_t> groups;
  if (const auto primary = groups_by_gid_.find(user.gid); primary != groups_by_gid_.end()) groups = primary->second;
  const size_t primary_groups = groups.size();
  const auto others = groups_by_member_.find(user.name);
  if (others == groups_by_member_.end()) return groups;
  for (const size_t index : others->second) {
    const auto end = groups.begin() + static_cast<ptrdiff_t>(primary_groups);
    if (std::find(groups.begin(), end, index) == end) groups.push_back(index);
  }
  return groups;
}

const std::vector<absl::string_view>& Membership::PrimaryMembersOf(uint32_t gid) const {
  static const std::vector<absl::string_view> kNone;
  const auto found = users_by_gid_.find(gid);
  return found == users_by_gid_.end() ? kNone : found->second;
}

bool Membership::IsShared(uint32_t uid) const { return shared_uids_.count(uid) > 0; }

bool IsInteractiveShell(absl::string_view shell) {
  const absl::string_view name = shell.substr(shell.rfind('/') + 1);
  return std::find(kNoShells.begin(), kNoShells.end(), name) == kNoShells.end();
}

std::string ToAccountText(absl::string_view text, size_t limit) {
  return HoldsPasswordHash(text) ? "[withheld: a password hash]" : ToRecordText(text, limit);
}

pb::Account MakeAccount(const PasswdEntry& user, const AccountSources& sources, const Membership& membership,
                        const AccountKeys& keys, const AccountLogin& login, absl::Time now) {
  pb::Account account;
  account.set_uid(user.uid);
  account.set_name(ToAccountText(user.name, kMaxNameBytes));
  account.set_gid(user.gid);
  account.set_home(ToAccountText(user.home, kMaxPathBytes));
  account.set_shell(ToAccountText(user.shell, kMaxPathBytes));
  account.set_gecos(ToAccountText(user.gecos, kMaxPathBytes));
  account.set_is_root(user.uid == 0);
  account.set_uid_shared(membership.IsShared(user.uid));
  account.set_interactive_shell(IsInteractiveShell(user.shell));
  const std::vector<size_t> groups = membership.GroupsOf(user);
  FillGroups(user, sources, groups, &account);
  FillSudo(user, sources, groups, &account);
  FillPassword(user, sources.shadow, now, &account);
  FillKeys(keys, &account);
  FillLoginPermitted(keys, &account);
  FillLogin(login, &account);
  return account;
}

pb::AccountGroup MakeAccountGroup(const GroupEntry& group, const AccountSources& sources,
                                  const Membership& membership) {
  pb::AccountGroup record;
  record.set_gid(group.gid);
  record.set_name(ToAccountText(group.name, kMaxNameBytes));
  std::set<absl::string_view> members;
  for (const std::string& member : group.members) {
    if (members.insert(member).second && members.size() <= kMaxMembers) {
      record.add_members(ToAccountText(member, kMaxNameBytes));
    }
  }
  size_t primary = 0;
  for (const absl::string_view member : membership.PrimaryMembersOf(group.gid)) {
    if (++primary <= kMaxMembers) record.add_primary_members(ToAccountText(member, kMaxNameBytes));
    members.insert(member);
  }
  record.set_member_count(static_cast<uint32_t>(members.size()));
  const bool here = group.password.state != PasswordField::State::kElsewhere;
  if (!sources.group_shadow.has_value() && !here) return record;
  GroupShadowEntry entry;
  if (sources.group_shadow.has_value()) {
    const auto found = sources.group_shadow->find(group.name);
    if (found != sources.group_shadow->end()) entry = found->second;
  }
  if (entry.damaged) return record;
  for (const std::string& name : entry.administrators) {
    if (record.administrators_size() < static_cast<int>(kMaxMembers)) {
      record.add_administrators(ToAccountText(name, kMaxNameBytes));
    }
  }
  // An empty password of a group lets nobody in: newgrp(1) asks only where one is set.
  const PasswordField& password = here ? group.password : entry.password;
  const bool set = password.state == PasswordField::State::kSet;
  record.set_password_state(
      set ? pb::PASSWORD_SET
          : (password.state == PasswordField::State::kNone ? pb::PASSWORD_NONE : pb::PASSWORD_LOCKED));
  record.set_password_algorithm(std::string(password.algorithm));
  return record;
}

}  // namespace rollcall
