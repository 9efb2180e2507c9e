// Names of terminals by device number.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_TERMINAL_NAME_H_
#define ROLLCALL_COLLECTORS_PROCESSES_TERMINAL_NAME_H_

#include <cstdint>
#include <string>

namespace rollcall {

// Name below /dev of the controlling terminal in field 7 of /proc/PID/stat, such as `pts/3`;
// empty for 0. Numbers are those of Documentation/admin-guide/devices.txt; a terminal of
// another driver is `MAJOR:MINOR`.
std::string TerminalName(uint32_t device);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_TERMINAL_NAME_H_
