// The environment of a process: /proc/PID/environ, see proc(5) and environ(7).
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRON_BLOCK_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRON_BLOCK_H_

#include "absl/strings/string_view.h"
#include "collectors/environment/variable.h"

namespace rollcall {

// Reads `NAME=VALUE` entries that end with NULs. Of a name that is there twice the first counts,
// as for getenv(3). An entry without `=` is left out, and so is the last if it does not end: the
// block was cut there. Functions that bash exports (`BASH_FUNC_name%%`) are no variables and not
// counted. A process may have written anything over its block. Pure; linear in its size.
Variables ParseEnvironBlock(absl::string_view block);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRON_BLOCK_H_
