// When timers are due: from their files, from the time of boot, and from systemd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/scheduled_tasks/scheduled_tasks_test_support.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

class TimersDue : public ScheduledTasksTest {
 protected:
  // Ten minutes ago.
  TimersDue() { SetBoot(clock_.Now() - absl::Minutes(10)); }

  void SetBoot(absl::Time boot) {
    files_.SetFile("/proc/stat", absl::StrCat("cpu 1 2 3\nbtime ", absl::ToUnixSeconds(boot), "\n"));
  }

  // An enabled timer of those settings.
  void SetTimer(absl::string_view name, absl::string_view settings) {
    const std::string path = absl::StrCat("/usr/lib/systemd/system/", name);
    files_.SetFile(path, absl::StrCat("[Timer]\n", settings, "\n[Install]\nWantedBy=timers.target\n"));
    files_.SetSymlink(absl::StrCat("/etc/systemd/system/timers.target.wants/", name), path);
  }

  // next_run of the one timer there is.
  std::string NextOf(absl::string_view settings) {
    SetTimer("a.timer", settings);
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
    EXPECT_TRUE(Task(0).enabled());
    return NextRun(0);
  }

  void SystemdRuns() { files_.SetDirectory("/run/systemd/system"); }
};

TEST_F(TimersDue, AfterBoot) {
  EXPECT_EQ(NextOf("OnBootSec=15min"), "2024-01-01 00:05");
  EXPECT_EQ(NextOf("OnStartupSec=1h 10min"), "2024-01-01 01:00");
  EXPECT_EQ(NextOf("OnBootSec=10min"), "") << "now is not later";
  EXPECT_EQ(NextOf("OnBootSec=9min 59s"), "") << "over until the next boot";
  EXPECT_EQ(NextOf("OnBootSec=5min\nOnBootSec=20min\nOnStartupSec=2h"), "2024-01-01 00:10");
  EXPECT_EQ(NextOf("OnBootSec=infinity"), "");
  EXPECT_EQ(NextOf("OnBootSec=9999y"), "");
}

TEST_F(TimersDue, TheEarliestCounts) {
  EXPECT_EQ(NextOf("OnCalendar=daily"), "2024-01-02 00:00");
  EXPECT_EQ(NextOf("OnCalendar=daily\nOnBootSec=1h"), "2024-01-01 00:50");
  EXPECT_EQ(NextOf("OnCalendar=daily\nOnBootSec=3d"), "2024-01-02 00:00");
  EXPECT_EQ(NextOf("OnCalendar=daily\nOnBootSec=5min"), "2024-01-02 00:00");
}

TEST_F(TimersDue, WithoutATimeOfBootItIsNotSaid) {
  for (const char* stat : {"", "btime x\n", "btime 4000000000\n", "cpu 1\n"}) {
    files_.SetFile("/proc/stat", stat);
    EXPECT_EQ(NextOf("OnBootSec=1d\nOnCalendar=weekly"), "") << stat;
    EXPECT_EQ(NextOf("OnCalendar=weekly"), "2024-01-08 00:00") << stat;
  }
  files_.Unset("/proc/stat");
  EXPECT_EQ(NextOf("OnBootSec=1d"), "");
}

TEST_F(TimersDue, InAContainerBootIsNotTheHosts) {
  files_.SetFile("/run/systemd/container", "lxc");
  EXPECT_EQ(NextOf("OnBootSec=1d"), "");
}

TEST_F(TimersDue, ATimerThatCountsFromARunIsNotKnownFromFiles) {
  for (const char* setting : {"OnUnitActiveSec=1h", "OnUnitInactiveSec=1h", "OnActiveSec=1h"}) {
    EXPECT_EQ(NextOf(absl::StrCat("OnCalendar=daily\nOnBootSec=1h\n", setting)), "") << setting;
  }
  EXPECT_EQ(NextOf("OnCalendar=daily\nOnUnitActiveSec=infinity"), "2024-01-02 00:00") << "it never elapses";
}

TEST_F(TimersDue, SystemdKnows) {
  SystemdRuns();
  SetTimer("b.timer", "OnCalendar=daily");
  const absl::Time now = clock_.Now();
  manager_.timers = std::vector<TimerRunState>{{"a.timer", now + absl::Minutes(7), now - absl::Hours(1)},
                                               {"unknown.timer", now + absl::Minutes(7), now}};
  EXPECT_EQ(NextOf("OnUnitActiveSec=1h\nOnBootSec=1min"), "2024-01-01 00:07");
  EXPECT_EQ(*FromWire(Task(0).last_run()), now - absl::Hours(1));
  EXPECT_EQ(NextRun(1), "") << "it is enabled, and not active: someone stopped it";
  EXPECT_TRUE(Task(1).enabled());
  EXPECT_EQ(sink_.records().size(), 2U);
  EXPECT_EQ(manager_.calls, 1);
}

TEST_F(TimersDue, WhatSystemdSaysMustBeThinkable) {
  SystemdRuns();
  const absl::Time now = clock_.Now();
  manager_.timers = std::vector<TimerRunState>{{"a.timer", now, now + absl::Seconds(1)}};
  EXPECT_EQ(NextOf("OnCalendar=daily"), "") << "its unit runs";
  EXPECT_FALSE(Task(0).has_last_run()) << "nothing ran in the future";
  manager_.timers = std::vector<TimerRunState>{{"a.timer", std::nullopt, std::nullopt}};
  EXPECT_EQ(NextOf("OnCalendar=daily"), "");
}

TEST_F(TimersDue, ATimerThatIsNotEnabledHasNoNextRun) {
  SystemdRuns();
  files_.SetFile("/usr/lib/systemd/system/a.timer", "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n");
  manager_.timers = std::vector<TimerRunState>{{"a.timer", clock_.Now() + absl::Minutes(7), std::nullopt}};
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_FALSE(Task(0).enabled());
  EXPECT_FALSE(Task(0).has_next_run());
}

TEST_F(TimersDue, WithoutAnAnswerFilesSayWhatTheyCan) {
  SystemdRuns();
  SetTimer("b.timer", "OnUnitActiveSec=1h");
  SetTimer("c.timer", "OnBootSec=1h");
  EXPECT_EQ(NextOf("OnCalendar=daily"), "2024-01-02 00:00");
  EXPECT_EQ(NextRun(1), "");
  EXPECT_EQ(NextRun(2), "2024-01-01 00:50");
  pb::RunResult result = Run();
  ASSERT_EQ(result.degradations_size(), 1);
  EXPECT_EQ(result.degradations(0).path(), "/run/dbus/system_bus_socket");
  EXPECT_THAT(result.degradations(0).message(), HasSubstr("nobody listens"));
  SetTimer("b.timer", "OnBootSec=1h");
  EXPECT_EQ(Run().degradations_size(), 0) << "nothing is missing";
}

TEST_F(TimersDue, SystemdThatDoesNotRunIsNotAsked) {
  EXPECT_EQ(NextOf("OnUnitActiveSec=1h"), "");
  EXPECT_EQ(manager_.calls, 0);
  EXPECT_EQ(Run().degradations_size(), 0);
}

}  // namespace
}  // namespace rollcall
