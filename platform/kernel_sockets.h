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

// One socket that waits for peers.
struct ListeningSocket {
  enum class Protocol { kTcp, kUdp, kSctp, kUnixStream };
  Protocol protocol = Protocol::kTcp;
  bool ipv6 = false;
  // Textual address without brackets; path for unix sockets, `@name` for abstract ones.
  std::string address;
  uint16_t port = 0;
  // Interface index it is bound to; 0 for none.
  uint32_t interface_index = 0;
  // Only for IPv6, and only where the kernel says.
  std::optional<bool> v6only;
  uint64_t inode = 0;
  uint32_t uid = 0;
  uint32_t backlog_used = 0;
  uint32_t backlog_limit = 0;
};

// What one network namespace gave.
struct SocketTable {
  std::vector<ListeningSocket> sockets;
  // Where it was read: `netlink` or `proc`.
  std::string source;
  // Protocols the kernel does not have, such as SCTP without its module, are not problems.
  std::vector<absl::Status> problems;
};

// Reads listening and unconnected sockets. Thread-safe.
class KernelSockets {
 public:
  virtual ~KernelSockets() = default;
  // Of the network namespace that process `pid` is in. `pid` 0 is the caller's own.
  // PermissionDenied if the namespace may not be entered; the caller then falls back to
  // /proc/PID/net.
  virtual absl::StatusOr<SocketTable> Listening(uint32_t pid) const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_KERNEL_SOCKETS_H_
