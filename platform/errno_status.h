// Turns errno values into the Status codes that FileTree promises.
#ifndef ROLLCALL_PLATFORM_ERRNO_STATUS_H_
#define ROLLCALL_PLATFORM_ERRNO_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// What strerror(3) says of `error`, in English and starting in lower case. Thread-safe.
std::string ErrnoText(int error);

// `<verb> <object>: <cause>`, with the code
//   NotFound            ENOENT, and ESRCH, which /proc gives for a process that ended
//   PermissionDenied    EACCES, EPERM
//   FailedPrecondition  ENOTDIR, EISDIR, ELOOP, ENXIO, EINVAL (readlink(2) of what is no link)
//   InvalidArgument     ENAMETOOLONG
//   Unavailable         EMFILE, ENFILE, ENOMEM, EAGAIN, EBUSY, ETIMEDOUT
//   Unimplemented       ENOSYS, EOPNOTSUPP
//   ResourceExhausted   ENOSPC, EDQUOT, EFBIG
//   DataLoss            any other
absl::Status ErrnoStatus(int error, absl::string_view verb, absl::string_view object);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_ERRNO_STATUS_H_
