// One user must not crowd out the tasks of the system or of others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "collectors/scheduled_tasks/scheduled_tasks_test_support.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

using TaskLimits = ScheduledTasksTest;

std::string Jobs(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, "0 1 * * * x", i, "\n");
  return text;
}

TEST_F(TaskLimits, OfAUsersTableAThousandJobsAreKeptLoudly) {
  SetFileWithMode("/var/spool/cron/crontabs/jane", Jobs(1'001), 0600);
  pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_TRUE(result.truncated());
  EXPECT_EQ(result.observed_count(), 1'001U);
  EXPECT_THAT(sink_.records(), SizeIs(1'000));

  SetFileWithMode("/var/spool/cron/crontabs/jane", Jobs(1'000), 0600);
  result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(sink_.records(), SizeIs(1'000));
}

TEST_F(TaskLimits, RootsTableMayBeLonger) {
  SetFileWithMode("/var/spool/cron/crontabs/root", Jobs(1'001), 0600);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(sink_.records(), SizeIs(1'001));
}

TEST_F(TaskLimits, WhatUsersMakeComesLast) {
  SetFileWithMode("/var/spool/cron/crontabs/jane", "0 1 * * * hers\n", 0600);
  SetFileWithMode("/var/spool/cron/crontabs/root", "0 2 * * * run-parts /etc/cron.daily\n", 0600);
  SetFileWithMode("/etc/cron.daily/backup", "#!/bin/sh\n", 0755);
  files_.SetFile("/etc/crontab", "0 3 * * * root system\n");
  files_.SetFile("/etc/anacrontab", "1 5 job late\n");
  files_.SetFile("/etc/systemd/system/t.timer", "[Timer]\nOnCalendar=daily\n");
  Run();
  std::vector<std::string> order;
  for (size_t i = 0; i < sink_.records().size(); ++i) order.push_back(Task(i).source_path());
  EXPECT_THAT(order, ElementsAre("/etc/crontab", "/var/spool/cron/crontabs/root", "/etc/systemd/system/t.timer",
                                 "/etc/anacrontab", "/etc/cron.daily/backup", "/var/spool/cron/crontabs/jane"));
  EXPECT_EQ(Task(4).started_by(), "/var/spool/cron/crontabs/root:1");
}

TEST_F(TaskLimits, AUsersTableStartsNoScriptsOfTheSystem) {
  SetFileWithMode("/var/spool/cron/crontabs/jane", "0 2 * * * run-parts /etc/cron.daily\n", 0600);
  SetFileWithMode("/etc/cron.daily/backup", "#!/bin/sh\n", 0755);
  Run();
  EXPECT_EQ(Task(0).source_path(), "/etc/cron.daily/backup");
  EXPECT_EQ(Task(0).started_by(), "");
}

// Each with names of its own would be kilobytes for a line of 14 bytes.
TEST(CrontabEnvironments, ShareTheirNames) {
  std::string text;
  for (int i = 0; i < 60; ++i) absl::StrAppend(&text, "N", i, "=1\n");
  for (int i = 0; i < 3; ++i) absl::StrAppend(&text, "N1=2\n* * * * * x\n");
  absl::StrAppend(&text, "LAST=1\n* * * * * x\n");
  const CrontabParse parse = ParseCrontab(text, {CronDialect::kDebian, false}, 1'000);
  ASSERT_THAT(parse.environments, SizeIs(4));
  for (const TaskEnvironment& environment : parse.environments) {
    EXPECT_EQ(environment.names().data(), parse.environments[0].names().data());
  }
  EXPECT_THAT(parse.environments[2].names(), SizeIs(60)) << "what is set below does not count";
  EXPECT_THAT(parse.environments[3].names(), SizeIs(61));
}

TEST(TaskEnvironment, ACopyGoesItsOwnWay) {
  TaskEnvironment one;
  one.Set("A", "1");
  TaskEnvironment other = one;
  one.Set("B", "1");
  other.Set("C", "1");
  EXPECT_THAT(one.names(), ElementsAre("A", "B"));
  EXPECT_THAT(other.names(), ElementsAre("A", "C"));
}

}  // namespace
}  // namespace rollcall
