#include "platform/netlink_sock_diag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t kSequence = 7;

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string Attribute(uint16_t type, std::string value) {
  const nlattr header = {static_cast<uint16_t>(sizeof(nlattr) + value.size()), type};
  value.resize((value.size() + 3) & ~size_t{3});
  return Bytes(header) + value;
}

std::string Message(uint16_t type, const std::string& payload, uint16_t flags = NLM_F_MULTI,
                    uint32_t sequence = kSequence) {
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(sizeof(header) + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  return Bytes(header) + payload;
}

inet_diag_msg InetMessage(uint8_t family, uint8_t state, uint16_t port) {
  inet_diag_msg message = {};
  message.idiag_family = family;
  message.idiag_state = state;
  message.id.idiag_sport = htons(port);
  message.idiag_inode = 4321;
  message.idiag_uid = 1000;
  message.idiag_rqueue = 2;
  message.idiag_wqueue = 128;
  return message;
}

SockDiagDump Parse(const std::string& datagram, Protocol protocol = Protocol::kTcp) {
  SockDiagDump dump;
  ParseSockDiagReply(datagram, protocol, kSequence, &dump);
  return dump;
}

TEST(MakeSockDiagRequest, AsksTheKernelToFilterByState) {
  const struct {
    Protocol protocol;
    uint8_t family;
    uint8_t ip_protocol;
    uint32_t states;
  } kCases[] = {{Protocol::kTcp, AF_INET, IPPROTO_TCP, 1U << 10},
                {Protocol::kUdp, AF_INET6, IPPROTO_UDP, 1U << 7},
                {Protocol::kSctp, AF_INET, IPPROTO_SCTP, 1U << 10}};
  for (const auto& test : kCases) {
    const std::string bytes = MakeSockDiagRequest(test.protocol, test.family, kSequence);
    ASSERT_EQ(bytes.size(), sizeof(nlmsghdr) + sizeof(inet_diag_req_v2));
    nlmsghdr header;
    inet_diag_req_v2 request;
    std::memcpy(&header, bytes.data(), sizeof(header));
    std::memcpy(&request, bytes.data() + sizeof(header), sizeof(request));
    EXPECT_EQ(header.nlmsg_len, bytes.size());
    EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
    EXPECT_EQ(header.nlmsg_seq, kSequence);
    EXPECT_EQ(request.sdiag_family, test.family);
    EXPECT_EQ(request.sdiag_protocol, test.ip_protocol);
    EXPECT_EQ(request.idiag_states, test.states);
  }
}

TEST(MakeSockDiagRequest, AsksForUnixListenersWithNames) {
  const std::string bytes = MakeSockDiagRequest(Protocol::kUnixStream, AF_UNIX, kSequence);
  ASSERT_EQ(bytes.size(), sizeof(nlmsghdr) + sizeof(unix_diag_req));
  unix_diag_req request;
  std::memcpy(&request, bytes.data() + sizeof(nlmsghdr), sizeof(request));
  EXPECT_EQ(request.sdiag_family, AF_UNIX);
  EXPECT_EQ(request.udiag_states, 1U << 10);
  EXPECT_EQ(request.udiag_show & UDIAG_SHOW_NAME, UDIAG_SHOW_NAME);
}

TEST(ParseSockDiagReply, ReadsATcpListener) {
  inet_diag_msg message = InetMessage(AF_INET, 10, 80);
  message.id.idiag_src[0] = htonl(0x7F000001);
  message.id.idiag_if = 3;
  const SockDiagDump dump =
      Parse(Message(SOCK_DIAG_BY_FAMILY, Bytes(message)) + Message(NLMSG_DONE, Bytes(int32_t{0})));
  ListeningSocket expected;
  expected.address = "127.0.0.1";
  expected.port = 80;
  expected.interface_index = 3;
  expected.inode = 4321;
  expected.uid = 1000;
  expected.backlog_used = 2;
  expected.backlog_limit = 128;
  EXPECT_THAT(dump.sockets, ElementsAre(expected));
  EXPECT_TRUE(dump.done);
  EXPECT_EQ(dump.error, 0);
  EXPECT_EQ(dump.malformed, 0U);
}

TEST(ParseSockDiagReply, ReadsV6OnlyWhereTheKernelSaysIt) {
  const std::string message = Bytes(InetMessage(AF_INET6, 10, 443));
  const SockDiagDump with =
      Parse(Message(SOCK_DIAG_BY_FAMILY, message + Attribute(INET_DIAG_SKV6ONLY, std::string(1, 1))));
  ASSERT_THAT(with.sockets, SizeIs(1));
  EXPECT_TRUE(with.sockets[0].ipv6);
  EXPECT_EQ(with.sockets[0].address, "::");
  EXPECT_EQ(with.sockets[0].v6only, true);
  const SockDiagDump without = Parse(Message(SOCK_DIAG_BY_FAMILY, message));
  ASSERT_THAT(without.sockets, SizeIs(1));
  EXPECT_EQ(without.sockets[0].v6only, std::nullopt);
}

TEST(ParseSockDiagReply, KeepsOnlyUnconnectedDatagramSockets) {
  inet_diag_msg connected = InetMessage(AF_INET, 7, 53);
  connected.id.idiag_dport = htons(9);
  const std::string datagram = Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 7, 123))) +
                               Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 1, 5353))) +
                               Message(SOCK_DIAG_BY_FAMILY, Bytes(connected));
  const SockDiagDump dump = Parse(datagram, Protocol::kUdp);
  ASSERT_THAT(dump.sockets, ElementsAre(Field(&ListeningSocket::port, 123)));
  EXPECT_EQ(dump.sockets[0].backlog_limit, 0U);  // what these queues hold are bytes, not connections
  EXPECT_FALSE(dump.done);
}

