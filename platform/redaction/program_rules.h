// Where well-known programs take secrets on their command line, as their manual pages say.
#ifndef ROLLCALL_PLATFORM_REDACTION_PROGRAM_RULES_H_
#define ROLLCALL_PLATFORM_REDACTION_PROGRAM_RULES_H_

#include "absl/strings/string_view.h"

namespace rollcall {

// How one program (or several that agree) reads its arguments. Lists are separated by blanks.
// Options whose name already says that they carry a secret are not listed: they are
// recognised for every program.
struct ProgramRules {
  // File names; a trailing `*` matches any rest.
  absl::string_view names;
  // Option letters whose value, attached or in the next argument, is a secret.
  absl::string_view secret_letters = "";
  // Option letters whose value is a secret, but only if attached (`mysql -psecret`).
  absl::string_view attached_letters = "";
  // Option letters whose value is `user:secret`.
  absl::string_view pair_letters = "";
  // Other option letters that take a value, so that clusters and positions are read right.
  absl::string_view value_letters = "";
  // Names of options, without dashes, whose value is a secret.
  absl::string_view secret_options = "";
  // As secret_options, but only if attached (`--password=secret`).
  absl::string_view attached_options = "";
  // Names of options whose value is `user:secret`.
  absl::string_view pair_options = "";
  // Names of options whose value is cookies.
  absl::string_view cookie_options = "";
  // If set, letters count only after this positional argument (`docker login -p`).
  absl::string_view subcommand = "";
  // Positional secrets: `WORD... INDEX`, separated by `;`. With these leading positional
  // arguments (a trailing `*` matches any rest), the one at INDEX, from 0, is a secret; `$`
  // stands for the command's last argument.
  absl::string_view positions = "";
  // If set, positional secrets count only after an option with this letter (`htpasswd -b`).
  char positions_letter = '\0';
  // With these leading positional arguments, the values of all `name=value` are secrets.
  absl::string_view assignments_after = "";
  // What separates user and secret in a pair.
  char pair_separator = ':';
  // Letters may be clustered behind one dash.
  bool clusters = true;
  // Runs the command its arguments give: rules of that command apply from there on.
  bool wrapper = false;
  // A shell: the argument after `-c` is a command line.
  bool shell = false;
  // Reads secrets from standard input, which an `echo` may have been piped into.
  bool reads_secret = false;
  // Searches, edits or lists: bare words such as `password` are its subject.
  bool text_tool = false;
  // Settings are pairs of positional arguments (`wifi-sec.psk secret`).
  bool key_positionals = false;
  // Options look like `/p:secret`.
  bool slash_options = false;
};

// Rules of a program by its path or name, such as `/usr/bin/mysql8.0`; nullptr for none.
const ProgramRules* FindProgramRules(absl::string_view program);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_PROGRAM_RULES_H_
