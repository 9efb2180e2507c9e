#include "collectors/scheduled_tasks/calendar_next_elapse.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {
namespace {

std::string Next(absl::string_view expression, absl::string_view now_utc, const std::string& zone_name = "UTC") {
  const auto parsed = ParseCalendarExpression(expression);
  EXPECT_TRUE(parsed.ok()) << expression << ": " << parsed.status();
  if (!parsed.ok()) return "";
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(zone_name, &zone));
  absl::Time now;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%E*S", now_utc, absl::UTCTimeZone(), &now, &error)) << error;
  const auto next = NextElapse(*parsed, now, zone);
  return next.has_value() ? absl::FormatTime("%Y-%m-%d %H:%M:%E*S %Ez", *next, zone) : "never";
}

TEST(NextElapse, IsAfterNow) {
  EXPECT_EQ(Next("*:*:*", "2024-01-15 10:00:00"), "2024-01-15 10:00:01 +00:00");
  EXPECT_EQ(Next("10:00", "2024-01-15 10:00:00"), "2024-01-16 10:00:00 +00:00");
  EXPECT_EQ(Next("10:00", "2024-01-15 09:59:59.999"), "2024-01-15 10:00:00 +00:00");
  EXPECT_EQ(Next("0:0:0/0.3", "2024-01-15 00:00:00.3"), "2024-01-15 00:00:00.6 +00:00");
}

TEST(NextElapse, LastDaysOfTheMonth) {
  EXPECT_EQ(Next("*-*~1", "2024-02-01 00:00:00"), "2024-02-29 00:00:00 +00:00");
  EXPECT_EQ(Next("Mon *-05~07/1", "2024-01-01 00:00:00"), "2024-05-27 00:00:00 +00:00");
  EXPECT_EQ(Next("*-*~1..7/2", "2024-02-01 00:00:00"), "2024-02-23 00:00:00 +00:00");
}

TEST(NextElapse, ImpossibleAndPastDatesAreNever) {
  EXPECT_EQ(Next("*-2-30", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("2023-1-1", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("Mon 2024-01-16", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("*-2-29", "2096-03-01 00:00:00"), "2104-02-29 00:00:00 +00:00");
}

TEST(NextElapse, ASkippedHourDoesNotExist) {
  EXPECT_EQ(Next("2:30", "2024-03-31 00:00:00", "Europe/Berlin"), "2024-04-01 02:30:00 +02:00");
  EXPECT_EQ(Next("*:0/30", "2024-03-31 00:30:00", "Europe/Berlin"), "2024-03-31 03:00:00 +02:00");
}

TEST(NextElapse, ARepeatedHourIsDueTheFirstTime) {
  EXPECT_EQ(Next("2:30", "2024-10-26 22:00:00", "Europe/Berlin"), "2024-10-27 02:30:00 +02:00");
  EXPECT_EQ(Next("2:30", "2024-10-27 00:45:00", "Europe/Berlin"), "2024-10-28 02:30:00 +01:00");
  EXPECT_EQ(Next("2:30", "2024-10-27 01:15:00", "Europe/Berlin"), "2024-10-27 02:30:00 +01:00");
}

}  // namespace
}  // namespace rollcall
