// Tells whether a process has executed another program.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_IMAGE_MARKER_H_
#define ROLLCALL_COLLECTORS_PROCESSES_IMAGE_MARKER_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace rollcall {

// The fields of a /proc/PID/stat line that exec(2) sets and nothing else changes. exec keeps
// the start time but draws these addresses at random. See proc(5).
struct ImageMarker {
  uint64_t code_start = 0;       // field 26
  uint64_t stack_start = 0;      // field 28
  uint64_t environment_end = 0;  // field 51

  // False where the kernel does not show them, for want of CAP_SYS_PTRACE.
  bool shown() const { return code_start != 0; }

  friend bool operator==(const ImageMarker&, const ImageMarker&) = default;
};

// Not shown() if one of them is hidden or the line is short. Pure.
ImageMarker ParseImageMarker(absl::string_view stat);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_IMAGE_MARKER_H_
