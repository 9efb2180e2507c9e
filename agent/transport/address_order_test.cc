#include "agent/transport/address_order.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace rollcall {
namespace {

std::function<double()> Seeded(uint32_t seed) {
  return [engine = std::mt19937(seed)]() mutable { return std::uniform_real_distribution<double>(0, 1)(engine); };
}

TEST(AddressOrderTest, EveryAddressGetsItsTurnThenHomeAgain) {
  AddressOrder order({"a:1", "b:1", "c:1"}, Seeded(1));
  const std::string home = order.current();
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(order.at_home(), i == 0);
    seen.insert(order.current());
    order.Advance();
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(order.current(), home);
  order.Advance();
  order.GoHome();
  EXPECT_EQ(order.current(), home);
}

TEST(AddressOrderTest, AFleetSpreadsEvenly) {
  std::map<std::string, int> homes;
  for (uint32_t agent = 0; agent < 3000; ++agent) {
    ++homes[AddressOrder({"a:1", "b:1", "c:1"}, Seeded(agent)).current()];
  }
  for (const auto& [address, agents] : homes) EXPECT_NEAR(agents, 1000, 150) << address;
}

TEST(AddressOrderTest, AwayFromHomeIsForHalfAnHourToAnHour) {
  AddressOrder order({"a:1", "b:1"}, Seeded(7));
  EXPECT_EQ(order.StayFor(), absl::InfiniteDuration());
  order.Advance();
  std::set<absl::Duration> stays;
  for (int i = 0; i < 100; ++i) {
    const absl::Duration stay = order.StayFor();
    EXPECT_GE(stay, absl::Minutes(30));
    EXPECT_LT(stay, absl::Hours(1));
    stays.insert(stay);
  }
  EXPECT_EQ(stays.size(), 100u);
}

TEST(AddressOrderTest, AnAgedConnectionDrawsAnew) {
  std::set<std::string> homes;
  AddressOrder order({"a:1", "b:1", "c:1"}, Seeded(3));
  for (int i = 0; i < 50; ++i) {
    order.Advance();
    order.Shuffle();
    EXPECT_TRUE(order.at_home());
    homes.insert(order.current());
  }
  EXPECT_EQ(homes.size(), 3u);
}

TEST(AddressOrderTest, RandomAtItsEdgesIsNoReasonToLeaveTheList) {
  for (const double edge : {0.0, 0.9999999999999999, 1.0}) {
    AddressOrder order({"a:1", "b:1"}, [edge] { return edge; });
    EXPECT_FALSE(order.current().empty());
    order.Advance();
    EXPECT_LE(order.StayFor(), absl::Hours(1));
  }
}

TEST(AddressOrderTest, OneAddressIsAlwaysHome) {
  AddressOrder order({"a:1"}, Seeded(1));
  order.Advance();
  EXPECT_TRUE(order.at_home());
}

}  // namespace
}  // namespace rollcall
