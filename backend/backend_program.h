// The program rollcall-backend, but for where it gets the time from.
#ifndef ROLLCALL_BACKEND_BACKEND_PROGRAM_H_
#define ROLLCALL_BACKEND_BACKEND_PROGRAM_H_

#include <functional>

#include "backend/retention/purge_guards.h"
#include "platform/clock.h"

namespace rollcall {

// Where a program gets the time from. Both outlive it and are asked by any thread.
struct BackendClock {
  const Clock* clock = nullptr;
  // How right `clock` is: what deletions rely on.
  std::function<ClockReading()> reading;
};

// Reads the command line, wires the parts together and, for `serve`, waits for a signal. Returns the exit code: 0, 1 if
// it failed, 2 for a wrong command line or setting; says on standard error why. To be called once, by a process's first
// thread, before there are others.
int RunBackendProgram(int argc, char** argv, const BackendClock& clock);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKEND_PROGRAM_H_
