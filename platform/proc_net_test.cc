#include "platform/proc_net.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kInetHeader[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
constexpr char kListener[] =
    "   0: 0100007F:0277 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 24911 1 "
    "0000000000000000 "
    "100 0 0 10 0\n";

TEST(ParseProcNetInet, ReadsATcpListener) {
  const ProcNetTable table = ParseProcNetInet(absl::StrCat(kInetHeader, kListener), Protocol::kTcp, false);
  ListeningSocket expected;
  expected.address = "127.0.0.1";
  expected.port = 631;
  expected.inode = 24911;
  expected.uid = 1000;
  expected.backlog_used = 3;
  EXPECT_THAT(table.sockets, ElementsAre(expected));
  EXPECT_EQ(table.malformed, 0U);
}

TEST(ParseProcNetInet, LeavesConnectionsOut) {
  const std::string established =
      "   1: 0100007F:0277 0100007F:A2F4 01 00000000:00000000 02:0009EE1B 00000000     0        0 555 2 0 20 4 30 10 "
      "-1\n";
  const ProcNetTable table = ParseProcNetInet(absl::StrCat(kInetHeader, established), Protocol::kTcp, false);
  EXPECT_THAT(table.sockets, IsEmpty());
  EXPECT_EQ(table.malformed, 0U);
}

TEST(ParseProcNetInet, ReadsIpv6WordByWord) {
  const std::string lines =
      "   0: 000080FE00000000FF005450CDAB00FE:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 "
      "00:00000000 "
      "00000000     0        0 7 1 0 100 0 0 10 0\n"
      "   1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 "
      "00:00000000 "
      "00000000     0        0 8 1 0 100 0 0 10 0\n";
  const ProcNetTable table = ParseProcNetInet(absl::StrCat(kInetHeader, lines), Protocol::kTcp, true);
  ASSERT_THAT(table.sockets, SizeIs(2));
  EXPECT_EQ(table.sockets[0].address, "fe80::5054:ff:fe00:abcd");
  EXPECT_EQ(table.sockets[0].port, 8080);
  EXPECT_TRUE(table.sockets[0].ipv6);
  EXPECT_EQ(table.sockets[0].v6only, std::nullopt);
  EXPECT_EQ(table.sockets[1].address, "::1");
}

TEST(ParseProcNetInet, KeepsDatagramSocketsWithoutPeerOnly) {
  const std::string lines =
      "  10: 00000000:14E9 00000000:0000 07 00000000:00000A00 00:00000000 00000000   105        0 20301 2 0 0\n"
      "  11: 0F02000A:0044 0202000A:0043 01 00000000:00000000 00:00000000 00000000     0        0 19444 2 0 0\n"
      "  12: 00000000:0035 0202000A:0043 07 00000000:00000000 00:00000000 00000000     0        0 19445 2 0 0\n";
  const ProcNetTable table = ParseProcNetInet(absl::StrCat(kInetHeader, lines), Protocol::kUdp, false);
  ASSERT_THAT(table.sockets, SizeIs(1));
  EXPECT_EQ(table.sockets[0].port, 5353);
  EXPECT_EQ(table.sockets[0].backlog_used, 0U);  // received bytes, not connections
}

TEST(ParseProcNetInet, KeepsTheRestOfABrokenTable) {
  const struct {
    const char* line;
    const char* why;
  } kCases[] = {
      {"garbage", "state is missing"},
      {"0: 0100007F:0277", "state is missing"},
      {"0: 0100007F:0277 00000000:0000 ZZ", "state is missing"},
      {"0: 0100007F 00000000:0000 0A 0:0 0 0 0 0 1", "address is not hexadecimal"},
      {"0: 010000:0277 00000000:0000 0A 0:0 0 0 0 0 1", "address is not hexadecimal"},
      {"0: 0100007G:0277 00000000:0000 0A 0:0 0 0 0 0 1", "address is not hexadecimal"},
      {"0: 0100007F:02777 00000000:0000 0A 0:0 0 0 0 0 1", "address is not hexadecimal"},
      {"0: 0100007F:0277 00000000:0000 0A", "queues are missing"},
      {"0: 0100007F:0277 00000000:0000 0A 0:0 0 0 x 0 1", "queue, uid or inode is not a number"},
      {"0: 0100007F:0277 00000000:0000 0A 0:0 0 0 0 0 -1", "queue, uid or inode is not a number"},
      {"0: 0100007F:0277 00000000:0000 0A 0:0 0 0 0 0 99999999999999999999999", "queue, uid or inode is not a number"},
  };
  for (const auto& test : kCases) {
    const ProcNetTable table =
        ParseProcNetInet(absl::StrCat(kInetHeader, test.line, "\n", kListener), Protocol::kTcp, false);
    EXPECT_THAT(table.sockets, SizeIs(1)) << test.line;
    EXPECT_EQ(table.malformed, 1U) << test.line;
    EXPECT_EQ(table.first_malformed, absl::StrCat("line 2: ", test.why)) << test.line;
  }
}

TEST(ParseProcNetInet, BoundsLinesAndTakesAnythingAsContent) {
  EXPECT_THAT(ParseProcNetInet("", Protocol::kTcp, false).sockets, IsEmpty());
  EXPECT_THAT(ParseProcNetInet("header only, no newline", Protocol::kTcp, true).sockets, IsEmpty());
  const std::string endless(1 << 20, '0');
  EXPECT_EQ(ParseProcNetInet(absl::StrCat("h\n", endless), Protocol::kTcp, true).first_malformed, "line 2: too long");
  EXPECT_EQ(ParseProcNetInet(std::string(4096, '\0'), Protocol::kTcp, true).malformed, 0U);
}

