// SHA-256 of files and text.
#ifndef ROLLCALL_PLATFORM_SHA256_H_
#define ROLLCALL_PLATFORM_SHA256_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/clock.h"

namespace rollcall {

// Lowercase hex, 64 characters.
std::string Sha256Hex(absl::string_view bytes);

// Of a file from its current offset to the end, in lowercase hex. ResourceExhausted once more
// than `limit` bytes were read; Cancelled if `stop` is requested; DataLoss on an I/O error.
absl::StatusOr<std::string> Sha256HexOfFd(int fd, uint64_t limit, const StopToken& stop);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SHA256_H_
