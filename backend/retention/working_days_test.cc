#include "backend/retention/working_days.h"

#include <gtest/gtest.h>

#include "backend/retention/calendar_loader.h"
#include "backend/retention/policy_loader.h"

namespace rollcall {
namespace {

constexpr char kCalendars[] = ROLLCALL_SOURCE_DIR "/backend/retention/calendars";

WorkingDays China() {
  const auto policy = LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? policy->calendar : WorkingDays();
}

TEST(WorkingDays, CountsPublishedHolidaysAndMakeUpDays) {
  const WorkingDays china = China();
  const struct {
    absl::CivilDay requested;
    absl::CivilDay last_day;
  } cases[] = {
      {absl::CivilDay(2024, 1, 15), absl::CivilDay(2024, 2, 29)},   // make-up Sundays 02-04 and 02-18
      {absl::CivilDay(2024, 9, 13), absl::CivilDay(2024, 10, 31)},  // before a make-up Saturday
      {absl::CivilDay(2024, 9, 14), absl::CivilDay(2024, 11, 1)},   // on it
      {absl::CivilDay(2024, 9, 15), absl::CivilDay(2024, 11, 1)},
      {absl::CivilDay(2019, 12, 27), absl::CivilDay(2020, 2, 17)},  // extended Spring Festival
      {absl::CivilDay(2024, 6, 3), absl::CivilDay(2024, 7, 16)},
      {absl::CivilDay(2026, 12, 1), absl::CivilDay(2027, 1, 8)},  // 2027 is not published
  };
  for (const auto& c : cases) EXPECT_EQ(china.Add(c.requested, 30), c.last_day) << c.requested;
}

TEST(WorkingDays, ThirtyTakeThirtyNineToFiftyTwoDays) {
  const WorkingDays china = China();
  int64_t shortest = 1000;
  int64_t longest = 0;
  for (absl::CivilDay day(2019, 1, 1); day < absl::CivilDay(2026, 9, 1); ++day) {
    const int64_t length = china.Add(day, 30) - day;
    shortest = std::min(shortest, length);
    longest = std::max(longest, length);
  }
  EXPECT_EQ(shortest, 39);
  EXPECT_EQ(longest, 52);
}

TEST(WorkingDays, UnknownYearsWorkEveryDay) {
  const WorkingDays none;
  EXPECT_TRUE(none.IsWorking(absl::CivilDay(2024, 1, 6)));
  EXPECT_EQ(none.Add(absl::CivilDay(2024, 1, 1), 30), absl::CivilDay(2024, 1, 31));
  EXPECT_EQ(none.Add(absl::CivilDay(2024, 1, 1), 0), absl::CivilDay(2024, 1, 1));
  EXPECT_FALSE(China().Knows(absl::CivilYear(2027)));
  EXPECT_TRUE(China().Knows(absl::CivilYear(2026)));
}

// Publishing a year may only move a deadline later.
TEST(WorkingDays, PublishingAYearNeverShortens) {
  const WorkingDays none;
  const WorkingDays china = China();
  for (absl::CivilDay day(2018, 11, 1); day < absl::CivilDay(2026, 12, 31); ++day) {
    ASSERT_GE(china.Add(day, 30), none.Add(day, 30)) << day;
  }
}

TEST(WorkingDays, GermanHolidaysMoveWithEaster) {
  const auto germany = LoadWorkingDays(kCalendars, "de-federal");
  ASSERT_TRUE(germany.ok()) << germany.status();
  for (const char* text : {"2024-03-29", "2024-04-01", "2024-05-01", "2024-05-09", "2024-05-20", "2024-10-03",
                           "2024-12-25", "2024-12-26", "2025-04-18", "2025-06-09", "2035-03-26"}) {
    absl::CivilDay day;
    ASSERT_TRUE(absl::ParseCivilTime(text, &day));
    EXPECT_FALSE(germany->IsWorking(day)) << text;
  }
  EXPECT_TRUE(germany->IsWorking(absl::CivilDay(2024, 10, 31)));  // a holiday in some Laender only
  // Maundy Thursday 2024: Friday and Monday are off.
  EXPECT_EQ(germany->Add(absl::CivilDay(2024, 3, 28), 1), absl::CivilDay(2024, 4, 2));
  for (int year = 2019; year <= 2035; ++year) EXPECT_TRUE(germany->Knows(absl::CivilYear(year))) << year;
}

// Gauss's rule, which the file was not made with.
TEST(WorkingDays, EasterMondayIsWhereGaussSaysItIs) {
  const auto germany = LoadWorkingDays(kCalendars, "de-federal");
  ASSERT_TRUE(germany.ok()) << germany.status();
  for (int year = 2019; year <= 2035; ++year) {
    const int d = (19 * (year % 19) + 24) % 30;
    const int e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + 5) % 7;
    const absl::CivilDay easter = absl::CivilDay(year, 3, 22) + d + e;
    for (const int offset : {-2, 1, 39, 50}) EXPECT_FALSE(germany->IsWorking(easter + offset)) << year << " " << offset;
    EXPECT_TRUE(germany->IsWorking(easter + 2)) << year;
  }
}

TEST(WorkingDays, WeekdaysKnowEveryYear) {
  const auto weekdays = LoadWorkingDays(kCalendars, "weekdays");
  ASSERT_TRUE(weekdays.ok()) << weekdays.status();
  EXPECT_TRUE(weekdays->Knows(absl::CivilYear(2099)));
  EXPECT_EQ(weekdays->Add(absl::CivilDay(2024, 1, 15), 30), absl::CivilDay(2024, 2, 26));
  EXPECT_EQ(weekdays->Add(absl::CivilDay(2026, 12, 1), 30), absl::CivilDay(2027, 1, 12));
  EXPECT_FALSE(weekdays->IsWorking(absl::CivilDay(2099, 1, 3)));  // a Saturday
}

pb::WorkingDayCalendar OneYear() {
  pb::WorkingDayCalendar calendar;
  calendar.set_id("test");
  calendar.set_version(1);
  calendar.set_data_source("https://example.org");
  auto* year = calendar.add_years();
  year->set_year(2024);
  year->add_notices("https://example.org/2024");
  year->add_off_days("2024-01-01");
  year->add_make_up_days("2024-01-06");
  return calendar;
}

TEST(WorkingDays, WeekendsDiffer) {
  pb::WorkingDayCalendar calendar = OneYear();
  calendar.add_weekend(pb::WorkingDayCalendar::FRIDAY);
  calendar.add_weekend(pb::WorkingDayCalendar::SATURDAY);
  const auto days = WorkingDays::From(calendar);
  ASSERT_TRUE(days.ok()) << days.status();
  EXPECT_FALSE(days->IsWorking(absl::CivilDay(2024, 3, 1)));
  EXPECT_FALSE(days->IsWorking(absl::CivilDay(2024, 3, 2)));
  EXPECT_TRUE(days->IsWorking(absl::CivilDay(2024, 3, 3)));
  EXPECT_TRUE(days->IsWorking(absl::CivilDay(2024, 1, 6)));  // made up for
}

TEST(WorkingDays, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(WorkingDays::From(OneYear()).ok());
  const auto broken = [](auto change) {
    pb::WorkingDayCalendar calendar = OneYear();
    change(&calendar);
    return WorkingDays::From(calendar).status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(broken([](auto* c) { c->clear_id(); }));
  EXPECT_TRUE(broken([](auto* c) { c->clear_version(); }));
  EXPECT_TRUE(broken([](auto* c) { c->clear_data_source(); }));
  EXPECT_TRUE(broken([](auto* c) { c->set_no_holidays(true); }));
  EXPECT_TRUE(broken([](auto* c) { c->mutable_years(0)->set_year(1899); }));
  EXPECT_TRUE(broken([](auto* c) { c->add_weekend(pb::WorkingDayCalendar::WEEKDAY_UNSPECIFIED); }));
  EXPECT_TRUE(broken([](auto* c) {
    for (int day = pb::WorkingDayCalendar::MONDAY; day <= pb::WorkingDayCalendar::THURSDAY; ++day) {
      c->add_weekend(static_cast<pb::WorkingDayCalendar::Weekday>(day));
    }
  }));
  EXPECT_TRUE(broken([](auto* c) { *c->add_years() = c->years(0); }));
  EXPECT_TRUE(broken([](auto* c) { c->mutable_years(0)->clear_notices(); }));
  for (const char* day : {"2024-02-30", "2024-1-1", "2022-12-31", "2025-01-01", "", "x", "2024-01-01"}) {
    EXPECT_TRUE(broken([&](auto* c) { c->mutable_years(0)->add_off_days(day); })) << day;
  }
  for (const char* day : {"2024-01-32", "2024-01-01", "2024-01-06"}) {
    EXPECT_TRUE(broken([&](auto* c) { c->mutable_years(0)->add_make_up_days(day); })) << day;
  }
}

}  // namespace
}  // namespace rollcall
