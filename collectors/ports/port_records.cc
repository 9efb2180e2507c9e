#include "collectors/ports/port_records.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collectors/ports/exposure.h"

namespace rollcall {
namespace {

using Port = pb::ListeningPort;
using Protocol = ListeningSocket::Protocol;
using Iterator = std::vector<ListeningSocket>::iterator;

Port::Transport TransportOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return Port::TCP;
    case Protocol::kUdp:
      return Port::UDP;
    case Protocol::kSctp:
      return Port::SCTP;
    case Protocol::kUnixStream:
      return Port::UNIX_STREAM;
  }
  return Port::TRANSPORT_UNSPECIFIED;
}

auto KeyOf(const ListeningSocket& socket) { return std::tie(socket.protocol, socket.address, socket.port); }

// A dump of a table that changes may hold a socket twice.
bool SameSocket(const ListeningSocket& a, const ListeningSocket& b) { return a.inode != 0 && a.inode == b.inode; }

// The interfaces, if every socket is bound to one; a socket bound to none can be reached on all.
std::string InterfacesOf(Iterator first, Iterator last, const std::function<std::string(uint32_t)>& name) {
  std::set<std::string> names;
  for (Iterator socket = first; socket != last; ++socket) {
    if (socket->interface_index == 0) return "";
    names.insert(name(socket->interface_index));
  }
  return absl::StrJoin(names, ",");
}

void AddFigures(const ListeningSocket& socket, PortRecord* out) {
  Port& record = out->record;
  record.set_socket_count(record.socket_count() + 1);
  record.set_backlog_used(record.backlog_used() + socket.backlog_used);
  record.set_backlog_limit(record.backlog_limit() + socket.backlog_limit);
  // One socket that takes IPv4 as well suffices for the port to take it.
  if (socket.v6only.has_value()) record.set_v6only(*socket.v6only && (!record.has_v6only() || record.v6only()));
  if (socket.inode != 0) out->inodes.push_back(socket.inode);
}

// REQUIRES: `first` to `last` have one key and are ordered by inode.
PortRecord MakeRecord(uint64_t network_namespace, Iterator first, Iterator last, const PortRange& ephemeral,
                      const std::function<std::string(uint32_t)>& interface_name) {
  PortRecord out;
  for (Iterator socket = first; socket != last; ++socket) {
    if (socket == first || !SameSocket(*std::prev(socket), *socket)) AddFigures(*socket, &out);
  }
  Port& record = out.record;
  record.set_network_namespace(network_namespace);
  record.set_transport(TransportOf(first->protocol));
  record.set_interface(InterfacesOf(first, last, interface_name));
  record.set_port(first->port);
  const bool is_datagram = first->protocol == Protocol::kUdp;
  record.set_state(is_datagram ? "UNCONNECTED" : "LISTEN");
  record.set_ephemeral(is_datagram && first->port >= ephemeral.first && first->port <= ephemeral.last);
  record.set_exposure(first->protocol == Protocol::kUnixStream ? Port::LOCAL : ExposureOfAddress(first->address));
  record.set_address(std::move(first->address));
  return out;
}

}  // namespace

bool ParsePortRange(absl::string_view content, PortRange* range) {
  const std::vector<absl::string_view> words = absl::StrSplit(content, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  PortRange parsed;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &parsed.first) || !absl::SimpleAtoi(words[1], &parsed.last) ||
      parsed.first > parsed.last || parsed.last > 65535) {
    return false;
  }
  *range = parsed;
  return true;
}

std::vector<PortRecord> MakePortRecords(uint64_t network_namespace, std::vector<ListeningSocket> sockets,
                                        const PortRange& ephemeral,
                                        const std::function<std::string(uint32_t index)>& interface_name) {
  std::sort(sockets.begin(), sockets.end(), [](const ListeningSocket& a, const ListeningSocket& b) {
    return std::tuple_cat(KeyOf(a), std::tie(a.inode)) < std::tuple_cat(KeyOf(b), std::tie(b.inode));
  });
  std::vector<PortRecord> records;
  records.reserve(sockets.size());
  for (Iterator first = sockets.begin(); first != sockets.end();) {
    const Iterator last = std::find_if(first, sockets.end(),
                                       [&](const ListeningSocket& socket) { return KeyOf(socket) != KeyOf(*first); });
    records.push_back(MakeRecord(network_namespace, first, last, ephemeral, interface_name));
    first = last;
  }
  return records;
}

}  // namespace rollcall