TEST(ParseSockDiagReply, ReadsEveryAddressOfAnSctpEndpoint) {
  sockaddr_storage locals[3] = {};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&locals[0]);
  v4->sin_family = AF_INET;
  v4->sin_addr.s_addr = htonl(0x0A000001);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&locals[1]);
  v6->sin6_family = AF_INET6;
  v6->sin6_addr = in6addr_loopback;
  const std::string attribute = Attribute(INET_DIAG_LOCALS, Bytes(locals));
  const SockDiagDump dump =
      Parse(Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 10, 3868)) + attribute), Protocol::kSctp);
  EXPECT_THAT(dump.sockets,
              ElementsAre(Field(&ListeningSocket::address, "10.0.0.1"), Field(&ListeningSocket::address, "::1")));
  // Without the attribute the address of the socket itself is all there is.
  EXPECT_THAT(Parse(Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 10, 3868))), Protocol::kSctp).sockets,
              ElementsAre(Field(&ListeningSocket::address, "0.0.0.0")));
}

TEST(ParseSockDiagReply, ReadsUnixListeners) {
  unix_diag_msg message = {};
  message.udiag_family = AF_UNIX;
  message.udiag_type = SOCK_STREAM;
  message.udiag_state = 10;
  message.udiag_ino = 99;
  const unix_diag_rqlen lengths = {1, 4096};
  unix_diag_msg connected = message;
  connected.udiag_state = 1;
  const std::string datagram =
      Message(SOCK_DIAG_BY_FAMILY, Bytes(message) + Attribute(UNIX_DIAG_NAME, std::string("\0abstract", 9)) +
                                       Attribute(UNIX_DIAG_RQLEN, Bytes(lengths)) +
                                       Attribute(UNIX_DIAG_UID, Bytes(uint32_t{33}))) +
      Message(SOCK_DIAG_BY_FAMILY, Bytes(connected) + Attribute(UNIX_DIAG_NAME, "/run/x"));
  ListeningSocket expected;
  expected.protocol = Protocol::kUnixStream;
  expected.address = "@abstract";
  expected.inode = 99;
  expected.uid = 33;
  expected.backlog_used = 1;
  expected.backlog_limit = 4096;
  EXPECT_THAT(Parse(datagram, Protocol::kUnixStream).sockets, ElementsAre(expected));
}

