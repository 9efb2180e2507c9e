// What this process uses, read cheaply enough to be read often.
#ifndef ROLLCALL_AGENT_OWN_USAGE_H_
#define ROLLCALL_AGENT_OWN_USAGE_H_

#include "absl/status/statusor.h"
#include "agent/watchdog/watchdog.h"

namespace rollcall {

// Resident memory from /proc/self/statm and CPU time from getrusage(2). Thread-safe.
absl::StatusOr<ResourceUsage> ReadOwnUsage();

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_OWN_USAGE_H_
