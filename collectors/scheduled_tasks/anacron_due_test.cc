#include "collectors/scheduled_tasks/anacron_due.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Period = AnacronTiming::Period;

absl::Time At(absl::string_view utc) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", utc, &time, &error)) << error;
  return time;
}

AnacronTiming Every(uint32_t days, absl::CivilDay last) {
  AnacronTiming timing;
  timing.days = days;
  timing.last = last;
  return timing;
}

// Started at that minute of every hour.
std::vector<AnacronStart> Hourly(int minute) {
  return {[minute](absl::Time after) {
    absl::Time time = absl::FromCivil(absl::ToCivilHour(after, absl::UTCTimeZone()), absl::UTCTimeZone());
    time += absl::Minutes(minute);
    return time > after ? time : time + absl::Hours(1);
  }};
}

std::string Next(const AnacronTiming& timing, absl::string_view now, const std::vector<AnacronStart>& starts) {
  const auto next = NextAnacronRun(timing, At(now), absl::UTCTimeZone(), starts);
  return next.has_value() ? absl::FormatTime("%Y-%m-%d %H:%M", *next, absl::UTCTimeZone()) : "";
}

TEST(AnacronDue, ANumberOfDaysAfterTheStamp) {
  const absl::CivilDay last(2024, 2, 28);
  EXPECT_FALSE(IsAnacronJobDue(Every(1, last), last));
  EXPECT_TRUE(IsAnacronJobDue(Every(1, last), last + 1));
  EXPECT_FALSE(IsAnacronJobDue(Every(7, last), last + 6));
  EXPECT_TRUE(IsAnacronJobDue(Every(7, last), last + 7));
  EXPECT_TRUE(IsAnacronJobDue(Every(0, last), last));
  EXPECT_TRUE(IsAnacronJobDue(Every(7, last), last - 1)) << "the clock was wrong";
  EXPECT_TRUE(IsAnacronJobDue(AnacronTiming(), last)) << "it never ran";
}

TEST(AnacronDue, NamedPeriodsAreAsLongAsTheyAre) {
  AnacronTiming timing = Every(0, absl::CivilDay(2024, 1, 15));
  timing.period = Period::kMonth;
  EXPECT_FALSE(IsAnacronJobDue(timing, absl::CivilDay(2024, 2, 12)));
  EXPECT_TRUE(IsAnacronJobDue(timing, absl::CivilDay(2024, 2, 13))) << "29 days, as February has";
  EXPECT_FALSE(IsAnacronJobDue(timing, absl::CivilDay(2024, 2, 14))) << "anacron's arithmetic";
  EXPECT_TRUE(IsAnacronJobDue(timing, absl::CivilDay(2024, 2, 15))) << "31 days, as January has";
  timing.period = Period::kYear;
  EXPECT_FALSE(IsAnacronJobDue(timing, absl::CivilDay(2025, 1, 13)));
  EXPECT_TRUE(IsAnacronJobDue(timing, absl::CivilDay(2025, 1, 15)));
}

TEST(AnacronDue, TheFirstStartThatFindsItDueAndTheDelay) {
  AnacronTiming timing = Every(7, absl::CivilDay(2024, 1, 1));
  timing.delay = absl::Minutes(10);
  EXPECT_EQ(Next(timing, "2024-01-02 12:00", Hourly(30)), "2024-01-08 00:40");
  EXPECT_EQ(Next(timing, "2024-01-20 12:30", Hourly(30)), "2024-01-20 13:40") << "overdue";
  timing.hours = {3, 22};
  EXPECT_EQ(Next(timing, "2024-01-02 12:00", Hourly(30)), "2024-01-08 03:40");
  EXPECT_EQ(Next(timing, "2024-01-20 21:10", Hourly(30)), "2024-01-20 21:40");
  EXPECT_EQ(Next(timing, "2024-01-20 21:40", Hourly(30)), "2024-01-21 03:40") << "22:40 is too late";
  EXPECT_EQ(Next(timing, "2024-01-20 21:40", Hourly(55)), "2024-01-21 03:05") << "the hour is the job's, not anacron's";
  timing.hours = {3, 3};
  EXPECT_EQ(Next(timing, "2024-01-20 21:40", Hourly(30)), "");
  timing.last.reset();
  EXPECT_EQ(Next(timing, "2024-01-20 21:40", Hourly(30)), "2024-01-20 22:40") << "a first run keeps no hours";
}

