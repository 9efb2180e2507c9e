#include "agent/watch/wake_fd.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "platform/errno_status.h"

namespace rollcall {
namespace {

// poll(2) takes milliseconds, and waits too short are busy loops: rounded up.
int PollTimeout(absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) return -1;
  const int64_t milliseconds = absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(milliseconds, 0, 24LL * 3600 * 1000));
}

}  // namespace

absl::Status WakeFd::Open() {
  fd_ = ScopedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return fd_.valid() ? absl::OkStatus() : ErrnoStatus(errno, "open", "eventfd");
}

void WakeFd::Wake() {
  const uint64_t one = 1;
  // Fails only if the counter is full; then it is readable anyway.
  if (::write(fd_.get(), &one, sizeof(one)) < 0) return;
}

WakeFd::Cause WakeFd::Wait(int fd, absl::Duration timeout) const {
  std::array<pollfd, 2> fds = {{{fd_.get(), POLLIN, 0}, {fd, POLLIN, 0}}};  // a negative one is passed over
  const int ready = ::poll(fds.data(), fds.size(), PollTimeout(timeout));
  if (fds[0].revents != 0) return Cause::kWoken;
  return ready > 0 ? Cause::kReadable : Cause::kTimeout;
}

}  // namespace rollcall
