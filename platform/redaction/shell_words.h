// Words of a shell command line, with their places in it.
#ifndef ROLLCALL_PLATFORM_REDACTION_SHELL_WORDS_H_
#define ROLLCALL_PLATFORM_REDACTION_SHELL_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

struct ShellWord {
  // With quotes and backslashes resolved; expansions are left as they are.
  std::string text;
  // Place in the command line.
  size_t begin = 0;
  size_t end = 0;
};

// One simple command, as separated by `;`, `|`, `&`, parentheses and newlines.
struct ShellCommand {
  std::vector<ShellWord> words;
  // The command's output goes to the next one.
  bool piped = false;
};

// Splits as sh(1) does, roughly: enough to find out what is an argument of what. A quote that
// is never closed is an ordinary byte. Never fails; linear in the line's length.
std::vector<ShellCommand> SplitShell(absl::string_view line);

// The word, quoted so that SplitShell gives it back.
std::string QuoteShellWord(absl::string_view word);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_SHELL_WORDS_H_
