#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/accounts/sudo_policy.h"
#include "collectors/accounts/sudoers_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  rollcall::Sudoers sudoers = rollcall::ParseSudoers(text, "/etc/sudoers");
  if (sudoers.rules.size() > rollcall::kMaxSudoersRules) std::abort();
  for (const rollcall::SudoersRule& rule : sudoers.rules) {
    if (rule.users.empty() || rule.hosts.empty() || rule.commands.empty() || rule.line == 0) std::abort();
    for (const rollcall::SudoCommands& commands : rule.commands) {
      if (commands.commands.empty()) std::abort();
    }
  }
  // Keeps the cost of one input down; aliases may multiply.
  if (sudoers.rules.size() > 64) sudoers.rules.resize(64);
  const rollcall::SudoPolicy policy(std::move(sudoers), "web1");
  const rollcall::SudoUser user = {.name = "alice", .uid = 1000, .groups = {"ops"}, .gids = {50}};
  for (const rollcall::SudoGrant& grant : policy.RightsOf(user).grants) {
    if (grant.commands == nullptr || grant.commands->size() > rollcall::kMaxSudoListMembers) std::abort();
  }
  return 0;
}
