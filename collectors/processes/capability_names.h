// Names of Linux capabilities, capabilities(7).
#ifndef ROLLCALL_COLLECTORS_PROCESSES_CAPABILITY_NAMES_H_
#define ROLLCALL_COLLECTORS_PROCESSES_CAPABILITY_NAMES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// All capabilities a kernel has, given the text of /proc/sys/kernel/cap_last_cap. 0 if it is
// no number.
uint64_t FullCapabilitySet(absl::string_view last_capability);

// Names of the bits in `set` by number. If it holds more than half of `full`, which nearly all
// processes do: `ALL`, then `-` and the name of each bit of `full` it lacks. `full` is 0 if it
// is unknown. A bit this program has no name for is `CAP_<number>`.
std::vector<std::string> CapabilityNames(uint64_t set, uint64_t full);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_CAPABILITY_NAMES_H_
