// passwd(5) and group(5), read as files: name services are the reader's, not the host's.
#ifndef ROLLCALL_PLATFORM_PASSWD_H_
#define ROLLCALL_PLATFORM_PASSWD_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/password_field.h"

namespace rollcall {

// Of the password field only what it amounts to: the text never leaves the parser.
struct PasswdEntry {
  std::string name;
  PasswordField password;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string gecos;
  std::string home;
  std::string shell;
};

struct GroupEntry {
  std::string name;
  PasswordField password;
  uint32_t gid = 0;
  std::vector<std::string> members;
};

template <typename Entry>
struct AccountFile {
  std::vector<Entry> entries;
  // `line N: what is wrong`, a few at most; never a line's text.
  std::vector<absl::Status> problems;
  // Lines that include or exclude accounts of a name service (`+`, `-`; see nsswitch.conf(5), compat).
  size_t name_service_lines = 0;
};

// Entries kept of one file.
inline constexpr size_t kMaxAccountEntries = 200'000;

// Blank lines, comments and NIS entries (`+`, `-`) are no entries and no problems. As in glibc a line may end after the
// group id (passwd) or id (group), and a shell may contain colons: such an account can log in. A line with a NUL byte
// is a problem: programs differ in where it ends.
AccountFile<PasswdEntry> ParsePasswd(absl::string_view text);
AccountFile<GroupEntry> ParseGroup(absl::string_view text);

// Names of ids, as /etc/passwd and /etc/group of a tree give them.
class AccountNames {
 public:
  AccountNames() = default;

  // Reads both files. A file that is not there is no problem: small images have none.
  static AccountNames Load(const FileTree& tree);

  // Empty if the id has no name. Of two names for one id the first counts, as in getpwuid(3).
  absl::string_view User(uint32_t uid) const;
  absl::string_view Group(uint32_t gid) const;

  // What could not be read or parsed.
  const std::vector<absl::Status>& problems() const { return problems_; }

 private:
  std::map<uint32_t, std::string> users_;
  std::map<uint32_t, std::string> groups_;
  std::vector<absl::Status> problems_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PASSWD_H_
