// Tells whether a process has executed another program.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_IMAGE_MARKER_H_
#define ROLLCALL_COLLECTORS_PROCESSES_IMAGE_MARKER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// The fields of a /proc/PID/stat line that exec(2) sets and nothing else changes: start of the
// code (26), start of the stack (28) and end of the environment (51). exec keeps the start
// time but draws these addresses at random. Empty where the kernel shows zeros, for want of
// CAP_SYS_PTRACE, or the line is short. See proc(5). Pure.
std::string ImageMarker(absl::string_view stat);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_IMAGE_MARKER_H_
