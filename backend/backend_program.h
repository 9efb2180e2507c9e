// The program rollcall-backend, but for where it gets the time from.
#ifndef ROLLCALL_BACKEND_BACKEND_PROGRAM_H_
#define ROLLCALL_BACKEND_BACKEND_PROGRAM_H_

#include "backend/serve_command.h"

namespace rollcall {

// Reads the command line, runs the command it asks for and returns the exit code: 0, 1 if it failed, 2 for a wrong
// command line or setting; says on standard error why. To be called once, by a process's first thread, before there are
// others.
int RunBackendProgram(int argc, char** argv, const BackendClock& clock);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKEND_PROGRAM_H_
