// rollcall-backend serve: the parts of a backend, wired together.
#ifndef ROLLCALL_BACKEND_SERVE_COMMAND_H_
#define ROLLCALL_BACKEND_SERVE_COMMAND_H_

#include <functional>

#include "absl/status/status.h"
#include "backend/config/backend_config.h"
#include "backend/retention/purge_guards.h"
#include "platform/clock.h"

namespace rollcall {

// Where a program gets the time from. Both outlive it and are asked by any thread.
struct BackendClock {
  const Clock* clock = nullptr;
  // How right `clock` is: what deletions rely on.
  std::function<ClockReading()> reading;
};

// Receives and answers until SIGTERM or SIGINT; logs to standard error. To be called by a process's first thread,
// before there are others: it blocks these signals for all. Errors say what could not be opened or started.
absl::Status RunServe(const BackendConfig& config, const BackendClock& clock);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_SERVE_COMMAND_H_
