// Files of variables as systemd reads them: environment.d(5), and EnvironmentFile= in
// systemd.exec(5).
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_FILE_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_FILE_H_

#include "absl/strings/string_view.h"
#include "collectors/environment/variable.h"

namespace rollcall {

// Reads `NAME=VALUE` lines. Lines that begin with `#` or `;` are comments. A value may be in
// quotes, also in part and over several lines, and a backslash takes the next character's
// meaning away, at the end of a line the line's end. Variables in a value stay as they are. A
// value whose quote does not end is left out. Pure; linear in the size of `text`.
Variables ParseEnvironmentFile(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_FILE_H_
