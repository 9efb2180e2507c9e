// What a systemd .socket unit listens on, see systemd.socket(5).
#ifndef ROLLCALL_COLLECTORS_PORTS_SOCKET_UNIT_H_
#define ROLLCALL_COLLECTORS_PORTS_SOCKET_UNIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "rollcall/v1/records/listening_port.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// One Listen* setting.
struct SocketUnitListener {
  pb::ListeningPort::Transport transport = pb::ListeningPort::TRANSPORT_UNSPECIFIED;
  // As in records. Empty for a port alone, which is bound on the wildcard address of IPv6
  // or, without IPv6, of IPv4.
  std::string address;
  uint32_t port = 0;

  // Whether a socket of `record`'s transport, address and port comes from this setting.
  bool Matches(const pb::ListeningPort& record) const;
  friend bool operator==(const SocketUnitListener&, const SocketUnitListener&) = default;
};

// Adds the listeners of one unit file or drop-in to those of the files before it; an empty
// assignment resets them, as in systemd. Settings that cannot be understood without systemd's
// state (specifiers other than %t and %%) are passed over. Pure; at most
// kMaxSocketUnitListeners.
void ParseSocketUnit(absl::string_view content, std::vector<SocketUnitListener>* listeners);

inline constexpr size_t kMaxSocketUnitListeners = 1024;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_SOCKET_UNIT_H_
