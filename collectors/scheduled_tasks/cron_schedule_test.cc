#include "collectors/scheduled_tasks/cron_schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

// The normal form, or what is wrong.
std::string Read(absl::string_view text, CronDialect dialect) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, ' ');
  const auto schedule = text[0] == '@' ? ParseCronName(text, dialect) : ParseCronFields(fields, dialect);
  return schedule.ok() ? FormatCronSchedule(*schedule) : std::string(schedule.status().message());
}

std::string Debian(absl::string_view text) { return Read(text, CronDialect::kDebian); }
std::string Cronie(absl::string_view text) { return Read(text, CronDialect::kCronie); }
std::string Busybox(absl::string_view text) { return Read(text, CronDialect::kBusybox); }

TEST(CronSchedule, ReadsValuesRangesStepsAndLists) {
  EXPECT_EQ(Debian("* * * * *"), "* * * * *");
  EXPECT_EQ(Debian("*/15 * * * *"), "*/15 * * * *");
  EXPECT_EQ(Debian("5,1,3 0-23/6 1-3 1,2 *"), "1,3,5 0,6,12,18 1-3 1,2 *");
  EXPECT_EQ(Debian("0-5,10-20/5,*/30 * * * *"), "0-5,10,15,20,30 * * * *");
  EXPECT_EQ(Debian("*/20,7 * * * *"), "*/20,7 * * * *");
  EXPECT_EQ(Debian("000005 * * * *"), "5 * * * *");
}

TEST(CronSchedule, NamesAreNumbers) {
  EXPECT_EQ(Debian("0 0 * jan-MAR,Dec mon-fri"), "0 0 * 1-3,12 1-5");
  EXPECT_EQ(Debian("0 0 * 1-dec/3 sun"), "0 0 * 1,4,7,10 0");
  EXPECT_EQ(Debian("0 0 * january *"), "bad month");
  EXPECT_EQ(Debian("jan * * * *"), "bad minute");
}

TEST(CronSchedule, DayOfWeekSevenIsSunday) {
  EXPECT_EQ(Debian("0 0 * * 7"), "0 0 * * 0");
  EXPECT_EQ(Debian("0 0 * * 5-7"), "0 0 * * 0,5,6");
  EXPECT_EQ(Debian("0 0 * * 0-7/2"), "0 0 * * 0,2,4,6");
  EXPECT_EQ(Debian("0 0 * * 8"), "bad day of week");
}

TEST(CronSchedule, AtNamesAreFiveFields) {
  EXPECT_EQ(Debian("@hourly"), "0 * * * *");
  EXPECT_EQ(Debian("@daily"), "0 0 * * *");
  EXPECT_EQ(Debian("@midnight"), "0 0 * * *");
  EXPECT_EQ(Debian("@weekly"), "0 0 * * 0");
  EXPECT_EQ(Debian("@monthly"), "0 0 1 * *");
  EXPECT_EQ(Debian("@yearly"), "0 0 1 1 *");
  EXPECT_EQ(Debian("@annually"), "0 0 1 1 *");
  EXPECT_EQ(Debian("@reboot"), "@reboot");
  EXPECT_EQ(Debian("@every_minute"), "* * * * *");
  EXPECT_EQ(Debian("@every_second"), "@every_second");
  EXPECT_EQ(Debian("@fortnightly"), "unknown time name");
}

TEST(CronSchedule, NamesOfOtherCronsAreForeign) {
  EXPECT_FALSE(ParseCronName("@daily", CronDialect::kDebian)->foreign_name);
  EXPECT_TRUE(ParseCronName("@Daily", CronDialect::kDebian)->foreign_name);
  EXPECT_FALSE(ParseCronName("@Daily", CronDialect::kBusybox)->foreign_name);
  EXPECT_TRUE(ParseCronName("@every_minute", CronDialect::kCronie)->foreign_name);
  EXPECT_TRUE(ParseCronName("@every_second", CronDialect::kCronie)->foreign_name);
}

