// Variables that a shell's start-up file sets, as far as that can be read off it.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_SHELL_ASSIGNMENTS_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_SHELL_ASSIGNMENTS_H_

#include "absl/strings/string_view.h"
#include "collectors/environment/variable.h"

namespace rollcall {

// Reads the assignments of a script in the language of sh(1) and bash(1): commands that are
// nothing but `NAME=VALUE` words, and those after `export`, `declare -x` and `typeset -x`.
// Nothing is evaluated: all branches count, and a value is its text without quotes, with `$NAME`
// and `$(command)` as written. Assignments before a command (`LANG=C sort`), in here-documents,
// of arrays and by `local` are none. What begins with a quote or bracket that
// does not end is left out, with all behind it, as is a here-document without an end; each counts.
// Pure; linear in the size of `text`.
Variables ParseShellAssignments(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_SHELL_ASSIGNMENTS_H_
