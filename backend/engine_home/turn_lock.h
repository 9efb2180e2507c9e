// Whose turn it is to work on a data folder's buckets: the retention engine's, or a backup's.
#ifndef ROLLCALL_BACKEND_ENGINE_HOME_TURN_LOCK_H_
#define ROLLCALL_BACKEND_ENGINE_HOME_TURN_LOCK_H_

#include <string>

#include "absl/status/statusor.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// Takes the turn until the descriptor is closed, or the process is gone. `path` is a file of the data folder, made if
// need be. Unavailable if another has it, in this process or another.
absl::StatusOr<ScopedFd> TakeTurn(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_HOME_TURN_LOCK_H_