TEST(CronSchedule, BadValuesNameTheField) {
  EXPECT_EQ(Debian("60 * * * *"), "bad minute");
  EXPECT_EQ(Debian("* 24 * * *"), "bad hour");
  EXPECT_EQ(Debian("* * 0 * *"), "bad day of month");
  EXPECT_EQ(Debian("* * 32 * *"), "bad day of month");
  EXPECT_EQ(Debian("* * * 13 *"), "bad month");
  EXPECT_EQ(Debian("99999999999999999999 * * * *"), "bad minute");
  EXPECT_EQ(Debian("1,,2 * * * *"), "bad minute");
  EXPECT_EQ(Debian("1, * * * *"), "bad minute");
  EXPECT_EQ(Debian("5x * * * *"), "bad minute");
  EXPECT_EQ(Debian("5/10 * * * *"), "bad minute");
  EXPECT_EQ(Debian("-5 * * * *"), "bad minute");
}

TEST(CronSchedule, StepZeroIsRefusedNotEndless) {
  for (CronDialect dialect : {CronDialect::kDebian, CronDialect::kCronie, CronDialect::kBusybox}) {
    EXPECT_EQ(Read("*/0 * * * *", dialect), "bad minute");
    EXPECT_EQ(Read("0-59/0 * * * *", dialect), "bad minute");
  }
}

TEST(CronSchedule, AStepLongerThanTheRangeIsTheFirstValue) {
  EXPECT_EQ(Debian("*/100 * * * *"), "*/100 * * * *");
  EXPECT_EQ(Cronie("10-90/200 * * * *"), "10 * * * *");
  EXPECT_EQ(Debian("10-90/200 * * * *"), "bad minute") << "Debian looks at the end of the range";
  EXPECT_EQ(Debian("0-4294967295/4294967295 * * * *"), "bad minute");
}

TEST(CronSchedule, DebianIgnoresWhatFollowsARange) {
  EXPECT_EQ(Debian("*abc 1-2-3,9 * * *"), "* 1,2 * * *");
  EXPECT_EQ(Debian("0~5,99 * * * *"), "0 * * * *");
  EXPECT_EQ(Cronie("1-2-3 * * * *"), "bad minute");
  EXPECT_EQ(Cronie("*abc * * * *"), "* * * * *");
  EXPECT_EQ(Busybox("*abc * * * *"), "bad minute");
}

TEST(CronSchedule, ARangeThatEndsBeforeItBegins) {
  // Never due.
  EXPECT_EQ(Debian("0 0 * * 5-1"), "0 0 * * none");
  EXPECT_EQ(Cronie("0 0 * * 5-1"), "bad day of week");
  EXPECT_EQ(Busybox("0 22-2 * * *"), "0 0-2,22,23 * * *");
}

TEST(CronSchedule, CronieChoosesARandomValue) {
  const std::vector<absl::string_view> fields = {"0~29", "~", "*", "*", "*"};
  const auto schedule = ParseCronFields(fields, CronDialect::kCronie);
  ASSERT_TRUE(schedule.ok()) << schedule.status();
  EXPECT_TRUE(schedule->randomized);
  EXPECT_EQ(Cronie("0~29 ~ * * *"), "0-29 0-23 * * * ~");
  EXPECT_EQ(Cronie("50~ ~3 * * *"), "50-59 0-3 * * * ~");
  EXPECT_EQ(Cronie("29~0 * * * *"), "bad minute");
  EXPECT_EQ(Cronie("0~99 * * * *"), "bad minute");
}

TEST(CronSchedule, BusyboxLooksAtTheSetNotAtTheStar) {
  const std::vector<absl::string_view> fields = {"0", "0", "*/2", "1-12", "*"};
  const auto schedule = ParseCronFields(fields, CronDialect::kBusybox);
  ASSERT_TRUE(schedule.ok()) << schedule.status();
  EXPECT_FALSE(schedule->day.star);
  EXPECT_TRUE(schedule->month.star);
  EXPECT_TRUE(schedule->weekday.star);
  EXPECT_EQ(Busybox("5/10 * * * *"), "5 * * * *");
}

TEST(CronSchedule, NotFiveFields) {
  EXPECT_EQ(Debian("* * * *"), "not five fields");
  EXPECT_EQ(Debian(" "), "not five fields");
}

}  // namespace
}  // namespace rollcall
