// sshd_config(5): in which files sshd looks for keys.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_CONFIG_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

struct SshdConfigProblem {
  std::string path;
  absl::Status status;
};

struct KeyLocations {
  // Values of AuthorizedKeysFile, unexpanded; sshd's own if it is not set; none for `none`.
  std::vector<std::string> patterns;
  // A program gives further keys: AuthorizedKeysCommand is set.
  bool command = false;
  // A Match block sets AuthorizedKeysFile or AuthorizedKeysCommand for some users.
  bool conditional = false;
  std::vector<SshdConfigProblem> problems;
};

// Reads `/etc/ssh/sshd_config` with what it includes, or `/usr/etc/ssh/sshd_config` where that is not there. As in sshd
// the first value of a keyword counts. An Include with a wildcard in its folder is not followed, and is a problem.
KeyLocations ReadKeyLocations(const FileTree& files);

// The file of one account: `%h`, `%u`, `%U` and `%%` replaced, and relative to the home directory unless absolute.
// Empty if the result is not an absolute path.
std::string ExpandKeyPath(absl::string_view pattern, absl::string_view user, uint32_t uid, absl::string_view home);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_CONFIG_H_
