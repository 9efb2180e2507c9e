#include "collectors/host/network_parser.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

// A router with a full table has a million routes; its addresses are among the first.
constexpr size_t kMaxRoutes = 10'000;
constexpr size_t kMaxAddresses = 10'000;
constexpr uint32_t kTemporary = 0x01;  // IFA_F_TEMPORARY
constexpr uint32_t kLoopbackNet = 0x7f000000;
constexpr uint32_t kLoopbackMask = 0xff000000;

bool ParseIpv4(absl::string_view text, uint32_t* address) {
  in_addr parsed;
  if (inet_pton(AF_INET, std::string(text).c_str(), &parsed) != 1) return false;
  *address = ntohl(parsed.s_addr);
  return true;
}

// The kernel prints network-order bytes as one number of the machine's own order.
bool ParseRouteAddress(absl::string_view text, uint32_t* address) {
  uint32_t value = 0;
  if (!absl::SimpleHexAtoi(text, &value)) return false;
  *address = ntohl(value);
  return true;
}

int PrefixLength(uint32_t mask) {
  int length = 0;
  for (; mask != 0; mask <<= 1U) ++length;
  return length;
}

const Ipv4Route* ConnectedRoute(const std::vector<Ipv4Route>& routes, uint32_t address) {
  const Ipv4Route* best = nullptr;
  for (const Ipv4Route& route : routes) {
    const bool covers = route.gateway == 0 && route.mask != 0 && (address & route.mask) == route.destination;
    if (covers && (best == nullptr || route.mask > best->mask)) best = &route;
  }
  return best;
}

const Ipv4Route* DefaultRoute(const std::vector<Ipv4Route>& routes) {
  const Ipv4Route* best = nullptr;
  for (const Ipv4Route& route : routes) {
    if (route.mask == 0 && (best == nullptr || route.metric < best->metric)) best = &route;
  }
  return best;
}

}  // namespace

std::string FormatIpv4(uint32_t address) {
  return absl::StrCat(address >> 24U, ".", (address >> 16U) & 0xffU, ".", (address >> 8U) & 0xffU, ".",
                      address & 0xffU);
}

std::vector<Ipv4Route> ParseIpv4Routes(absl::string_view text) {
  std::vector<Ipv4Route> routes;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> columns = absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
    Ipv4Route route;
    if (columns.size() < 8 || !ParseRouteAddress(columns[1], &route.destination) ||
        !ParseRouteAddress(columns[2], &route.gateway) || !absl::SimpleAtoi(columns[6], &route.metric) ||
        !ParseRouteAddress(columns[7], &route.mask)) {
      continue;
    }
    if (routes.size() >= kMaxRoutes) break;
    route.interface = ToRecordText(columns[0], IF_NAMESIZE);
    routes.push_back(std::move(route));
  }
  return routes;
}

std::vector<uint32_t> ParseLocalIpv4(absl::string_view text) {
  std::set<uint32_t> addresses;
  uint32_t current = 0;
  bool have_current = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "|-- ")) {
      have_current = ParseIpv4(line, &current);
    } else if (have_current && line == "/32 host LOCAL" && addresses.size() < kMaxAddresses) {
      addresses.insert(current);
    }
  }
  return {addresses.begin(), addresses.end()};
}

std::map<std::string, std::vector<std::string>> AssignIpv4(const std::vector<uint32_t>& addresses,
                                                           const std::vector<Ipv4Route>& routes) {
  std::map<std::string, std::vector<std::string>> result;
  const Ipv4Route* fallback = DefaultRoute(routes);
  for (const uint32_t address : addresses) {
    // The loopback network is routed by the local table, which the file does not show.
    if ((address & kLoopbackMask) == kLoopbackNet) {
      result["lo"].push_back(absl::StrCat(FormatIpv4(address), "/8"));
    } else if (const Ipv4Route* route = ConnectedRoute(routes, address); route != nullptr) {
      result[route->interface].push_back(absl::StrCat(FormatIpv4(address), "/", PrefixLength(route->mask)));
    } else if (fallback != nullptr) {
      result[fallback->interface].push_back(absl::StrCat(FormatIpv4(address), "/32"));
    }
  }
  return result;
}

std::map<std::string, std::vector<std::string>> ParseIfInet6(absl::string_view text) {
  std::map<std::string, std::vector<std::string>> result;
  size_t count = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> columns = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint32_t prefix = 0;
    uint32_t flags = 0;
    const bool good =
        columns.size() == 6 && columns[0].size() == 32 &&
        std::all_of(columns[0].begin(), columns[0].end(), [](unsigned char c) { return absl::ascii_isxdigit(c); }) &&
        absl::SimpleHexAtoi(columns[2], &prefix) && prefix <= 128 && absl::SimpleHexAtoi(columns[4], &flags);
    if (!good || (flags & kTemporary) != 0 || ++count > kMaxAddresses) continue;
    const std::string bytes = absl::HexStringToBytes(columns[0]);
    char buffer[INET6_ADDRSTRLEN];
    if (inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer) == nullptr) continue;
    result[ToRecordText(columns[5], IF_NAMESIZE)].push_back(absl::StrCat(buffer, "/", prefix));
  }
  return result;
}

std::vector<std::string> InterfaceFlagNames(absl::string_view text) {
  struct Flag {
    uint32_t bit;
    absl::string_view name;
  };
  // RUNNING and LOWER_UP come and go with the cable; `state` says that already.
  static constexpr Flag kFlags[] = {{0x1, "UP"},      {0x2, "BROADCAST"},   {0x8, "LOOPBACK"},   {0x10, "POINTOPOINT"},
                                    {0x80, "NOARP"},  {0x100, "PROMISC"},   {0x200, "ALLMULTI"}, {0x400, "MASTER"},
                                    {0x800, "SLAVE"}, {0x1000, "MULTICAST"}};
  uint32_t bits = 0;
  std::vector<std::string> names;
  if (!absl::SimpleHexAtoi(absl::StripAsciiWhitespace(text), &bits)) return names;
  for (const Flag& flag : kFlags) {
    if ((bits & flag.bit) != 0) names.emplace_back(flag.name);
  }
  return names;
}

}  // namespace rollcall
