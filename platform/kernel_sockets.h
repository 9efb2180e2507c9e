// Sockets of the running kernel, as NETLINK_SOCK_DIAG reports them.
#ifndef ROLLCALL_PLATFORM_KERNEL_SOCKETS_H_
#define ROLLCALL_PLATFORM_KERNEL_SOCKETS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rollcall {

// One socket that waits for peers: a stream socket in LISTEN, or a bound datagram socket
// without a peer.
struct ListeningSocket {
  // Unix stream and seqpacket sockets both count as kUnixStream.
  enum class Protocol { kTcp, kUdp, kSctp, kUnixStream };
  Protocol protocol = Protocol::kTcp;
  bool ipv6 = false;
  // Textual address without brackets; path for unix sockets, `@name` for abstract ones.
  // Always valid UTF-8 without control characters (see kernel_sockets_address.h).
  std::string address;
  uint16_t port = 0;
  // Interface index it is bound to; 0 for none. /proc does not say.
  uint32_t interface_index = 0;
  // Only for IPv6, and only where the kernel says. /proc does not say.
  std::optional<bool> v6only;
  // 0 for a socket no file refers to, such as one the kernel itself opened.
  uint64_t inode = 0;
  uint32_t uid = 0;
  // Connections waiting to be accepted and the limit; 0 for datagram sockets. /proc does
  // not know the limit.
  uint32_t backlog_used = 0;
  uint32_t backlog_limit = 0;

  friend bool operator==(const ListeningSocket&, const ListeningSocket&) = default;
};

// What one network namespace gave.
struct SocketTable {
  std::vector<ListeningSocket> sockets;
  // Where it was read: `netlink` or `proc`.
  std::string source;
  // Inode of the network namespace that was read, so that a caller can tell when a process
  // has moved meanwhile; 0 if unknown.
  uint64_t namespace_inode = 0;
  // The source does not cover SCTP. A kernel without SCTP is the usual reason; one that
  // has it still lists it in /proc/PID/net/sctp/eps.
  bool without_sctp = false;
  // What could not be read of this namespace although it is there. A protocol the kernel
  // does not have is not a problem.
  std::vector<absl::Status> problems;
};

// Reads listening and unconnected sockets. Thread-safe. Never changes the network
// namespace of the process or of the calling thread.
//
// Errors: PermissionDenied if the namespace may not be entered, and Unimplemented if the
// kernel has no (complete) NETLINK_SOCK_DIAG: the caller then falls back to /proc/PID/net.
// NotFound if there is no such process any more.
class KernelSockets {
 public:
  virtual ~KernelSockets() = default;
  // Of the network namespace that process `pid` is in. `pid` 0 is the caller's own.
  virtual absl::StatusOr<SocketTable> Listening(uint32_t pid) const = 0;
  // Of the network namespace `namespace_fd` refers to, such as an open /run/netns/NAME.
  // InvalidArgument if it is not one. The descriptor stays the caller's.
  virtual absl::StatusOr<SocketTable> ListeningIn(int namespace_fd) const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_KERNEL_SOCKETS_H_
