// When jobs of anacron run, which depends on what starts anacron.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "collectors/scheduled_tasks/scheduled_tasks_test_support.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class AnacronRuns : public ScheduledTasksTest {
 protected:
  // As Debian has it; today is 2024-01-01, a Monday.
  AnacronRuns() {
    files_.SetFile("/etc/anacrontab", "1 5 daily x\n7 10 weekly run-parts /etc/cron.weekly\n@monthly 15 monthly x\n");
    files_.SetFile("/var/spool/anacron/daily", "20240101\n");
    files_.SetFile("/var/spool/anacron/weekly", "20231230\n");
    files_.SetFile("/var/spool/anacron/monthly", "20231215\n");
  }

  void SetTimer() {
    files_.SetFile("/usr/lib/systemd/system/anacron.timer",
                   "[Timer]\nOnCalendar=*-*-* 07..23:30\n[Install]\nWantedBy=timers.target\n");
    files_.SetSymlink("/etc/systemd/system/timers.target.wants/anacron.timer", "/usr/lib/systemd/system/anacron.timer");
  }

  // Red Hat's: a job of every hour runs a script.
  void SetScript() {
    SetDistribution("rhel");
    files_.SetFile("/etc/cron.d/0hourly", "01 * * * * root run-parts /etc/cron.hourly\n");
    SetFileWithMode("/etc/cron.hourly/0anacron", "#!/bin/sh\nexec /usr/sbin/anacron -s\n", 0755);
  }

  // next_run of the jobs, by their names.
  std::map<std::string, std::string> Next() {
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
    std::map<std::string, std::string> next;
    for (size_t i = 0; i < sink_.records().size(); ++i) {
      if (Task(i).manager() == pb::ScheduledTask::ANACRON) next[Task(i).entry()] = NextRun(i);
    }
    return next;
  }
};

TEST_F(AnacronRuns, IfNothingStartsItNever) {
  EXPECT_THAT(Next(), ElementsAre(Pair("daily", ""), Pair("monthly", ""), Pair("weekly", "")));
}

TEST_F(AnacronRuns, ATimerStartsIt) {
  SetTimer();
  SetFileWithMode("/etc/cron.weekly/man-db", "#!/bin/sh\n", 0755);
  EXPECT_THAT(Next(), ElementsAre(Pair("daily", "2024-01-02 07:35"), Pair("monthly", "2024-01-15 07:45"),
                                  Pair("weekly", "2024-01-06 07:40")));
  EXPECT_EQ(NextRun(sink_.records().size() - 1), "2024-01-06 07:40") << "of the script that the job starts";
}

TEST_F(AnacronRuns, ATimerThatDoesNotRunStartsNothing) {
  SetTimer();
  files_.SetDirectory("/run/systemd/system");
  manager_.timers = std::vector<TimerRunState>{};
  EXPECT_EQ(Next()["daily"], "");
  manager_.timers = std::vector<TimerRunState>{{"anacron.timer", std::nullopt, std::nullopt}};
  EXPECT_EQ(Next()["daily"], "2024-01-02 07:35");
  files_.SetSymlink("/etc/systemd/system/anacron.timer", "/dev/null");
  EXPECT_EQ(Next()["daily"], "") << "masked";
}

TEST_F(AnacronRuns, ACronJobStartsIt) {
  files_.SetFile("/etc/cron.d/anacron",
                 "30 9 * * * root [ -x /etc/init.d/anacron ] && if [ ! -d /run/systemd/system ]; then "
                 "/usr/sbin/invoke-rc.d anacron start >/dev/null; fi\n");
  EXPECT_EQ(Next()["daily"], "2024-01-02 09:35");
  files_.SetDirectory("/run/systemd/system");
  EXPECT_EQ(Next()["daily"], "") << "where systemd is init the job does nothing";
}

TEST_F(AnacronRuns, CroniesScriptStartsItWithinItsHours) {
  SetScript();
  files_.SetFile("/etc/anacrontab",
                 "RANDOM_DELAY=45\nSTART_HOURS_RANGE=3-22\n1 5 cron.daily x\n7 25 cron.weekly x\n@monthly 45 m x\n");
  files_.SetFile("/var/spool/anacron/cron.daily", "20231231\n");
  files_.SetFile("/var/spool/anacron/cron.weekly", "20231230\n");
  auto next = Next();
  EXPECT_EQ(next["cron.daily"], "2024-01-01 03:06");
  EXPECT_EQ(next["cron.weekly"], "") << "the random delay decides between two starts";
  EXPECT_EQ(next["m"], "2024-01-01 00:46") << "it never ran, and then keeps no hours";
  files_.SetFile("/var/spool/anacron/cron.daily", "20240101\n");
  next = Next();
  EXPECT_EQ(next["cron.daily"], "2024-01-02 03:06");
  EXPECT_EQ(next["m"], "2024-01-02 00:46") << "the script leaves anacron alone for the rest of the day";
  SetFileWithMode("/etc/cron.hourly/0anacron", "#!/bin/sh\n", 0644);
  EXPECT_EQ(Next()["cron.daily"], "") << "not executable";
}

TEST_F(AnacronRuns, WhatIsNotUnderstoodLeavesItUnknown) {
  SetTimer();
  files_.SetFile("/etc/cron.d/mine", "0 4 * * * root /usr/sbin/anacron -s -t /root/mine\n");
  EXPECT_EQ(Next()["daily"], "");
  files_.SetFile("/etc/cron.d/mine", "0 4 * * * jane /usr/sbin/anacron -s -t /home/jane/mine\n");
  EXPECT_EQ(Next()["daily"], "2024-01-02 07:35") << "another user's is not the system's";
  files_.Unset("/etc/cron.d/mine");
  files_.SetFile("/usr/lib/systemd/system/anacron.timer",
                 "[Timer]\nOnCalendar=daily\nOnUnitActiveSec=1h\n[Install]\nWantedBy=timers.target\n");
  EXPECT_EQ(Next()["daily"], "");
}

TEST_F(AnacronRuns, AStampThatCannotBeReadLeavesItUnknown) {
  SetTimer();
  files_.SetError("/var/spool/anacron/daily", absl::PermissionDeniedError("permission denied"));
  const auto next = Next();
  EXPECT_EQ(next.at("daily"), "");
  EXPECT_EQ(next.at("weekly"), "2024-01-06 07:40");
  files_.Unset("/var/spool/anacron/weekly");
  EXPECT_EQ(Next()["weekly"], "2024-01-01 07:40") << "it never ran";
}

TEST_F(AnacronRuns, ATableThatCouldNotBeReadMayStartIt) {
  SetTimer();
  files_.SetFile("/etc/crontab", "");
  files_.SetError("/etc/crontab", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(NextRun(1), "");
}

}  // namespace
}  // namespace rollcall
