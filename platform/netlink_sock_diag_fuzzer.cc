#include <cstdint>

#include "platform/netlink_sock_diag.h"

// First byte: protocol. The rest: one datagram with sequence number 7.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  rollcall::SockDiagDump dump;
  rollcall::ParseSockDiagReply(absl::string_view(reinterpret_cast<const char*>(data) + 1, size - 1),
                               static_cast<rollcall::ListeningSocket::Protocol>(data[0] % 4), 7, &dump);
  return 0;
}
