// Every session takes a file descriptor, and shells and containers give a process few.
#ifndef ROLLCALL_BACKEND_DESCRIPTOR_LIMIT_H_
#define ROLLCALL_BACKEND_DESCRIPTOR_LIMIT_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace rollcall {

// What the process needs beside its sessions: database, log, listeners, and connections that are
// being opened or refused.
inline constexpr uint64_t kOtherDescriptors = 256;

// Raises the process's soft limit of descriptors as far as `sessions` need it and the hard limit
// allows. Returns how many sessions then fit, at most `sessions` and at least 1. If the limits
// cannot be read or set: what absl::ErrnoToStatus makes of it, such as PermissionDenied.
absl::StatusOr<uint64_t> RaiseDescriptorLimit(uint64_t sessions);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_DESCRIPTOR_LIMIT_H_
