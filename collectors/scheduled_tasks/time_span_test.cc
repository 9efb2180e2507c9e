#include "collectors/scheduled_tasks/time_span.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

TEST(TimeSpan, ReadsUnitsAndSums) {
  EXPECT_EQ(ParseTimeSpan("90"), absl::Seconds(90));
  EXPECT_EQ(ParseTimeSpan("5min 20s"), absl::Seconds(320));
  EXPECT_EQ(ParseTimeSpan("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseTimeSpan(" 1 day  2 hours "), absl::Hours(26));
  EXPECT_EQ(ParseTimeSpan("1.5h"), absl::Minutes(90));
  EXPECT_EQ(ParseTimeSpan("300ms20us"), absl::Microseconds(300'020));
  EXPECT_EQ(ParseTimeSpan("+5s .5s"), absl::Milliseconds(5500));
  EXPECT_EQ(ParseTimeSpan("0.3M"), absl::Seconds(788'940));
  EXPECT_EQ(ParseTimeSpan("0.9us"), absl::ZeroDuration());
  EXPECT_EQ(ParseTimeSpan("763.0006879s"), absl::Microseconds(763'000'687));
  EXPECT_EQ(ParseTimeSpan("10000y"), absl::Seconds(315'576'000'000));
  EXPECT_EQ(ParseTimeSpan("1w"), absl::Hours(7 * 24));
  EXPECT_EQ(ParseTimeSpan("1M"), absl::Seconds(2'629'800));
  EXPECT_EQ(ParseTimeSpan("infinity"), absl::InfiniteDuration());
  EXPECT_EQ(ParseTimeSpan("0"), absl::ZeroDuration());
}

TEST(TimeSpan, RefusesTheRest) {
  for (absl::string_view text : {"", " ", "min", "5 parsecs", "5min x", "-5", "..", "1.2.3", "5.s", "+", "+.5", "+-5",
                                 "10000y 1s", "18446744073709551616", "10000y 10000y", "99999999999y", "5\xff"}) {
    EXPECT_FALSE(ParseTimeSpan(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseTimeSpan(std::string(100'000, '1')).has_value());
}

}  // namespace
}  // namespace rollcall
