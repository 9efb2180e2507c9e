#include "agent/scheduler/due_time.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace rollcall {
namespace {

TEST(DueTimeTest, NextDueIsOnTheGridAndNotBefore) {
  struct Case {
    absl::Duration earliest, interval, spread, expected;
  };
  const absl::Duration h = absl::Hours(1);
  const Case cases[] = {
      {absl::ZeroDuration(), h, absl::ZeroDuration(), absl::ZeroDuration()},
      {absl::Nanoseconds(1), h, absl::ZeroDuration(), h},
      {absl::Minutes(10), h, absl::Minutes(20), absl::Minutes(20)},
      {absl::Minutes(20), h, absl::Minutes(20), absl::Minutes(20)},
      {absl::Minutes(21), h, absl::Minutes(20), absl::Minutes(80)},
      {absl::Hours(1000) + absl::Minutes(1), h, absl::Minutes(20), absl::Hours(1000) + absl::Minutes(20)},
  };
  for (const Case& c : cases) EXPECT_EQ(NextDue(c.earliest, c.interval, c.spread), c.expected) << c.earliest;
}

TEST(DueTimeTest, NextDueForEveryMinuteOfADay) {
  for (int minute = 0; minute < 24 * 60; ++minute) {
    const absl::Duration earliest = absl::Minutes(minute);
    const absl::Duration due = NextDue(earliest, absl::Minutes(45), absl::Minutes(7));
    EXPECT_GE(due, earliest);
    EXPECT_LT(due, earliest + absl::Minutes(45));
    EXPECT_EQ(absl::ToInt64Minutes(due) % 45, 7);
  }
}

TEST(DueTimeTest, AfterARunTheGapIsBetweenHalfAndOneAndAHalf) {
  for (int minute = 0; minute < 120; ++minute) {
    const absl::Duration now = absl::Minutes(minute);
    const absl::Duration gap = DueAfterRun(now, absl::Hours(1), absl::Minutes(13)) - now;
    EXPECT_GE(gap, absl::Minutes(30));
    EXPECT_LT(gap, absl::Minutes(90));
  }
}

TEST(DueTimeTest, OnTheGridTheGapIsTheInterval) {
  EXPECT_EQ(DueAfterRun(absl::Minutes(73) + absl::Seconds(5), absl::Hours(1), absl::Minutes(13)), absl::Minutes(133));
}

TEST(DueTimeTest, SpreadIsStableAndFillsTheInterval) {
  EXPECT_EQ(HostSpread("agent", "ports", absl::Hours(1)), HostSpread("agent", "ports", absl::Hours(1)));
  EXPECT_NE(HostSpread("agent", "ports", absl::Hours(1)), HostSpread("agent", "os_packages", absl::Hours(1)));
  EXPECT_NE(HostSpread("ab", "c", absl::Hours(1)), HostSpread("a", "bc", absl::Hours(1)));
  EXPECT_EQ(HostSpread("agent", "ports", absl::ZeroDuration()), absl::ZeroDuration());
  std::vector<int> tenths(10);
  for (int i = 0; i < 10000; ++i) {
    const absl::Duration spread = HostSpread("agent-" + std::to_string(i), "ports", absl::Seconds(1000));
    ASSERT_GE(spread, absl::ZeroDuration());
    ASSERT_LT(spread, absl::Seconds(1000));
    ++tenths[static_cast<size_t>(absl::ToInt64Seconds(spread) / 100)];
  }
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 150);
}

TEST(DueTimeTest, InitialRunsAreStaggeredWithinTheWindow) {
  std::set<absl::Duration> times;
  for (size_t i = 0; i < 8; ++i) times.insert(InitialDue(absl::Hours(1), i, 8, absl::Seconds(20)));
  EXPECT_EQ(times.size(), 8u);
  EXPECT_EQ(*times.begin(), absl::Hours(1));
  EXPECT_LT(*times.rbegin(), absl::Hours(1) + absl::Seconds(20));
  EXPECT_EQ(InitialDue(absl::Hours(1), 0, 0, absl::Seconds(20)), absl::Hours(1));
}

}  // namespace
}  // namespace rollcall
