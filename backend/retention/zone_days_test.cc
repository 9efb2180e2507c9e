#include "backend/retention/zone_days.h"

#include <gtest/gtest.h>

#include <random>

#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

// Clocks that change at midnight, in both directions, a day that does not exist, half hours, and none of it.
constexpr const char* kZones[] = {"UTC",           "Asia/Shanghai",  "America/Sao_Paulo",    "Pacific/Apia",
                                  "Europe/Berlin", "America/Havana", "Australia/Lord_Howe",  "Asia/Beirut",
                                  "Asia/Gaza",     "Asia/Kathmandu", "America/Scoresbysund", "Atlantic/Azores"};

TEST(ZoneDaysTest, EveryDayBeginsWhereItDoes) {
  for (const char* name : kZones) {
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
    const ZoneDays remembered(zone, ZoneDays::Memory::kDays);
    const ZoneDays computed(zone);
    for (absl::CivilDay day(1999, 12, 1); day < absl::CivilDay(2060, 2, 1); ++day) {
      ASSERT_EQ(remembered.StartOfDay(day), StartOfDay(day, zone)) << name << ' ' << day;
      ASSERT_EQ(remembered.EndOfDay(day), EndOfDay(day, zone)) << name << ' ' << day;
      ASSERT_EQ(remembered.Add(day, 180), day + 180) << name << ' ' << day;
      ASSERT_EQ(computed.Add(day, 180), day + 180) << name << ' ' << day;
      ASSERT_EQ(computed.StartOfDay(day), StartOfDay(day, zone)) << name << ' ' << day;
    }
  }
}

TEST(ZoneDaysTest, EveryInstantIsOfItsDay) {
  for (const char* name : kZones) {
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
    const ZoneDays days(zone, ZoneDays::Memory::kDays);
    // Around each midnight of UTC and of the zone, where anything can change, a quarter of an hour at a time.
    for (absl::CivilDay day(2010, 1, 1); day < absl::CivilDay(2013, 1, 1); ++day) {
      const absl::Time midnight = StartOfDay(day, zone);
      for (absl::Duration d = -absl::Minutes(90); d <= absl::Minutes(90); d += absl::Minutes(15)) {
        for (const absl::Time time : {midnight + d, midnight + d - absl::Nanoseconds(1)}) {
          ASSERT_EQ(days.DayOf(time), DayOf(time, zone)) << name << ' ' << absl::FormatTime(time, zone);
        }
      }
    }
    std::mt19937_64 random(7);
    std::uniform_int_distribution<int64_t> seconds(0, int64_t{4} << 30);
    for (int i = 0; i < 20'000; ++i) {
      const absl::Time time = absl::FromUnixSeconds(seconds(random)) + absl::Nanoseconds(i);
      ASSERT_EQ(days.DayOf(time), DayOf(time, zone)) << name << ' ' << absl::FormatTime(time, zone);
    }
    for (const absl::Time time : {absl::InfinitePast(), absl::InfiniteFuture(), absl::UnixEpoch()}) {
      EXPECT_EQ(days.DayOf(time), DayOf(time, zone)) << name;
    }
  }
}

}  // namespace
}  // namespace rollcall
