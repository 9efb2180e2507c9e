// Files of the PAM module that sets the environment of logins; pam_env(8).
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_PAM_FILES_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_PAM_FILES_H_

#include "absl/strings/string_view.h"
#include "collectors/environment/variable.h"

namespace rollcall {

// Reads /etc/environment and files like it: `NAME=VALUE` or `export NAME=VALUE`, one a line,
// with all after a `#` a comment, quotes around a value but no escapes in it, and a backslash at
// the end of a line that goes on. As pam_env reads it, which is not as a shell would, but for
// what follows a quote that is open at the end of its line: pam_env takes the lines up to the
// one that closes it for assignments, and someone wrote them as one value, such as a private
// key. They are left out if none of them is an assignment in capitals. Pure.
Variables ParsePamEnvironment(absl::string_view text);

// Reads pam_env.conf(5): `NAME [DEFAULT=VALUE] [OVERRIDE=VALUE]`, with lines joined by a final
// backslash. The value is that of OVERRIDE, or else of DEFAULT, before anything is put in for
// `${NAME}` and `@{ITEM}`. A name without either is not set by the file. Pure.
Variables ParsePamEnvConf(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_PAM_FILES_H_