TEST(ParseSockDiagReply, ReportsErrorsInterruptionsAndOldAnswers) {
  EXPECT_EQ(Parse(Message(NLMSG_ERROR, Bytes(int32_t{-ENOENT}))).error, ENOENT);
  EXPECT_EQ(Parse(Message(NLMSG_DONE, Bytes(int32_t{-ENOMEM}))).error, ENOMEM);
  EXPECT_EQ(Parse(Message(NLMSG_DONE, "")).error, 0);
  EXPECT_EQ(Parse(Message(NLMSG_ERROR, Bytes(INT32_MIN))).error, 0);
  EXPECT_TRUE(Parse(Message(NLMSG_DONE, Bytes(int32_t{0}), NLM_F_MULTI | NLM_F_DUMP_INTR)).interrupted);
  const SockDiagDump old = Parse(Message(NLMSG_DONE, Bytes(int32_t{0}), NLM_F_MULTI, kSequence - 1));
  EXPECT_FALSE(old.done);
  EXPECT_EQ(old.malformed, 0U);
}

TEST(ParseSockDiagReply, PassesOverMessagesOfUnknownType) {
  const SockDiagDump dump = Parse(Message(NLMSG_NOOP, "") + Message(77, "1234") +
                                  Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 10, 22))));
  EXPECT_THAT(dump.sockets, SizeIs(1));
  EXPECT_EQ(dump.malformed, 0U);
}

TEST(ParseSockDiagReply, KeepsTheGoodPartOfABrokenDatagram) {
  const std::string good = Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 10, 22)));
  std::string too_short_length = good;
  const uint32_t fifteen = 15;
  std::memcpy(too_short_length.data(), &fifteen, sizeof(fifteen));
  const struct {
    const char* what;
    std::string tail;
  } kCases[] = {
      {"half a header", good.substr(0, 9)},
      {"message longer than the datagram", good.substr(0, good.size() - 1)},
      {"length smaller than the header", too_short_length},
      {"payload too short", Message(SOCK_DIAG_BY_FAMILY, "abcd")},
      {"unknown family", Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_PACKET, 10, 22)))},
  };
  for (const auto& test : kCases) {
    const SockDiagDump dump = Parse(good + test.tail);
    EXPECT_THAT(dump.sockets, SizeIs(1)) << test.what;
    EXPECT_EQ(dump.malformed, 1U) << test.what;
  }
}

TEST(ParseSockDiagReply, KeepsASocketWhoseAttributesAreBroken) {
  std::string attribute = Attribute(INET_DIAG_SKV6ONLY, std::string(1, 1));
  attribute[0] = 100;  // longer than what follows
  const SockDiagDump dump = Parse(Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET6, 10, 22)) + attribute));
  EXPECT_THAT(dump.sockets, SizeIs(1));
  EXPECT_EQ(dump.malformed, 1U);
}

TEST(ParseSockDiagReply, SurvivesEveryTruncation) {
  const std::string datagram = Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET6, 10, 22)) +
                                                                Attribute(INET_DIAG_SKV6ONLY, std::string(1, 1))) +
                               Message(NLMSG_DONE, Bytes(int32_t{0}));
  for (size_t size = 0; size < datagram.size(); ++size) {
    const std::string copy(datagram, 0, size);  // its own buffer, so that a sanitizer sees a read beyond it
    EXPECT_FALSE(Parse(copy).done) << size;
  }
  EXPECT_TRUE(Parse(datagram).done);
}

TEST(ParseSockDiagReply, StopsAtTheEndOfTheDump) {
  const SockDiagDump dump =
      Parse(Message(NLMSG_DONE, Bytes(int32_t{0})) + Message(SOCK_DIAG_BY_FAMILY, Bytes(InetMessage(AF_INET, 10, 22))));
  EXPECT_THAT(dump.sockets, IsEmpty());
}

}  // namespace
}  // namespace rollcall
