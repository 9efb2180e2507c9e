#include "backend/tokens/refusal_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

TEST(NetworkOf, IsTheAddressOrHalfOfIt) {
  EXPECT_EQ(NetworkOf("ipv4:192.0.2.1:4711"), "ipv4:192.0.2.1");
  EXPECT_EQ(NetworkOf("ipv6:%5B2001:db8::1%5D:4711"), "ipv6:20010db800000000");
  EXPECT_EQ(NetworkOf("ipv6:[2001:db8::1]:1"), NetworkOf("ipv6:%5B2001:db8::ffff%5D:2")) << "one subscriber";
  EXPECT_NE(NetworkOf("ipv6:[2001:db8:0:1::1]:1"), NetworkOf("ipv6:[2001:db8:0:2::1]:1"));
  EXPECT_EQ(NetworkOf("ipv6:[fe80::1%25eth0]:1"), "ipv6:fe80000000000000");
  for (const char* other : {"", ":", "unix:/tmp/x", "ipv6:[x]:1", "ipv6:::1", "unknown"}) {
    EXPECT_EQ(NetworkOf(other), other);
  }
}

TEST(RefusalLimiter, GivesEachNetworkABurstAndThenARate) {
  RefusalLimiter limiter;
  absl::Duration now = absl::Hours(1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limiter.Admit("a", now)) << i;
  EXPECT_FALSE(limiter.Admit("a", now));
  EXPECT_TRUE(limiter.Admit("b", now)) << "not another's fault";
  now += RefusalLimiter::kEach;
  EXPECT_TRUE(limiter.Admit("a", now));
  EXPECT_FALSE(limiter.Admit("a", now));
  now += absl::Hours(1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limiter.Admit("a", now)) << i;
  EXPECT_FALSE(limiter.Admit("a", now)) << "a rest is not saved up";
}

TEST(RefusalLimiter, AllTogetherHaveALimitAndSoHasItsMemory) {
  RefusalLimiter limiter;
  absl::Duration now = absl::Hours(1);
  int admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += limiter.Admit(absl::StrCat("n", i), now) ? 1 : 0;
  EXPECT_EQ(admitted, 100);
  EXPECT_EQ(limiter.size(), 100u);
  now += RefusalLimiter::kTotalEach * 3;
  admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limiter.Admit(absl::StrCat("m", i), now) ? 1 : 0;
  EXPECT_EQ(admitted, 3);
  EXPECT_LE(limiter.size(), 4u) << "those that have recovered are forgotten";
}

}  // namespace
}  // namespace rollcall
