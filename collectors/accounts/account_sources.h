// The files of the host that say who may log in and what they may do, read and parsed.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNT_SOURCES_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNT_SOURCES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collectors/accounts/home_keys.h"
#include "collectors/accounts/shadow_parser.h"
#include "collectors/accounts/sshd_config.h"
#include "collectors/accounts/sudo_policy.h"
#include "collectors/run_report.h"
#include "platform/file_tree.h"
#include "platform/passwd.h"

namespace rollcall {

// Entries by name, the first of two. Unset: the file is there and could not be read.
using ShadowEntries = std::optional<std::map<std::string, ShadowEntry>>;
using GroupShadowEntries = std::optional<std::map<std::string, GroupShadowEntry>>;

struct AccountSources {
  std::vector<PasswdEntry> users;
  std::vector<GroupEntry> groups;
  // The group file was read.
  bool groups_known = false;
  ShadowEntries shadow;
  GroupShadowEntries group_shadow;
  std::optional<SudoPolicy> sudo;
  // Some sudoers file could not be read, or depends on a name service: that nothing permits sudo is not certain.
  bool sudo_incomplete = false;
  KeyLocations key_locations;
  RemoteMounts remote_mounts;
};

// Unimplemented if there is no passwd file; another error if it cannot be read or has no account in it. Whatever else
// is missing goes to `report`: a problem if accounts or groups may be missing, a degradation if they say less.
absl::Status ReadAccountSources(const FileTree& files, RunReport& report, AccountSources* sources);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNT_SOURCES_H_
