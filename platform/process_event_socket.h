// The kernel's process events (CN_PROC), received.
#ifndef ROLLCALL_PLATFORM_PROCESS_EVENT_SOCKET_H_
#define ROLLCALL_PLATFORM_PROCESS_EVENT_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/netlink_proc_connector.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// Tells of every process of the machine that starts, executes a program, or ends. Threads,
// changes of ids and the like are filtered out in the kernel. Not thread-safe.
class ProcessEventSocket {
 public:
  struct Options {
    // Room for events nobody has read yet: about 4,000 at 1 KiB of kernel memory each. The kernel
    // gives less to those without CAP_NET_ADMIN.
    int receive_bytes = 4 << 20;
    // For the kernel's answer, in all.
    absl::Duration patience = absl::Seconds(1);
  };

  // PermissionDenied, Unimplemented or Unavailable, with the reason, where the kernel does not
  // give them to this process: before Linux 6.6 it takes CAP_NET_ADMIN, and always the initial
  // network, pid and user namespaces.
  static absl::StatusOr<std::unique_ptr<ProcessEventSocket>> Open(const Options& options);

  // Readable when there are events.
  int fd() const { return fd_.get(); }

  // Takes over what has come, at most kMaxDatagrams. Does not block. `*lost` says whether the
  // kernel dropped events before these. A failure other than that is final.
  absl::Status Receive(ProcessEventBatch* batch, bool* lost);

  static constexpr size_t kMaxDatagrams = 8'192;

 private:
  // `mark` is in the answer to the request of this socket and of no other.
  ProcessEventSocket(ScopedFd fd, uint32_t mark)
      : fd_(std::move(fd)), mark_(mark), buffer_(kBatch * kDatagramBytes, '\0') {}
  absl::Status Listen(const Options& options);

  // Received with one call. An event is 76 bytes.
  static constexpr size_t kBatch = 64;
  static constexpr size_t kDatagramBytes = 512;

  const ScopedFd fd_;
  const uint32_t mark_;
  std::string buffer_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROCESS_EVENT_SOCKET_H_
