// How systemd splits the values of unit files into words, commands and environment variables;
// see "Quoting" in systemd.syntax(7), and systemd.service(5), "Command lines".
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_WORDS_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Words of one value kept; further ones are a problem.
inline constexpr size_t kMaxUnitWords = 4096;

struct UnitWords {
  // Without quotes, C escapes (`\n`, `\x41`, `\101`, `\u00e9`) resolved; specifiers (`%i`) and
  // variables (`$X`) as they are. Bytes, not necessarily UTF-8.
  std::vector<std::string> words;
  // What is wrong: a quote without its end, too many words. An escape that means nothing is no
  // problem; it stays as it is written.
  absl::Status problem;
};

// Splits at white space outside of quotes. The words before a problem are kept. Pure.
UnitWords SplitUnitWords(absl::string_view value);

// One command of an Exec line.
struct UnitCommand {
  // The special characters before the program: `-` failure is no failure, `@` the first word of
  // arguments is argv[0], `:` no variables, `+` `!` `!!` privileges kept. In file order.
  std::string prefixes;
  // The program, without prefixes; empty if there was none.
  std::string program;
  // The arguments, argv[0] not included; it is there only with `@`, and passed over.
  std::vector<std::string> arguments;

  friend bool operator==(const UnitCommand&, const UnitCommand&) = default;
};

struct UnitCommands {
  std::vector<UnitCommand> commands;
  absl::Status problem;
};

// Splits the value of `ExecStart=` and the like; a word `;` divides commands and `\;` stands for
// one. Pure.
UnitCommands SplitUnitCommands(absl::string_view value);

// Names of the variables an `Environment=` or `PassEnvironment=` value sets, in order, without
// their values. What is no valid name is left out. Pure.
std::vector<std::string> UnitEnvironmentNames(absl::string_view value);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_WORDS_H_
