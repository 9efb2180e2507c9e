// What an init script says of itself: the comment block of the Linux Standard Base, Red Hat's
// `chkconfig:` line, and the variables of OpenRC's openrc-run(8).
#ifndef ROLLCALL_COLLECTORS_SERVICES_INIT_SCRIPT_H_
#define ROLLCALL_COLLECTORS_SERVICES_INIT_SCRIPT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Lines looked at; a header is in the first hundred.
inline constexpr size_t kMaxInitScriptLines = 20'000;
// Commands kept of one script.
inline constexpr size_t kMaxScriptCommands = 200;

struct InitScript {
  // Between `### BEGIN INIT INFO` and `### END INIT INFO`, or `# chkconfig:` and `# description:`.
  bool has_header = false;
  std::string description;
  // Runlevels to be started in: `2`, `S`; in the order written.
  std::vector<std::string> default_start;
  // Run by openrc-run, or runscript as it was called.
  bool openrc = false;
  // Values of assignments at the start of a line, for OpenRC scripts: `command`,
  // `command_args`, `command_user`, `directory`, `description`. Quotes are gone, variables stay.
  std::map<std::string, std::string, std::less<>> variables;
  // What was wrong, as `line N: ...`.
  std::vector<absl::Status> problems;
};

// Pure; linear in the size of `text`.
InitScript ParseInitScript(absl::string_view text);

// The lines of a shell script that are commands: neither blank nor comments, nor `exit`, nor the
// words of control structures alone. Lines that a backslash joins are one. Pure.
std::vector<std::string> ScriptCommands(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_INIT_SCRIPT_H_
