#include "backend/retention/working_days.h"

#include <gtest/gtest.h>

#include "backend/retention/policy_loader.h"

namespace rollcall {
namespace {

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

pb::WorkingDayCalendar OneYear() {
  pb::WorkingDayCalendar calendar;
  calendar.set_id("test");
  auto* year = calendar.add_years();
  year->set_year(2024);
  year->add_notices("https://example.org/2024");
  year->add_off_days("2024-01-01");
  year->add_make_up_days("2024-01-06");
  return calendar;
}

TEST(WorkingDays, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(WorkingDays::From(OneYear()).ok());
  const auto broken = [](auto change) {
    pb::WorkingDayCalendar calendar = OneYear();
    change(&calendar);
    return WorkingDays::From(calendar).status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(broken([](auto* c) { c->clear_id(); }));
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
