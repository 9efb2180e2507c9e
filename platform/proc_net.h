// Parsers for the socket tables under /proc/PID/net, see proc(5): what is left where
// NETLINK_SOCK_DIAG may not be used or a tree of files is all there is.
#ifndef ROLLCALL_PLATFORM_PROC_NET_H_
#define ROLLCALL_PLATFORM_PROC_NET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "platform/kernel_sockets.h"

namespace rollcall {

// What a table gave. Lines that make no sense are left out, counted, and the first one named.
struct ProcNetTable {
  std::vector<ListeningSocket> sockets;
  size_t malformed = 0;
  // Such as `line 3: address is not hexadecimal`; empty if all lines were good.
  std::string first_malformed;
};

// tcp, tcp6 (listening) and udp, udp6 (without a peer). `protocol` is kTcp or kUdp. Words of
// addresses are read as little-endian. Pure, like all of these.
ProcNetTable ParseProcNetInet(absl::string_view content, ListeningSocket::Protocol protocol, bool ipv6);

// unix: listening stream and seqpacket sockets.
ProcNetTable ParseProcNetUnix(absl::string_view content);

// sctp/eps: listening endpoints, one entry for each of their addresses.
ProcNetTable ParseProcNetSctpEndpoints(absl::string_view content);

// Interface names by index from igmp and if_inet6, which unlike sysfs exist for every
// network namespace. Adds to `names`; lines that make no sense are passed over.
void ParseProcNetIgmp(absl::string_view content, std::map<uint32_t, std::string>* names);
void ParseProcNetIfInet6(absl::string_view content, std::map<uint32_t, std::string>* names);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROC_NET_H_
