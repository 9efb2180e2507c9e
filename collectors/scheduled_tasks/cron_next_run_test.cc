#include "collectors/scheduled_tasks/cron_next_run.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

CronSchedule Parse(absl::string_view text, CronDialect dialect = CronDialect::kCronie) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, ' ');
  const auto schedule = text[0] == '@' ? ParseCronName(text, dialect) : ParseCronFields(fields, dialect);
  EXPECT_TRUE(schedule.ok()) << text << ": " << schedule.status();
  return schedule.value_or(CronSchedule());
}

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time At(absl::string_view text, const absl::TimeZone& zone) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, zone, &time, &error)) << error;
  return time;
}

// Local time with the offset, or `never`.
std::string Next(absl::string_view schedule, absl::string_view now, const std::string& zone_name = "UTC",
                 CronDialect dialect = CronDialect::kCronie) {
  const absl::TimeZone zone = Zone(zone_name);
  const auto next = NextCronRun(Parse(schedule, dialect), At(now, zone), zone);
  return next.has_value() ? absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", *next, zone) : "never";
}

TEST(CronNextRun, IsAfterNow) {
  EXPECT_EQ(Next("* * * * *", "2024-01-15 10:00:00"), "2024-01-15 10:01:00 +00:00");
  EXPECT_EQ(Next("* * * * *", "2024-01-15 10:00:59"), "2024-01-15 10:01:00 +00:00");
  EXPECT_EQ(Next("0 10 * * *", "2024-01-15 10:00:00"), "2024-01-16 10:00:00 +00:00");
  EXPECT_EQ(Next("@hourly", "2024-12-31 23:30:00"), "2025-01-01 00:00:00 +00:00");
}

TEST(CronNextRun, DayOfMonthOrDayOfWeek) {
  // The 15th is a Monday.
  EXPECT_EQ(Next("0 0 20 * 3", "2024-01-15 10:00:00"), "2024-01-17 00:00:00 +00:00");
  EXPECT_EQ(Next("0 0 16 * 3", "2024-01-15 10:00:00"), "2024-01-16 00:00:00 +00:00");
  EXPECT_EQ(Next("0 0 * * 3", "2024-01-15 10:00:00"), "2024-01-17 00:00:00 +00:00");
  EXPECT_EQ(Next("0 0 20 * *", "2024-01-15 10:00:00"), "2024-01-20 00:00:00 +00:00");
}

TEST(CronNextRun, AFieldThatBeginsWithAStarMustMatchToo) {
  // Odd days that are Wednesdays.
  EXPECT_EQ(Next("0 0 */2 * 4", "2024-01-15 10:00:00"), "2024-01-25 00:00:00 +00:00");
  EXPECT_EQ(Next("0 0 1-31/2 * 4", "2024-01-15 10:00:00"), "2024-01-17 00:00:00 +00:00");
  // All days, but not a star.
  EXPECT_EQ(Next("0 0 1-31 * 4", "2024-01-15 10:00:00"), "2024-01-16 00:00:00 +00:00");
}

TEST(CronNextRun, BusyboxTakesAFullFieldForAStar) {
  EXPECT_EQ(Next("0 0 1-31 * 4", "2024-01-15 10:00:00", "UTC", CronDialect::kBusybox), "2024-01-18 00:00:00 +00:00");
  EXPECT_EQ(Next("0 0 */2 * 4", "2024-01-15 10:00:00", "UTC", CronDialect::kBusybox), "2024-01-17 00:00:00 +00:00");
}

TEST(CronNextRun, TwentyNinthOfFebruary) {
  EXPECT_EQ(Next("0 0 29 2 *", "2024-03-01 00:00:00"), "2028-02-29 00:00:00 +00:00");
  // No leap year in 2100, and a Monday only.
  EXPECT_EQ(Next("0 0 29 2 */7", "2096-03-01 00:00:00"), "2128-02-29 00:00:00 +00:00");
}

