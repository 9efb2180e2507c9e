// The syntax of systemd's configuration files: unit files, drop-ins, and others of the family.
// See systemd.syntax(7). What a key means, and which file counts, is unit_set.h's.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_FILE_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// One `Key=value`. Text is as in the file, without surrounding white space: quotes, escapes and
// specifiers (`%i`) are still in it. Not necessarily UTF-8.
struct UnitAssignment {
  // Without brackets, such as `Service`.
  std::string section;
  std::string key;
  // All after the first `=`; further ones belong to it. Lines that a backslash joins have a
  // space at the seam. Empty for `Key=`, which resets a list.
  std::string value;
  // Where it ends, counted from 1.
  size_t line = 0;

  friend bool operator==(const UnitAssignment&, const UnitAssignment&) = default;
};

struct UnitFile {
  // In file order, repeated keys included.
  std::vector<UnitAssignment> assignments;
  // What was wrong, as `line N: ...` without the line's text; the first kMaxUnitFileProblems
  // of `problem_count`.
  std::vector<absl::Status> problems;
  uint64_t problem_count = 0;
};

inline constexpr size_t kMaxUnitFileProblems = 20;
// Longest line, joined; as in systemd.
inline constexpr size_t kMaxUnitLineBytes = size_t{1} << 20;
inline constexpr size_t kMaxUnitAssignments = 10'000;
// Largest unit file read whole.
inline constexpr size_t kMaxUnitFileBytes = size_t{1} << 20;

// Reads all assignments of `text`. Where systemd would give up on the file, at a line that is
// neither assignment nor section or that is not UTF-8, the line is a problem and reading goes on.
// An assignment before any section is a problem and left out. Pure; time and memory are linear in
// the size of `text`.
UnitFile ParseUnitFile(absl::string_view text);

// The boolean a value stands for, in any of systemd's spellings; `fallback` if it is none.
bool UnitBoolean(absl::string_view value, bool fallback);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_FILE_H_
