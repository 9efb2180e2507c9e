#include "backend/retention/civil_time.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time Utc(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

TEST(AddMonths, ClampsToTheLastDay) {
  const struct {
    absl::CivilDay from;
    int months;
    absl::CivilDay to;
  } cases[] = {
      {absl::CivilDay(2024, 1, 31), 1, absl::CivilDay(2024, 2, 29)},
      {absl::CivilDay(2023, 1, 28), 1, absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2023, 1, 29), 1, absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2023, 1, 31), 1, absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2024, 2, 29), 1, absl::CivilDay(2024, 3, 29)},
      {absl::CivilDay(2024, 2, 29), 12, absl::CivilDay(2025, 2, 28)},
      {absl::CivilDay(2024, 12, 31), 2, absl::CivilDay(2025, 2, 28)},
      {absl::CivilDay(2024, 3, 31), 1, absl::CivilDay(2024, 4, 30)},
      {absl::CivilDay(2024, 5, 15), 0, absl::CivilDay(2024, 5, 15)},
      {absl::CivilDay(2023, 8, 31), 6, absl::CivilDay(2024, 2, 29)},
      {absl::CivilDay(2100, 1, 31), 1, absl::CivilDay(2100, 2, 28)},
      {absl::CivilDay(2000, 1, 31), 1, absl::CivilDay(2000, 2, 29)},
  };
  for (const auto& c : cases) EXPECT_EQ(AddMonths(c.from, c.months), c.to) << DayText(c.from) << " + " << c.months;
}

TEST(StartOfDay, FollowsTheZone) {
  EXPECT_EQ(StartOfDay(absl::CivilDay(2024, 4, 1), absl::UTCTimeZone()), Utc("2024-04-01T00:00:00Z"));
  EXPECT_EQ(StartOfDay(absl::CivilDay(2024, 4, 1), Zone("Asia/Shanghai")), Utc("2024-03-31T16:00:00Z"));
  EXPECT_EQ(StartOfDay(absl::CivilDay(2024, 3, 17), Zone("America/New_York")), Utc("2024-03-17T04:00:00Z"));
}

TEST(StartOfDay, SkippedMidnightBeginsWhereClocksGoOn) {
  // Clocks went from 2018-11-04 00:00 to 01:00.
  EXPECT_EQ(StartOfDay(absl::CivilDay(2018, 11, 4), Zone("America/Sao_Paulo")), Utc("2018-11-04T03:00:00Z"));
}

TEST(StartOfDay, RepeatedMidnightBeginsTheFirstTime) {
  // Clocks went from 2019-11-03 01:00 back to 00:00.
  EXPECT_EQ(StartOfDay(absl::CivilDay(2019, 11, 3), Zone("America/Havana")), Utc("2019-11-03T04:00:00Z"));
}

TEST(StartOfDay, SkippedDayIsEmpty) {
  const absl::TimeZone apia = Zone("Pacific/Apia");  // had no 2011-12-30
  EXPECT_EQ(StartOfDay(absl::CivilDay(2011, 12, 30), apia), Utc("2011-12-30T10:00:00Z"));
  EXPECT_EQ(EndOfDay(absl::CivilDay(2011, 12, 30), apia), Utc("2011-12-30T10:00:00Z"));
  EXPECT_EQ(StartOfDay(absl::CivilDay(2011, 12, 31), apia), Utc("2011-12-30T10:00:00Z"));
}

TEST(DayOf, InvertsStartOfDay) {
  for (const char* name : {"UTC", "Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"}) {
    const absl::TimeZone zone = Zone(name);
    for (absl::CivilDay day(2016, 1, 1); day < absl::CivilDay(2020, 1, 1); ++day) {
      ASSERT_EQ(DayOf(StartOfDay(day, zone), zone), day) << name;
      ASSERT_EQ(DayOf(EndOfDay(day, zone) - absl::Nanoseconds(1), zone), day) << name;
    }
  }
}

}  // namespace
}  // namespace rollcall