TEST(CronNextRun, ImpossibleDatesAreNever) {
  EXPECT_EQ(Next("0 0 31 2 *", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("0 0 31 4,6,9,11 *", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("0 0 * * 5-1", "2024-01-15 10:00:00", "UTC", CronDialect::kDebian), "never");
}

TEST(CronNextRun, WhatFilesDoNotTellIsNever) {
  EXPECT_EQ(Next("@reboot", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("@every_second", "2024-01-15 10:00:00"), "never");
  EXPECT_EQ(Next("0~59 * * * *", "2024-01-15 10:00:00"), "never");
}

TEST(CronNextRun, ASkippedHourIsMadeUpFor) {
  const std::string berlin = "Europe/Berlin";  // 02:00 to 03:00 on 2024-03-31
  EXPECT_EQ(Next("30 2 * * *", "2024-03-31 01:00:00", berlin), "2024-03-31 03:00:00 +02:00");
  EXPECT_EQ(Next("30 2 * * *", "2024-03-31 03:00:00", berlin), "2024-04-01 02:30:00 +02:00");
  EXPECT_EQ(Next("0 3 * * *", "2024-03-31 01:00:00", berlin), "2024-03-31 03:00:00 +02:00");
  EXPECT_EQ(Next("15 3 * * *", "2024-03-31 01:00:00", berlin), "2024-03-31 03:15:00 +02:00");
  // A star follows the clock.
  EXPECT_EQ(Next("*/30 2 * * *", "2024-03-31 01:00:00", berlin), "2024-04-01 02:00:00 +02:00");
  EXPECT_EQ(Next("30 * * * *", "2024-03-31 01:30:00", berlin), "2024-03-31 03:30:00 +02:00");
}

TEST(CronNextRun, ARepeatedHourCountsOnce) {
  const absl::TimeZone zone = Zone("Europe/Berlin");  // 03:00 back to 02:00 on 2024-10-27, 01:00 UTC
  const auto next = [&zone](absl::string_view schedule, absl::string_view now_utc) {
    const auto found = NextCronRun(Parse(schedule), At(now_utc, absl::UTCTimeZone()), zone);
    return found.has_value() ? absl::FormatTime("%m-%d %H:%M %Ez", *found, zone) : "never";
  };
  EXPECT_EQ(next("30 2 * * *", "2024-10-26 23:00:00"), "10-27 02:30 +02:00");
  EXPECT_EQ(next("30 2 * * *", "2024-10-27 00:30:00"), "10-28 02:30 +01:00") << "between the two";
  EXPECT_EQ(next("30 2 * * *", "2024-10-27 01:10:00"), "10-28 02:30 +01:00") << "in the second pass";
  EXPECT_EQ(next("0 3 * * *", "2024-10-27 00:30:00"), "10-27 03:00 +01:00");
  // A star follows the clock: twice.
  EXPECT_EQ(next("30 * * * *", "2024-10-27 00:30:00"), "10-27 02:30 +01:00");
  EXPECT_EQ(next("*/30 2 * * *", "2024-10-27 00:30:00"), "10-27 02:00 +01:00");
}

// ---- An independent view: the daemon, minute by minute ----

struct Item {
  bool star = false;
  int first = 0;
  int last = 0;
  int step = 1;
};

struct Field {
  int low;
  int high;
  std::vector<Item> items;

  std::string Text() const {
    return absl::StrJoin(items, ",", [](std::string* out, const Item& item) {
      absl::StrAppend(out, item.star ? "*" : absl::StrCat(item.first));
      if (!item.star && item.last != item.first) absl::StrAppend(out, "-", item.last);
      if (item.step != 1) absl::StrAppend(out, "/", item.step);
    });
  }

  bool Has(int value) const {
    for (const Item& item : items) {
      const int first = item.star ? low : item.first;
      const int last = item.star ? high : item.last;
      if (value >= first && value <= last && (value - first) % item.step == 0) return true;
    }
    return false;
  }

  bool BeginsWithStar() const { return items.front().star; }
};

using Fields = std::array<Field, 5>;

Field RandomField(int low, int high, std::mt19937& random) {
  const auto between = [&random](int a, int b) { return std::uniform_int_distribution<int>(a, b)(random); };
  Field field = {low, high, {}};
  const int count = between(0, 3) == 0 ? between(2, 3) : 1;
  for (int i = 0; i < count; ++i) {
    Item item;
    const int shape = between(0, 5);
    if (shape <= 1) {
      item.star = true;
      if (shape == 1) item.step = between(2, 10);
    } else if (shape == 2) {
      item.first = between(low, high - 1);
      item.last = between(item.first + 1, high);
      item.step = between(1, 4);
    } else {
      item.first = item.last = between(low, high);
    }
    field.items.push_back(item);
  }
  return field;
}

// crontab(5) and cron(8), taken at their word.
class Daemon {
 public:
  explicit Daemon(const Fields& fields) : fields_(fields) {}

  // The first minute in (now, end] in which it runs the job, having run since long before.
  std::optional<absl::Time> FirstRun(absl::Time now, absl::Time end, const absl::TimeZone& zone) {
    absl::Time minute = absl::FromUnixSeconds(absl::ToUnixSeconds(now) / 60 * 60) - absl::Hours(30);
    absl::CivilMinute before = absl::ToCivilMinute(minute, zone) - 1;
    absl::CivilMinute ran_up_to = before;
    for (; minute <= end; minute += absl::Minutes(1)) {
      const absl::CivilMinute civil = absl::ToCivilMinute(minute, zone);
      bool runs = false;
      if (FollowsClock()) {
        runs = Matches(civil);
      } else {
        for (absl::CivilMinute missed = ran_up_to + 1; missed <= civil; ++missed) runs |= Matches(missed);
        ran_up_to = std::max(ran_up_to, civil);
      }
      if (runs && minute > now) return minute;
    }
    return std::nullopt;
  }

 private:
  bool FollowsClock() const { return fields_[0].BeginsWithStar() || fields_[1].BeginsWithStar(); }

  bool Matches(absl::CivilMinute m) const {
    static constexpr int kSundayFirst[] = {1, 2, 3, 4, 5, 6, 0};
    const int weekday = kSundayFirst[static_cast<int>(absl::GetWeekday(absl::CivilDay(m)))];
    const bool day = fields_[2].Has(m.day());
    const bool week = fields_[4].Has(weekday) || (weekday == 0 && fields_[4].Has(7));
    const bool either = !fields_[2].BeginsWithStar() && !fields_[4].BeginsWithStar();
    return fields_[0].Has(m.minute()) && fields_[1].Has(m.hour()) && fields_[3].Has(m.month()) &&
           (either ? day || week : day && week);
  }

  const Fields& fields_;
};

TEST(CronNextRun, AgreesWithADaemonThatLooksEveryMinute) {
  std::mt19937 random(20240229);
  const std::vector<std::pair<std::string, std::vector<std::string>>> places = {
      {"UTC", {"2024-02-27 12:34:56", "2023-12-30 00:00:00"}},
      {"Europe/Berlin", {"2024-03-30 22:10:00", "2024-10-26 23:59:30", "2024-10-27 00:20:00", "2024-10-27 01:20:00"}},
      {"America/New_York", {"2024-03-10 05:00:00", "2024-11-03 05:30:00", "2024-11-03 06:30:00"}},
      // Half an hour.
      {"Australia/Lord_Howe", {"2024-04-06 14:00:00", "2024-10-05 14:00:00"}},
  };
  constexpr int kDays = 20;
  int compared = 0;
  int found = 0;
  for (int round = 0; round < 60; ++round) {
    for (const auto& [zone_name, moments] : places) {
      Fields fields = {RandomField(0, 59, random), RandomField(0, 23, random), RandomField(1, 31, random),
                       RandomField(1, 12, random), RandomField(0, 7, random)};
      // Seldom a month that does not come, often an hour in which the clock changes.
      if (round % 4 != 0) fields[3] = {1, 12, {{.star = true}}};
      if (round % 2 == 0) fields[1].items = {{.first = 1, .last = 2}};
      if (round % 6 == 0) fields[1].items = {{.star = true}};
      const std::string text =
          absl::StrJoin(fields, " ", [](std::string* out, const Field& field) { absl::StrAppend(out, field.Text()); });
      const absl::TimeZone zone = Zone(zone_name);
      const std::string& moment = moments[static_cast<size_t>(round) % moments.size()];
      SCOPED_TRACE(absl::StrCat(text, " in ", zone_name, " after ", moment, " UTC"));
      const absl::Time now = At(moment, absl::UTCTimeZone());
      const absl::Time end = now + absl::Hours(24 * kDays);
      const auto expected = Daemon(fields).FirstRun(now, end, zone);
      const auto actual = NextCronRun(Parse(text), now, zone);
      ++compared;
      if (expected.has_value()) {
        ++found;
        ASSERT_TRUE(actual.has_value());
        EXPECT_EQ(*actual, *expected);
      } else {
        EXPECT_TRUE(!actual.has_value() || *actual > end) << *actual;
      }
    }
  }
  EXPECT_GT(found, compared / 2) << "the schedules are too rare to say much";
}

}  // namespace
}  // namespace rollcall
