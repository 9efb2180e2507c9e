// Text that describes the network: /proc/PID/net and /sys/class/net. Pure functions over bytes.
#ifndef ROLLCALL_COLLECTORS_HOST_NETWORK_PARSER_H_
#define ROLLCALL_COLLECTORS_HOST_NETWORK_PARSER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// IPv4 addresses here are numbers in host order: 10.0.0.1 is 0x0a000001.

// One line of /proc/net/route.
struct Ipv4Route {
  std::string interface;
  uint32_t destination = 0;
  uint32_t gateway = 0;
  uint32_t mask = 0;
  uint32_t metric = 0;
};

// Lines that are no routes, the heading among them, are passed over.
std::vector<Ipv4Route> ParseIpv4Routes(absl::string_view text);

// The host's own addresses in /proc/net/fib_trie, ascending, each once.
std::vector<uint32_t> ParseLocalIpv4(absl::string_view text);

// Addresses with prefix length (`10.0.0.5/24`) by interface. The kernel's files name no
// interface with an address, so each goes to that of the narrowest connected route that covers
// it, with that route's length, and else, as a /32, to that of the default route.
std::map<std::string, std::vector<std::string>> AssignIpv4(const std::vector<uint32_t>& addresses,
                                                           const std::vector<Ipv4Route>& routes);

// Addresses with prefix length by interface, from /proc/net/if_inet6. Temporary privacy
// addresses are left out: they change daily and identify nothing.
std::map<std::string, std::vector<std::string>> ParseIfInet6(absl::string_view text);

// Names of the bits in /sys/class/net/IFACE/flags (`0x1003`), as ip(8) shows them.
std::vector<std::string> InterfaceFlagNames(absl::string_view text);

// `10.0.0.5`.
std::string FormatIpv4(uint32_t address);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_HOST_NETWORK_PARSER_H_
