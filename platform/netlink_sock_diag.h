// The NETLINK_SOCK_DIAG wire format: requests, and a parser for what comes back. Pure; the
// sockets are in netlink_kernel_sockets.h. See sock_diag(7) and linux/inet_diag.h.
#ifndef ROLLCALL_PLATFORM_NETLINK_SOCK_DIAG_H_
#define ROLLCALL_PLATFORM_NETLINK_SOCK_DIAG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "platform/kernel_sockets.h"

namespace rollcall {

// What a dump has given so far.
struct SockDiagDump {
  std::vector<ListeningSocket> sockets;
  // NLMSG_DONE or an error has arrived; nothing follows.
  bool done = false;
  // The kernel says that the table changed under the dump: it may be incomplete.
  bool interrupted = false;
  // errno the kernel answered with; 0 if none.
  int error = 0;
  // Messages that were too short or inconsistent and so left out.
  size_t malformed = 0;
};

// Request for all sockets of `protocol` that wait for peers, filtered by the kernel.
// `family` is AF_INET or AF_INET6, and AF_UNIX for kUnixStream.
std::string MakeSockDiagRequest(ListeningSocket::Protocol protocol, uint8_t family, uint32_t sequence);

// Adds the messages of one datagram to `dump`. Messages with another sequence number belong
// to an older dump and are passed over. Never reads outside `datagram`, whatever it says.
void ParseSockDiagReply(absl::string_view datagram, ListeningSocket::Protocol protocol, uint32_t sequence,
                        SockDiagDump* dump);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_NETLINK_SOCK_DIAG_H_
