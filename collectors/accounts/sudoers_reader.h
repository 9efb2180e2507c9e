// The sudoers files of a host, includes followed.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_READER_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_READER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/accounts/sudoers_parser.h"
#include "platform/file_tree.h"

namespace rollcall {

struct SudoersProblem {
  std::string path;
  absl::Status status;
};

struct SudoersTree {
  // Everything in the order sudo reads it; `includes` and `problems` are used up.
  Sudoers merged;
  std::vector<SudoersProblem> problems;
  // A file could not be read, or not in full: there may be more rules.
  bool incomplete = false;
};

// Files read in all; more are a problem. What includes itself twice would otherwise never end.
inline constexpr size_t kMaxSudoersFiles = 1'000;
// As in sudo.
inline constexpr int kMaxSudoersDepth = 128;

// Reads `/etc/sudoers`, or `/usr/etc/sudoers` where that is not there. A relative include is beside the file that names
// it; `%h` in its path is `short_host_name`; an included directory gives its files in the order of their names, without
// those whose name holds a `.` or ends in `~`, and need not exist.
SudoersTree ReadSudoers(const FileTree& files, absl::string_view short_host_name);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_READER_H_
