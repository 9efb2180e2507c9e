#include "collectors/host/network_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::string_view kRoutes =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "eth1\t00000000\t0101000A\t0003\t0\t0\t50\t00000000\t0\t0\t0\n"
    "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0\n"
    "eth1\t0001000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";

TEST(ParseIpv4Routes, ReadsLines) {
  const std::vector<Ipv4Route> routes = ParseIpv4Routes(kRoutes);
  ASSERT_EQ(routes.size(), 4U);
  EXPECT_EQ(routes[0].interface, "eth0");
  EXPECT_EQ(routes[0].gateway, 0x0a000001U);
  EXPECT_EQ(routes[0].metric, 100U);
  EXPECT_EQ(routes[3].destination, 0x0a000100U);
  EXPECT_EQ(routes[3].mask, 0xffffff00U);
}

TEST(ParseIpv4Routes, PassesOverWhatIsNoRoute) {
  EXPECT_THAT(ParseIpv4Routes("eth0\tzz\t0\t1\t0\t0\t0\t0\n\neth0 1 2\n\xff\n"), IsEmpty());
}

TEST(ParseLocalIpv4, TakesTheHostsOwnAddresses) {
  EXPECT_THAT(ParseLocalIpv4("Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n"
                             "     |-- 10.0.0.5\n        /32 host LOCAL\n     |-- 10.0.0.255\n"
                             "        /32 link BROADCAST\n     |-- 127.0.0.0\n        /8 host LOCAL\n"
                             "Local:\n     |-- 10.0.0.5\n        /32 host LOCAL\n     |-- 10.0.0.4\n"
                             "        /32 link UNICAST\n        /32 host LOCAL\n"),
              ElementsAre(0x0a000004, 0x0a000005));
  EXPECT_THAT(ParseLocalIpv4("/32 host LOCAL\n|-- 999.1.1.1\n/32 host LOCAL\n|-- \n/32 host LOCAL\n"), IsEmpty());
}

TEST(AssignIpv4, UsesTheNarrowestConnectedRoute) {
  const std::vector<Ipv4Route> routes = ParseIpv4Routes(kRoutes);
  // 10.0.1.5 lies in both networks; 192.0.2.1 in none and goes to the best default route.
  EXPECT_THAT(
      AssignIpv4({0x0a000005, 0x0a000105, 0x7f000001, 0xc0000201}, routes),
      ElementsAre(Pair("eth0", ElementsAre("10.0.0.5/16")), Pair("eth1", ElementsAre("10.0.1.5/24", "192.0.2.1/32")),
                  Pair("lo", ElementsAre("127.0.0.1/8"))));
  EXPECT_THAT(AssignIpv4({0xc0000201}, {}), IsEmpty());
}

TEST(ParseIfInet6, ReadsAddresses) {
  EXPECT_THAT(ParseIfInet6("00000000000000000000000000000001 01 80 10 80       lo\n"
                           "20010db8000000000000000000000005 02 40 00 00     eth0\n"
                           "20010db8000000000000000000000006 02 40 00 01     eth0\n"),
              ElementsAre(Pair("eth0", ElementsAre("2001:db8::5/64")), Pair("lo", ElementsAre("::1/128"))));
}

TEST(ParseIfInet6, PassesOverWhatIsNoAddress) {
  EXPECT_THAT(ParseIfInet6("2001 02 40 00 00 eth0\n"
                           "zz010db8000000000000000000000005 02 40 00 00 eth0\n"
                           "20010db8000000000000000000000005 02 ff 00 00 eth0\n"
                           "20010db8000000000000000000000005 02 40 00 00\n\n"),
              IsEmpty());
}

TEST(InterfaceFlagNames, NamesBits) {
  EXPECT_THAT(InterfaceFlagNames("0x1103\n"), ElementsAre("UP", "BROADCAST", "PROMISC", "MULTICAST"));
  EXPECT_THAT(InterfaceFlagNames("0x9"), ElementsAre("UP", "LOOPBACK"));
  EXPECT_THAT(InterfaceFlagNames(""), IsEmpty());
  EXPECT_THAT(InterfaceFlagNames("zz"), IsEmpty());
}

TEST(NetworkParsers, AreBounded) {
  std::string routes;
  std::string addresses;
  for (int i = 0; i < 12'000; ++i) {
    routes += "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
    absl::StrAppend(&addresses, "|-- ", FormatIpv4(0x0a000000U + static_cast<uint32_t>(i)), "\n/32 host LOCAL\n");
  }
  EXPECT_EQ(ParseIpv4Routes(routes).size(), 10'000U);
  EXPECT_EQ(ParseLocalIpv4(addresses).size(), 10'000U);
}

}  // namespace
}  // namespace rollcall
