#include "backend/engine_home/turn_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"

namespace rollcall {

absl::StatusOr<ScopedFd> TakeTurn(const std::string& path) {
  ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "lock", path);
  return absl::UnavailableError(absl::StrCat("lock ", path, ": another has it"));
}

}  // namespace rollcall
