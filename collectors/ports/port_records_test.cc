#include "collectors/ports/port_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using Port = pb::ListeningPort;
using Protocol = ListeningSocket::Protocol;
using ::testing::ElementsAre;
using ::testing::SizeIs;

ListeningSocket Socket(Protocol protocol, std::string address, uint16_t port, uint64_t inode) {
  ListeningSocket socket;
  socket.protocol = protocol;
  socket.ipv6 = address.find(':') != std::string::npos;
  socket.address = std::move(address);
  socket.port = port;
  socket.inode = inode;
  return socket;
}

std::vector<PortRecord> Make(std::vector<ListeningSocket> sockets) {
  return MakePortRecords(0, std::move(sockets), PortRange(), [](uint32_t index) { return absl::StrCat("if", index); });
}

std::vector<std::string> Summary(const std::vector<PortRecord>& records) {
  std::vector<std::string> out;
  for (const PortRecord& port : records) {
    out.push_back(absl::StrCat(Port::Transport_Name(port.record.transport()), " ", port.record.address(), " ",
                               port.record.port(), " x", port.record.socket_count()));
  }
  return out;
}

TEST(MakePortRecords, KeepsApartWhatDiffersInOneThing) {
  const auto records = Make({
      Socket(Protocol::kUdp, "0.0.0.0", 53, 1),
      Socket(Protocol::kTcp, "0.0.0.0", 53, 2),
      Socket(Protocol::kTcp, "::", 53, 3),
      Socket(Protocol::kTcp, "127.0.0.1", 53, 4),
      Socket(Protocol::kTcp, "127.0.0.1", 54, 5),
      Socket(Protocol::kSctp, "127.0.0.1", 53, 6),
      Socket(Protocol::kUnixStream, "/run/a", 0, 7),
  });
  EXPECT_THAT(Summary(records),
              ElementsAre("TCP 0.0.0.0 53 x1", "TCP 127.0.0.1 53 x1", "TCP 127.0.0.1 54 x1", "TCP :: 53 x1",
                          "UDP 0.0.0.0 53 x1", "SCTP 127.0.0.1 53 x1", "UNIX_STREAM /run/a 0 x1"));
}

TEST(MakePortRecords, MergesSocketsThatShareAnAddressAndPort) {
  ListeningSocket first = Socket(Protocol::kTcp, "0.0.0.0", 80, 20);
  first.backlog_used = 1;
  first.backlog_limit = 128;
  ListeningSocket second = first;
  second.inode = 10;
  const auto records = Make({first, second, first});  // the dump gave the first one twice
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_THAT(records[0].inodes, ElementsAre(10, 20));
  EXPECT_EQ(records[0].record.socket_count(), 2U);
  EXPECT_EQ(records[0].record.backlog_used(), 2U);
  EXPECT_EQ(records[0].record.backlog_limit(), 256U);
}

TEST(MakePortRecords, CountsSocketsNoFileRefersTo) {
  const auto records = Make({Socket(Protocol::kUdp, "0.0.0.0", 4789, 0), Socket(Protocol::kUdp, "0.0.0.0", 4789, 0)});
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_THAT(records[0].inodes, ::testing::IsEmpty());
  EXPECT_EQ(records[0].record.socket_count(), 2U);
}

TEST(MakePortRecords, FillsStateExposureAndEphemeral) {
  const auto records = Make({Socket(Protocol::kTcp, "127.0.0.1", 40000, 1), Socket(Protocol::kUdp, "0.0.0.0", 40000, 2),
                             Socket(Protocol::kUdp, "0.0.0.0", 32767, 3), Socket(Protocol::kUnixStream, "@a", 0, 4)});
  ASSERT_THAT(records, SizeIs(4));
  EXPECT_EQ(records[0].record.state(), "LISTEN");
  EXPECT_EQ(records[0].record.exposure(), Port::LOOPBACK);
  EXPECT_FALSE(records[0].record.ephemeral());  // a listener chose its port whatever its number
  EXPECT_EQ(records[1].record.port(), 32767U);
  EXPECT_FALSE(records[1].record.ephemeral());
  EXPECT_EQ(records[2].record.state(), "UNCONNECTED");
  EXPECT_EQ(records[2].record.exposure(), Port::ANY);
  EXPECT_TRUE(records[2].record.ephemeral());
  EXPECT_EQ(records[3].record.state(), "LISTEN");
  EXPECT_EQ(records[3].record.exposure(), Port::LOCAL);
}

TEST(MakePortRecords, NamesInterfacesUnlessASocketIsBoundToNone) {
  ListeningSocket on_2 = Socket(Protocol::kUdp, "0.0.0.0", 68, 1);
  on_2.interface_index = 2;
  ListeningSocket on_3 = on_2;
  on_3.inode = 2;
  on_3.interface_index = 3;
  const ListeningSocket on_all = Socket(Protocol::kUdp, "0.0.0.0", 68, 3);
  EXPECT_EQ(Make({on_2})[0].record.interface(), "if2");
  EXPECT_EQ(Make({on_3, on_2})[0].record.interface(), "if2,if3");
  EXPECT_EQ(Make({on_3, on_2, on_all})[0].record.interface(), "");
}

TEST(MakePortRecords, TakesIpv4IfAnySocketDoes) {
  ListeningSocket only = Socket(Protocol::kTcp, "::", 80, 1);
  only.v6only = true;
  ListeningSocket dual = Socket(Protocol::kTcp, "::", 80, 2);
  dual.v6only = false;
  EXPECT_TRUE(Make({only})[0].record.v6only());
  EXPECT_FALSE(Make({only, dual})[0].record.v6only());
  EXPECT_FALSE(Make({dual, only})[0].record.v6only());
  EXPECT_FALSE(Make({Socket(Protocol::kTcp, "::", 80, 3)})[0].record.has_v6only());
}

TEST(ParsePortRange, TakesTwoPortsOnly) {
  PortRange range;
  EXPECT_TRUE(ParsePortRange("1024\t65535\n", &range));
  EXPECT_EQ(range.first, 1024U);
  EXPECT_EQ(range.last, 65535U);
  for (const char* bad : {"", "1024", "1 2 3", "a b", "2000 1000", "1024 65536", "-1 5"}) {
    EXPECT_FALSE(ParsePortRange(bad, &range)) << bad;
    EXPECT_EQ(range.first, 1024U) << bad;
  }
}

}  // namespace
}  // namespace rollcall