TEST(AnacronDue, ARandomDelayThatDecidesLeavesItUnknown) {
  AnacronTiming timing = Every(1, absl::CivilDay(2024, 1, 1));
  timing.delay = absl::Minutes(5);
  timing.random_delay = absl::Minutes(45);
  timing.hours = {3, 22};
  EXPECT_EQ(Next(timing, "2024-01-01 12:00", Hourly(1)), "2024-01-02 03:06");
  timing.delay = absl::Minutes(25);
  EXPECT_EQ(Next(timing, "2024-01-01 12:00", Hourly(1)), "") << "at 02:01 it may be told to wait past 03:00";
  EXPECT_EQ(Next(timing, "2024-01-02 12:00", Hourly(1)), "2024-01-02 12:26");
  timing.random_delay = absl::Minutes(uint32_t{0xffffffff});
  EXPECT_EQ(Next(timing, "2024-01-02 12:00", Hourly(1)), "");
}

TEST(AnacronDue, ImpossibleTimesEnd) {
  EXPECT_EQ(Next(Every(0xffffffff, absl::CivilDay(2024, 1, 1)), "2024-01-02 00:00", Hourly(1)), "");
  AnacronTiming timing;
  timing.delay = absl::Minutes(uint32_t{0xffffffff});
  EXPECT_EQ(Next(timing, "2024-01-02 00:00", Hourly(1)), "");
  EXPECT_EQ(Next(AnacronTiming(), "2024-01-02 00:00", {}), "") << "nothing starts it";
}

TEST(AnacronDue, TheEarliestOfSeveralStarts) {
  std::vector<AnacronStart> starts = Hourly(30);
  starts.push_back(Hourly(10)[0]);
  starts.push_back([](absl::Time) { return std::nullopt; });
  EXPECT_EQ(Next(AnacronTiming(), "2024-01-02 00:00", starts), "2024-01-02 00:10");
}

TEST(AnacronHours, AreTwoNumbers) {
  EXPECT_EQ(ParseAnacronHours("3-22"), std::pair(3, 22));
  EXPECT_EQ(ParseAnacronHours("0-24"), std::pair(0, 24));
  for (const char* bad : {"", "3", "-", "3-", "-3", "22-3", "0-25", "-1-3", "a-b", "99999999999-1"}) {
    EXPECT_FALSE(ParseAnacronHours(bad).has_value()) << bad;
  }
}

TEST(AnacronStamp, IsADay) {
  EXPECT_EQ(ParseAnacronStamp("20240229\n"), absl::CivilDay(2024, 2, 29));
  for (const char* bad : {"", "2024022", "20230229", "20241301", "2024-2-2", "+2024011", "202402290"}) {
    EXPECT_FALSE(ParseAnacronStamp(bad).has_value()) << bad;
  }
}

TEST(AnacronCommandOf, KnowsTheDistributions) {
  EXPECT_EQ(AnacronCommandOf("run-parts /etc/cron.daily"), AnacronCommand::kNone);
  EXPECT_EQ(AnacronCommandOf("test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )"),
            AnacronCommand::kNone);
  EXPECT_EQ(
      AnacronCommandOf("[ -x /etc/init.d/anacron ] && if [ ! -d /run/systemd/system ]; then /usr/sbin/invoke-rc.d "
                       "anacron start >/dev/null; fi"),
      AnacronCommand::kStartsWithoutSystemd);
  EXPECT_EQ(AnacronCommandOf("test -x /etc/init.d/anacron && /usr/sbin/invoke-rc.d anacron start >/dev/null"),
            AnacronCommand::kStarts);
  EXPECT_EQ(AnacronCommandOf("/usr/sbin/anacron -s"), AnacronCommand::kStarts);
  EXPECT_EQ(AnacronCommandOf("test -x /usr/sbin/anacron && /usr/sbin/anacron"), AnacronCommand::kStarts);
  EXPECT_EQ(AnacronCommandOf("/usr/sbin/anacron -t /root/mine"), AnacronCommand::kUnknown);
}

}  // namespace
}  // namespace rollcall
