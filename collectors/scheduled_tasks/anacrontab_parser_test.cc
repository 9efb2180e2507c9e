#include "collectors/scheduled_tasks/anacrontab_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/scheduled_tasks/crontab_parser.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AnacrontabParse Parse(absl::string_view text) { return ParseAnacrontab(text, 100); }

std::vector<std::string> Jobs(const AnacrontabParse& parse) {
  std::vector<std::string> jobs;
  for (const AnacronJob& job : parse.jobs) {
    jobs.push_back(absl::StrCat(job.line, ": ", job.period, " +", job.delay_minutes, " ", job.id, " | ", job.command));
  }
  return jobs;
}

std::vector<std::string> Messages(const AnacrontabParse& parse) {
  std::vector<std::string> messages;
  for (const absl::Status& problem : parse.problems.kept()) messages.emplace_back(problem.message());
  return messages;
}

TEST(Anacrontab, ReadsJobsAndEnvironment) {
  const AnacrontabParse parse = Parse(
      "# comment\nSHELL=/bin/sh\nRANDOM_DELAY=45\nSTART_HOURS_RANGE=3-22\n\n"
      "1\t5\tcron.daily\t\tnice run-parts /etc/cron.daily\n7 25 cron.weekly run-parts /etc/cron.weekly\n"
      "@monthly 45 cron.monthly x=1 run\n3 0 odd x\n@yearly 1 y z\n");
  EXPECT_THAT(Jobs(parse),
              ElementsAre("6: @daily +5 cron.daily | nice run-parts /etc/cron.daily",
                          "7: @weekly +25 cron.weekly | run-parts /etc/cron.weekly",
                          "8: @monthly +45 cron.monthly | x=1 run", "9: @every 3d +0 odd | x", "10: @yearly +1 y | z"));
  EXPECT_THAT(Messages(parse), IsEmpty());
  EXPECT_EQ(parse.environments[0].start_hours_range(), "3-22");
  EXPECT_EQ(parse.environments[0].random_delay(), "45");
}

TEST(Anacrontab, AContinuedLineIsOneLine) {
  EXPECT_THAT(Jobs(Parse("1 5 a \\\nx \\\ny\n1 5 b z\n")), ElementsAre("1: @daily +5 a | x y", "4: @daily +5 b | z"));
  EXPECT_THAT(Jobs(Parse("\\\n1 5 a x\n")), ElementsAre("1: @daily +5 a | x"));
}

TEST(Anacrontab, BadLinesAreProblemsAndTheRestIsKept) {
  const AnacrontabParse parse = Parse(
      "x 5 a c\n-1 5 a c\n@fortnightly 5 a c\n1 -5 a c\n1 5 a/b c\n1 5 a\n1\n99999999999 5 a c\n1 5 good secret\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("9: @daily +5 good | secret"));
  EXPECT_THAT(Messages(parse), ElementsAre("line 1: bad period", "line 2: bad period", "line 3: bad period",
                                           "line 4: bad delay", "line 5: bad name of a job", "line 6: no command",
                                           "line 7: bad delay", "line 8: bad period"));
}

TEST(Anacrontab, NoTrailingNewlineAndCarriageReturns) {
  EXPECT_THAT(Jobs(Parse("1 5 a x\r\n1 5 b y")), ElementsAre("1: @daily +5 a | x", "2: @daily +5 b | y"));
}

TEST(Anacrontab, NulBytesInvalidUtf8AndOverlongLines) {
  const AnacrontabParse parse = Parse(
      absl::StrCat(absl::string_view("1 5 n \0\n", 8), "1 5 u\xff c\xff\n1 5 l ", std::string(100'000, 'x'), "\n"));
  EXPECT_THAT(Messages(parse), ElementsAre("line 1: a NUL byte"));
  ASSERT_EQ(parse.jobs.size(), 2U);
  EXPECT_EQ(parse.jobs[0].id, "u\xef\xbf\xbd");
  EXPECT_EQ(parse.jobs[0].command, "c\xef\xbf\xbd");
  EXPECT_TRUE(parse.jobs[1].command_truncated);
  EXPECT_EQ(parse.jobs[1].command.size(), kMaxCommandBytes);
}

TEST(Anacrontab, AssignmentsHoldFromTheNextLineOn) {
  const AnacrontabParse parse = Parse("1 5 a x\nMAILTO = ops\n1 5 b y\n");
  EXPECT_EQ(parse.environments[parse.jobs[0].environment].names().size(), 0U);
  EXPECT_THAT(parse.environments[parse.jobs[1].environment].names(), ElementsAre("MAILTO"));
}

TEST(Anacrontab, TooManyJobsAreCounted) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "1 5 a x\n";
  EXPECT_EQ(Parse(text).jobs.size(), 100U);
  EXPECT_EQ(Parse(text).observed, 150U);
}

}  // namespace
}  // namespace rollcall
