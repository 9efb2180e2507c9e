// Wakes a thread that waits for descriptors.
#ifndef ROLLCALL_AGENT_WATCH_WAKE_FD_H_
#define ROLLCALL_AGENT_WATCH_WAKE_FD_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// A latch behind a descriptor (eventfd). Wake and Wait are thread-safe.
class WakeFd {
 public:
  // Unavailable without descriptors. Once, before all else.
  absl::Status Open();

  // From now on every Wait returns at once.
  void Wake();

  // Waits until Wake is called, `fd` is readable or `timeout` is over; `fd` -1 is none.
  enum class Cause { kWoken, kReadable, kTimeout };
  Cause Wait(int fd, absl::Duration timeout) const;

 private:
  ScopedFd fd_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_WATCH_WAKE_FD_H_
