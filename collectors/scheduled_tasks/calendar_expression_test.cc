#include "collectors/scheduled_tasks/calendar_expression.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

std::string Normal(absl::string_view text) {
  const auto expression = ParseCalendarExpression(text);
  return expression.ok() ? FormatCalendarExpression(*expression) : std::string(expression.status().message());
}

// What it says is what systemd-analyze says, see calendar_live_test.cc; these are the rules by
// name.
TEST(CalendarExpression, Shorthands) {
  EXPECT_EQ(Normal("minutely"), "*-*-* *:*:00");
  EXPECT_EQ(Normal("HOURLY"), "*-*-* *:00:00");
  EXPECT_EQ(Normal("weekly"), "Mon *-*-* 00:00:00");
  EXPECT_EQ(Normal("quarterly"), "*-01,04,07,10-01 00:00:00");
  EXPECT_EQ(Normal("semi-annually"), "*-01,07-01 00:00:00");
  EXPECT_EQ(Normal("daily Europe/Berlin"), "*-*-* 00:00:00 Europe/Berlin");
}

TEST(CalendarExpression, Weekdays) {
  EXPECT_EQ(Normal("Mon..Fri 9:00"), "Mon..Fri *-*-* 09:00:00");
  EXPECT_EQ(Normal("monday,TUE,Wednesday"), "Mon..Wed *-*-* 00:00:00");
  EXPECT_EQ(Normal("Mon-Tue"), "Mon,Tue *-*-* 00:00:00");
  EXPECT_EQ(Normal("Mon,"), "Mon *-*-* 00:00:00");
  EXPECT_EQ(Normal("Mon..Sun"), "*-*-* 00:00:00");
  EXPECT_EQ(Normal("Sat..Mon"), "bad range of weekdays");
  EXPECT_EQ(Normal("Moon"), "unknown weekday");
}

TEST(CalendarExpression, DatesAndTimes) {
  EXPECT_EQ(Normal("24-2-29 1:2"), "2024-02-29 01:02:00");
  EXPECT_EQ(Normal("*-1..3,5-1/2 8..18/2:0"), "*-01..03,05-01/2 08..18/2:00:00");
  EXPECT_EQ(Normal("1..5/9:0"), "*-*-* 01:00:00") << "a step past the end";
  EXPECT_EQ(Normal("2,1,2:0"), "*-*-* 01,02:00:00");
  EXPECT_EQ(Normal("*:*:*"), "*-*-* *:*:*");
  EXPECT_EQ(Normal("0:0:0.1234567"), "*-*-* 00:00:00.123457");
  EXPECT_EQ(Normal("0:0:1..4"), "*-*-* 00:00:01..04") << "dots, not a fraction";
  EXPECT_EQ(Normal("@1000"), "1970-01-01 00:16:40 UTC");
  EXPECT_EQ(Normal("12:00 utc"), "*-*-* 12:00:00 UTC");
}

TEST(CalendarExpression, DaysFromTheEndOfTheMonth) {
  EXPECT_EQ(Normal("*-*~1"), "*-*~01 00:00:00");
  EXPECT_EQ(Normal("Mon *-05~07/1"), "Mon *-05~07/1 00:00:00");
  EXPECT_EQ(Normal("*-*~29"), "bad day");
  EXPECT_EQ(Normal("*-*-~1"), "bad number");
}

TEST(CalendarExpression, RefusesTheRest) {
  for (absl::string_view text : {"",
                                 " ",
                                 "10",
                                 "*",
                                 "24:00",
                                 "0:60",
                                 "0:0:60",
                                 "*-13-1",
                                 "*-0-1",
                                 "*-1-32",
                                 "1969-1-1",
                                 "2200-1-1",
                                 "*/2:0",
                                 "1/0:0",
                                 "4..2:0",
                                 "1..:0",
                                 "..2:0",
                                 "@-5",
                                 "@x",
                                 "2024-1-1T10:00",
                                 "Mon *-*-* 10",
                                 "9999999999:0",
                                 "+1:0",
                                 "*-1~1-1",
                                 "0:0:0:0",
                                 "0:0x"}) {
    EXPECT_FALSE(ParseCalendarExpression(text).ok()) << text;
  }
  EXPECT_EQ(Normal(std::string(100'000, '1')), "too long");
  EXPECT_FALSE(ParseCalendarExpression(absl::string_view("0:0\0", 4)).ok());
  EXPECT_FALSE(ParseCalendarExpression("\xff 0:0").ok());
}

}  // namespace
}  // namespace rollcall
