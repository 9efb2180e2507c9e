// A task is enabled only if something there would run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/scheduled_tasks/scheduled_tasks_test_support.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using TaskEnabled = ScheduledTasksTest;

TEST_F(TaskEnabled, OnlyWhereThisCronLooks) {
  SetFileWithMode("/etc/crontab", "1 1 * * * root a\n", 0600);
  SetFileWithMode("/var/spool/cron/crontabs/root", "1 2 * * * b\n", 0600);
  SetFileWithMode("/var/spool/cron/tabs/root", "1 3 * * * c\n", 0600);
  SetFileWithMode("/etc/crontabs/root", "1 4 * * * d\n", 0600);
  SetFileWithMode("/var/spool/cron/root", "1 5 * * * e\n", 0600);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("1 1 * * * | root | a", "1 2 * * * | root | b",
                                   "1 3 * * * | root | c (this cron does not read this place)",
                                   "1 4 * * * | root | d (this cron does not read this place)",
                                   "1 5 * * * | root | e (this cron does not read this place)"));
  SetDistribution("alpine");
  Run();
  EXPECT_THAT(Found(), ElementsAre("1 1 * * * | root | a (this cron does not read this place)", "1 2 * * * | root | b",
                                   "1 3 * * * | root | c (this cron does not read this place)", "1 4 * * * | root | d",
                                   "1 5 * * * | root | e (this cron does not read this place)"));
  SetDistribution("fedora");
  Run();
  EXPECT_THAT(Found(),
              ElementsAre("1 1 * * * | root | a", "1 2 * * * | root | b", "1 3 * * * | root | c",
                          "1 4 * * * | root | d (this cron does not read this place)", "1 5 * * * | root | e"));
}

TEST_F(TaskEnabled, AScriptThatNothingStartsIsNot) {
  SetFileWithMode("/etc/cron.daily/backup", "#!/bin/sh\n", 0755);
  SetFileWithMode("/etc/cron.weekly/off", "#!/bin/sh\n", 0644);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), UnorderedElementsAre("daily |  | /etc/cron.daily/backup (no job starts this directory)",
                                            "weekly |  | /etc/cron.weekly/off (not executable)"));
}

TEST_F(TaskEnabled, AScriptMayBeStartedByWhatWasNotSeen) {
  SetFileWithMode("/etc/cron.daily/backup", "#!/bin/sh\n", 0755);
  files_.SetFile("/etc/crontab", "");
  files_.SetError("/etc/crontab", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("daily |  | /etc/cron.daily/backup"));
}

TEST_F(TaskEnabled, SystemdCronStartsScripts) {
  SetFileWithMode("/etc/cron.daily/backup", "#!/bin/sh\n", 0755);
  files_.SetFile("/usr/lib/systemd/system/cron-daily.timer", "[Timer]\nOnCalendar=daily\n");
  Run();
  EXPECT_EQ(Task(1).source_path(), "/etc/cron.daily/backup");
  EXPECT_TRUE(Task(1).enabled());
}

}  // namespace
}  // namespace rollcall
