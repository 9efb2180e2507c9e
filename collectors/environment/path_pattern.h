// Files that a pattern of glob(7) names.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_PATH_PATTERN_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_PATH_PATTERN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

// Files taken of one pattern, and folders looked through for it.
inline constexpr size_t kMaxPatternMatches = 256;
// Stars of one name in a pattern: matching takes time by the power of them.
inline constexpr size_t kMaxPatternStars = 4;

struct PathMatches {
  // Sorted. Directories and what is not there are left out.
  std::vector<std::string> paths;
  // OK, or why there may be more: a folder that could not be listed, or a limit.
  absl::Status problem;
};

// Whether a path is a pattern: it has `*`, `?`, `[` or a backslash.
bool IsPathPattern(absl::string_view path);

// The files of the host that match an absolute pattern, as glob(3) finds them: no wildcard stands
// for a slash or for a dot at the beginning of a name.
PathMatches MatchPaths(const FileTree& files, absl::string_view pattern);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_PATH_PATTERN_H_
