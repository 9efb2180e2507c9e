// Puts records together from what the files say. No I/O.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNT_RECORDS_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNT_RECORDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "collectors/accounts/account_sources.h"
#include "collectors/accounts/login_history.h"
#include "collectors/collector.h"

namespace rollcall {

// The keys of one account, from all its files.
struct AccountKeys {
  // At most kMaxKeysPerAccount, each with its file.
  std::vector<std::pair<const KeyLine*, std::string>> keys;
  size_t key_count = 0;
  // A file could not be read, or there may be keys elsewhere.
  bool incomplete = false;
};

// What is known of the logins of an account.
struct AccountLogin {
  std::optional<KnownLogin> latest;
  // A file that may hold a later one could not be read.
  bool incomplete = false;
};

// Who belongs to which group, and which ids are shared. Points into the sources, which must outlive it.
class Membership {
 public:
  explicit Membership(const AccountSources& sources);

  // Groups of a user as indices into `sources.groups`: those of the primary id first, then as in the file.
  std::vector<size_t> GroupsOf(const PasswdEntry& user) const;
  // Names of the users whose primary group has that id, each once.
  const std::vector<absl::string_view>& PrimaryMembersOf(uint32_t gid) const;
  // Whether accounts of different names have that id.
  bool IsShared(uint32_t uid) const;

 private:
  std::map<absl::string_view, std::vector<size_t>> groups_by_member_;
  std::map<uint32_t, std::vector<size_t>> groups_by_gid_;
  std::map<uint32_t, std::vector<absl::string_view>> users_by_gid_;
  std::map<uint32_t, absl::string_view> first_user_by_uid_;
  std::set<uint32_t> shared_uids_;
};

// Everything about one account. `now` decides what has expired.
pb::Account MakeAccount(const PasswdEntry& user, const AccountSources& sources, const Membership& membership,
                        const AccountKeys& keys, const AccountLogin& login, absl::Time now);

pb::AccountGroup MakeAccountGroup(const GroupEntry& group, const AccountSources& sources, const Membership& membership);

// Whether a shell is one to work in; empty means /bin/sh.
bool IsInteractiveShell(absl::string_view shell);

// Text of an account file for a record: valid, at most `limit` bytes, and never with a password hash, which a damaged
// line may have put there.
std::string ToAccountText(absl::string_view text, size_t limit);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNT_RECORDS_H_
