#include "platform/netlink_sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "platform/kernel_sockets_address.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;

// TCP states name the states of every protocol here (net/tcp_states.h in the kernel).
constexpr uint8_t kStateClose = 7;
constexpr uint8_t kStateListen = 10;

constexpr size_t kAlignment = 4;
constexpr size_t AlignUp(size_t size) { return (size + kAlignment - 1) & ~(kAlignment - 1); }

uint8_t WantedState(Protocol protocol) { return protocol == Protocol::kUdp ? kStateClose : kStateListen; }

uint8_t IpProtocol(Protocol protocol) {
  switch (protocol) {
    case Protocol::kUdp:
      return IPPROTO_UDP;
    case Protocol::kSctp:
      return IPPROTO_SCTP;
    default:
      return IPPROTO_TCP;
  }
}

// Copies a fixed-size structure from the front of `bytes`; nothing if it is too short.
template <typename T>
std::optional<T> ReadStruct(absl::string_view bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// Calls `visit(type, payload)` for each attribute; stops at the first that does not fit.
template <typename Visitor>
bool ForEachAttribute(absl::string_view bytes, Visitor visit) {
  while (bytes.size() >= sizeof(nlattr)) {
    const auto header = *ReadStruct<nlattr>(bytes);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > bytes.size()) return false;
    visit(header.nla_type & NLA_TYPE_MASK, bytes.substr(sizeof(nlattr), header.nla_len - sizeof(nlattr)));
    bytes.remove_prefix(std::min(AlignUp(header.nla_len), bytes.size()));
  }
  return true;
}

// Address `bytes` in network order; both families keep it at the front of their field.
std::string FormatAddress(bool ipv6, const void* bytes) {
  std::array<uint8_t, 16> v6;
  std::array<uint8_t, 4> v4;
  if (ipv6) {
    std::memcpy(v6.data(), bytes, v6.size());
    return FormatIpv6(v6);
  }
  std::memcpy(v4.data(), bytes, v4.size());
  return FormatIpv4(v4);
}

bool HasPeer(const inet_diag_sockid& id) {
  const auto is_set = [](uint32_t word) { return word != 0; };
  return id.idiag_dport != 0 || std::any_of(std::begin(id.idiag_dst), std::end(id.idiag_dst), is_set);
}

// INET_DIAG_LOCALS of an SCTP endpoint: one sockaddr_storage for each address.
void AppendLocalAddresses(absl::string_view locals, const ListeningSocket& socket, std::vector<ListeningSocket>* out) {
  for (; locals.size() >= sizeof(sockaddr_storage); locals.remove_prefix(sizeof(sockaddr_storage))) {
    const auto storage = *ReadStruct<sockaddr_storage>(locals);
    if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) continue;
    const bool ipv6 = storage.ss_family == AF_INET6;
    const size_t offset = ipv6 ? offsetof(sockaddr_in6, sin6_addr) : offsetof(sockaddr_in, sin_addr);
    ListeningSocket local = socket;
    local.ipv6 = ipv6;
    local.address = FormatAddress(ipv6, locals.data() + offset);
    out->push_back(std::move(local));
  }
}

bool ParseInetMessage(absl::string_view payload, Protocol protocol, SockDiagDump* dump) {
  const auto message = ReadStruct<inet_diag_msg>(payload);
  if (!message.has_value() || (message->idiag_family != AF_INET && message->idiag_family != AF_INET6)) return false;
  if (message->idiag_state != WantedState(protocol)) return true;
  if (protocol == Protocol::kUdp && HasPeer(message->id)) return true;

  ListeningSocket socket;
  socket.protocol = protocol;
  socket.ipv6 = message->idiag_family == AF_INET6;
  socket.address = FormatAddress(socket.ipv6, message->id.idiag_src);
  socket.port = ntohs(message->id.idiag_sport);
  socket.interface_index = message->id.idiag_if;
  socket.inode = message->idiag_inode;
  socket.uid = message->idiag_uid;
  if (protocol != Protocol::kUdp) {
    socket.backlog_used = message->idiag_rqueue;
    socket.backlog_limit = message->idiag_wqueue;
  }
  absl::string_view locals;
  const bool intact = ForEachAttribute(payload.substr(std::min(payload.size(), AlignUp(sizeof(inet_diag_msg)))),
                                       [&](uint16_t type, absl::string_view value) {
                                         if (type == INET_DIAG_SKV6ONLY && value.size() == 1)
                                           socket.v6only = value[0] != 0;
                                         if (type == INET_DIAG_LOCALS) locals = value;
                                       });
  const size_t before = dump->sockets.size();
  if (protocol == Protocol::kSctp) AppendLocalAddresses(locals, socket, &dump->sockets);
  if (dump->sockets.size() == before) dump->sockets.push_back(std::move(socket));
  return intact;
}

