// sshd_config(5): in which files sshd looks for keys.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_CONFIG_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/accounts/sshd_match.h"
#include "platform/file_tree.h"

namespace rollcall {

struct SshdConfigProblem {
  std::string path;
  absl::Status status;
};

// What the lines of one Match block say of keys.
struct KeyBlock {
  // Its own condition, and those of the blocks that include its file; all must hold.
  std::vector<SshdMatch> conditions;
  // As below; unset where the block says nothing.
  std::optional<std::vector<std::string>> patterns;
  std::optional<bool> command;
};

struct KeyLocations {
  // Values of AuthorizedKeysFile, unexpanded; sshd's own if it is not set; none for `none`.
  std::vector<std::string> patterns;
  // A program gives further keys: AuthorizedKeysCommand is set.
  bool command = false;
  // Those that say something of keys, in sshd's order; at most kMaxKeyBlocks, more are a problem.
  std::vector<KeyBlock> blocks;
  std::vector<SshdConfigProblem> problems;
};

inline constexpr size_t kMaxKeyBlocks = 64;

// Reads `/etc/ssh/sshd_config` with what it includes, or `/usr/etc/ssh/sshd_config` where that is not there. As in sshd
// the first value of a keyword counts. An Include with a wildcard in its folder is not followed, and is a problem.
KeyLocations ReadKeyLocations(const FileTree& files);

// Where sshd looks for the keys of one account.
struct KeyPlaces {
  std::vector<std::string> patterns;
  bool command = false;
  // The connection decides; the above is then what holds if no block with such a condition applies.
  bool undetermined = false;
};

// As in sshd, the first block that applies and names a keyword wins over what stands outside of blocks. `groups` is
// nullptr if the account's are not known. Pure.
KeyPlaces KeyPlacesOf(const KeyLocations& locations, absl::string_view user,
                      const std::vector<absl::string_view>* groups);

// The file of one account: `%h`, `%u`, `%U` and `%%` replaced, and relative to the home directory unless absolute.
// Empty if the result is not an absolute path.
std::string ExpandKeyPath(absl::string_view pattern, absl::string_view user, uint32_t uid, absl::string_view home);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_CONFIG_H_
