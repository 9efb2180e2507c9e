#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "platform/host_root_resolve.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

// A rename or mount elsewhere can make the kernel unsure whether `..` left the root.
constexpr int kRaceRetries = 16;

}  // namespace

int ResolveByOpenat2(int root, const std::string& path, bool follow) {
  struct open_how how = {};
  how.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == EINTR || (errno == EAGAIN && attempt < kRaceRetries)) continue;
    return -errno;
  }
}

int OpenBelowByOpenat2(int directory, const std::string& name, int flags) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const long fd = ::syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how);
  return fd >= 0 ? static_cast<int>(fd) : -errno;
}

bool HaveOpenat2(int root) { return ScopedFd(ResolveByOpenat2(root, "/", true)).valid(); }

}  // namespace rollcall