bool ParseUnixMessage(absl::string_view payload, SockDiagDump* dump) {
  const auto message = ReadStruct<unix_diag_msg>(payload);
  if (!message.has_value() || message->udiag_family != AF_UNIX) return false;
  if (message->udiag_state != kStateListen) return true;
  ListeningSocket socket;
  socket.protocol = Protocol::kUnixStream;
  socket.inode = message->udiag_ino;
  const bool intact =
      ForEachAttribute(payload.substr(sizeof(unix_diag_msg)), [&](uint16_t type, absl::string_view value) {
        if (type == UNIX_DIAG_NAME) {
          socket.address = FormatUnixName(value);
        } else if (type == UNIX_DIAG_RQLEN) {
          const auto lengths = ReadStruct<unix_diag_rqlen>(value);
          if (lengths.has_value()) {
            socket.backlog_used = lengths->udiag_rqueue;
            socket.backlog_limit = lengths->udiag_wqueue;
          }
        } else if (type == UNIX_DIAG_UID) {
          socket.uid = ReadStruct<uint32_t>(value).value_or(0);
        }
      });
  dump->sockets.push_back(std::move(socket));
  return intact;
}

// NLMSG_ERROR and, since Linux 4.20 also NLMSG_DONE, start with a negative errno.
int ErrorOf(absl::string_view payload) {
  const int32_t error = ReadStruct<int32_t>(payload).value_or(0);
  return error < 0 && error > -4096 ? -error : 0;
}

void ParseMessage(const nlmsghdr& header, absl::string_view payload, Protocol protocol, SockDiagDump* dump) {
  if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) dump->interrupted = true;
  switch (header.nlmsg_type) {
    case NLMSG_DONE:
    case NLMSG_ERROR:
      dump->error = ErrorOf(payload);
      dump->done = true;
      break;
    case SOCK_DIAG_BY_FAMILY:
      if (protocol == Protocol::kUnixStream ? !ParseUnixMessage(payload, dump)
                                            : !ParseInetMessage(payload, protocol, dump)) {
        ++dump->malformed;
      }
      break;
    default:  // NLMSG_NOOP and what later kernels may add
      break;
  }
}

template <typename Request>
std::string Serialize(const Request& request, uint32_t sequence) {
  nlmsghdr header = {};
  header.nlmsg_len = sizeof(header) + sizeof(request);
  header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = sequence;
  std::string out(header.nlmsg_len, '\0');
  std::memcpy(out.data(), &header, sizeof(header));
  std::memcpy(out.data() + sizeof(header), &request, sizeof(request));
  return out;
}

}  // namespace

std::string MakeSockDiagRequest(Protocol protocol, uint8_t family, uint32_t sequence) {
  if (protocol == Protocol::kUnixStream) {
    unix_diag_req request = {};
    request.sdiag_family = AF_UNIX;
    request.udiag_states = 1U << WantedState(protocol);
    request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
    return Serialize(request, sequence);
  }
  inet_diag_req_v2 request = {};
  request.sdiag_family = family;
  request.sdiag_protocol = IpProtocol(protocol);
  request.idiag_states = 1U << WantedState(protocol);
  return Serialize(request, sequence);
}

void ParseSockDiagReply(absl::string_view datagram, Protocol protocol, uint32_t sequence, SockDiagDump* dump) {
  while (!datagram.empty() && !dump->done) {
    const auto header = ReadStruct<nlmsghdr>(datagram);
    if (!header.has_value() || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size()) {
      ++dump->malformed;
      return;
    }
    if (header->nlmsg_seq == sequence) {
      ParseMessage(*header, datagram.substr(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr)), protocol, dump);
    }
    datagram.remove_prefix(std::min(AlignUp(header->nlmsg_len), datagram.size()));
  }
}

}  // namespace rollcall