TEST(ParseProcNetUnix, ReadsListenersOfBothTypes) {
  const ProcNetTable table = ParseProcNetUnix(
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 15317 /run/systemd/private\n"
      "0000000000000000: 00000002 00000000 00010000 0005 01 15318 /run/udev/control\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 15319 @abstract name@@\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 15320 /run/systemd/journal/stdout\n"
      "0000000000000000: 00000003 00000000 00000000 0002 01 15321 /run/systemd/notify\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03  1617\n");
  ASSERT_THAT(table.sockets, SizeIs(3));
  EXPECT_EQ(table.sockets[0].protocol, Protocol::kUnixStream);
  EXPECT_EQ(table.sockets[0].address, "/run/systemd/private");
  EXPECT_EQ(table.sockets[0].inode, 15317U);
  EXPECT_EQ(table.sockets[1].address, "/run/udev/control");
  EXPECT_EQ(table.sockets[2].address, "@abstract name@@");
  EXPECT_EQ(table.malformed, 0U);
}

TEST(ParseProcNetUnix, EscapesHostileNamesAndReportsTheLinesTheyBreak) {
  // A path may hold any byte, a newline included.
  const ProcNetTable table = ParseProcNetUnix(
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0: 00000002 00000000 00010000 0001 01 1 /tmp/\xff\x1b[31m\n"
      "0: 00000002 00000000 00010000 0001 01 2 /tmp/first\nsecond line\n"
      "0: 00000002 00000000 00010000 0001 01 3\n"
      "0: 00000002 00000000 00010000 0001 01 4  \n");
  ASSERT_THAT(table.sockets, SizeIs(3));
  EXPECT_EQ(table.sockets[0].address, "/tmp/\\xff\\x1b[31m");
  EXPECT_EQ(table.sockets[1].address, "/tmp/first");
  EXPECT_EQ(table.sockets[2].address, " ");
  EXPECT_EQ(table.malformed, 2U);
  EXPECT_EQ(table.first_malformed, "line 4: flags, type or inode is not a number");
}

TEST(ParseProcNetSctpEndpoints, ReadsEveryAddress) {
  const ProcNetTable table = ParseProcNetSctpEndpoints(
      " ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n"
      "ffff8800 ffff8801 2   10  29   3868   101 12345 *10.0.0.5 fd00:0000:0000:0000:0000:0000:0000:0001 \n"
      "ffff8802 ffff8803 2   7   30   4000   101 12346 0.0.0.0 \n");
  ASSERT_THAT(table.sockets, SizeIs(2));
  EXPECT_EQ(table.sockets[0].protocol, Protocol::kSctp);
  EXPECT_EQ(table.sockets[0].address, "10.0.0.5");
  EXPECT_EQ(table.sockets[0].port, 3868);
  EXPECT_EQ(table.sockets[0].inode, 12345U);
  EXPECT_EQ(table.sockets[0].uid, 101U);
  EXPECT_EQ(table.sockets[1].address, "fd00::1");
  EXPECT_TRUE(table.sockets[1].ipv6);
}

TEST(ParseProcNetSctpEndpoints, ReportsBrokenLines) {
  const char* const kLines[] = {
      "a b 2 10 29 99999 101 12345 10.0.0.5",
      "a b 2 10 29 80 101 12345",
      "a b 2 10 29 80 101 12345 10.0.0",
      "a b 2 10 29 80 101 12345 10.0.0.256",
      "a b 2 10 29 80 101 12345 10.0.0.5.6",
      "a b 2 10 29 80 101 12345 fd00::1",
      "a b 2 10 29 80 101 12345 fd00:0000:0000:0000:0000:0000:0000-0001",
      "a b 2 ten 29 80 101 12345 10.0.0.1",
  };
  for (const char* line : kLines) {
    const ProcNetTable table = ParseProcNetSctpEndpoints(absl::StrCat("header\n", line, "\n"));
    EXPECT_THAT(table.sockets, IsEmpty()) << line;
    EXPECT_EQ(table.malformed, 1U) << line;
  }
}

TEST(ParseProcNetIgmp, ReadsNamesByIndex) {
  std::map<uint32_t, std::string> names;
  ParseProcNetIgmp(
      "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
      "1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n"
      "14\teth0      :     1      V3\n"
      "0\tnone\nx\ty\n99999999999\tbig\n7\tnamelongerthanany\n8\n",
      &names);
  EXPECT_THAT(names, ElementsAre(Pair(1, "lo"), Pair(14, "eth0")));
}

TEST(ParseProcNetIfInet6, ReadsNamesByIndex) {
  std::map<uint32_t, std::string> names;
  ParseProcNetIfInet6(
      "00000000000000000000000000000001 01 80 10 80       lo\n"
      "fe8000000000000000fc00fffe000001 1f 40 20 80     eth0\n"
      "broken\n fe80 zz 40 20 80 eth1\nfe80 02 40 20 80\n",
      &names);
  EXPECT_THAT(names, ElementsAre(Pair(1, "lo"), Pair(31, "eth0")));
}

}  // namespace
}  // namespace rollcall
