#include "collectors/scheduled_tasks/scheduled_tasks_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/scheduled_tasks/scheduled_tasks_test_support.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Tasks = ScheduledTasksTest;

TEST_F(Tasks, EtcCrontabIsNotSkipped) {
  files_.SetFile("/etc/crontab", "SHELL=/bin/sh\nMAILTO=ops\n17 * * * * root cd / && run-parts /etc/cron.hourly\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("17 * * * * | root | cd / && run-parts /etc/cron.hourly"));
  EXPECT_EQ(Task(0).manager(), pb::ScheduledTask::CRON);
  EXPECT_EQ(Task(0).source_path(), "/etc/crontab");
  EXPECT_EQ(Task(0).line(), 3U);
  EXPECT_EQ(Task(0).entry(), "17 * * * * root");
  EXPECT_EQ(Task(0).shell(), "/bin/sh");
  EXPECT_EQ(Task(0).mailto(), "ops");
  EXPECT_THAT(Task(0).environment_names(), ElementsAre("SHELL", "MAILTO"));
  EXPECT_EQ(Task(0).timezone(), "Etc/UTC");
  EXPECT_EQ(Task(0).file_sha256().size(), 64U);
  EXPECT_FALSE(Task(0).writable_by_others());
  EXPECT_EQ(NextRun(0), "2024-01-01 00:17");
}

TEST_F(Tasks, EveryPlaceOfCrontabs) {
  const char line[] = "0 1 * * * x\n";
  SetFileWithMode("/var/spool/cron/crontabs/jane", line, 0600);
  files_.SetFile("/var/spool/cron/tabs/root", line);
  files_.SetFile("/etc/crontabs/root", line);
  files_.SetFile("/var/spool/cron/root", line);
  files_.SetFile("/etc/cron.d/php", "0 1 * * * root y\n");
  SetDistribution("opensuse-leap");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  std::vector<std::string> places;
  for (size_t i = 0; i < sink_.records().size(); ++i) {
    places.push_back(absl::StrCat(Task(i).source_path(), " ", Task(i).user(), Task(i).user_owned() ? " own" : ""));
  }
  EXPECT_THAT(places,
              ElementsAre("/etc/cron.d/php root", "/var/spool/cron/tabs/root root own", "/etc/crontabs/root root own",
                          "/var/spool/cron/root root own", "/var/spool/cron/crontabs/jane jane own"));
}

TEST_F(Tasks, ASymlinkedSpoolIsReadOnce) {
  SetDistribution("alpine");
  files_.SetFile("/etc/crontabs/root", "*/15 * * * * run-parts /etc/periodic/15min\n");
  files_.SetSymlink("/var/spool/cron/crontabs", "/etc/crontabs");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("*/15 * * * * | root | run-parts /etc/periodic/15min"));
}

TEST_F(Tasks, IdentityDoesNotMoveWhenALineIsInserted) {
  const auto keys = [this] {
    std::vector<std::string> keys;
    for (const pb::Record& record : sink_.records()) {
      keys.push_back(absl::StrCat(record.scheduled_task().entry(), "=", record.scheduled_task().command()));
    }
    return keys;
  };
  files_.SetFile("/etc/crontab", "@daily root a\n@daily root b\n5 * * * * jane c\n");
  Run();
  EXPECT_THAT(keys(), ElementsAre("@daily root=a", "@daily root #2=b", "5 * * * * jane=c"));
  files_.SetFile("/etc/crontab", "# new\n0 0 1 1 * root z\nA=b\n@daily root a\n@daily root b\n5  *\t* * * jane c\n");
  Run();
  EXPECT_THAT(keys(), ElementsAre("0 0 1 1 * root=z", "@daily root=a", "@daily root #2=b", "5 * * * * jane=c"));
}

TEST_F(Tasks, FileNamesWithDotsAreNotRunOnDebian) {
  files_.SetFile("/etc/cron.d/x.dpkg-old", "@daily root a\n");
  files_.SetFile("/etc/cron.d/.placeholder", "# nothing\n");
  files_.SetFile("/etc/cron.d/plain", "@daily root b\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | b", "@daily | root | a (file name with a dot)"));
  SetDistribution("rhel");
  Run();
  EXPECT_THAT(Found(), ElementsAre("@daily | root | b", "@daily | root | a"));
}

TEST_F(Tasks, WorldWritableTablesAreFlaggedAndNotRun) {
  SetFileWithMode("/etc/cron.d/open", "@daily root a\n", 0666);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | a (file is writable by others)"));
  EXPECT_TRUE(Task(0).writable_by_others());
}

TEST_F(Tasks, DebianWantsItsSpoolToItself) {
  SetFileWithMode("/var/spool/cron/crontabs/jane", "@daily a\n", 0644);
  Run();
  EXPECT_THAT(Found(), ElementsAre("@daily | jane | a (file mode is not 0600)"));
  SetFileWithMode("/var/spool/cron/crontabs/jane", "@daily a\n", 0600);
  Run();
  EXPECT_THAT(Found(), ElementsAre("@daily | jane | a"));
}

TEST_F(Tasks, ABadLineIsAProblemAndDebianIgnoresTheFile) {
  files_.SetFile("/etc/cron.d/bad", "@daily root a\n99 * * * * root secret\n@daily root b\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).path(), "/etc/cron.d/bad");
  EXPECT_EQ(result.problems(0).message(), "line 2: bad minute");
  EXPECT_THAT(Found(), ElementsAre("@daily | root | a (cron ignores the file: line 2 is not valid)",
                                   "@daily | root | b (cron ignores the file: line 2 is not valid)"));
  SetDistribution("fedora");
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | a", "@daily | root | b"));
}

TEST_F(Tasks, NoTrailingNewlineIsADegradation) {
  SetDistribution("rhel");
  files_.SetFile("/etc/crontab", "@daily root a\n@daily root b");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(result.degradations_size(), 1);
  EXPECT_THAT(result.degradations(0).message(), HasSubstr("line 2: no newline"));
  EXPECT_THAT(Found(), ElementsAre("@daily | root | a", "@daily | root | b (line without an end)"));
}

TEST_F(Tasks, AUserWhoIsNotInPasswdIsRemarked) {
  files_.SetFile("/etc/crontab", "@daily touch /x\n@daily root a\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(result.degradations_size(), 1);
  EXPECT_THAT(result.degradations(0).message(), HasSubstr("line 1: its user is not in /etc/passwd"));
  EXPECT_EQ(sink_.records().size(), 2U);
}

TEST_F(Tasks, CronTzIsCronies) {
  files_.SetFile("/etc/crontab", "CRON_TZ=Asia/Tokyo\nTZ=Europe/Paris\n0 12 * * * root a\n");
  Run();
  EXPECT_EQ(Task(0).timezone(), "Etc/UTC") << "Debian's cron knows one zone";
  EXPECT_EQ(NextRun(0), "2024-01-01 12:00");
  SetDistribution("rhel");
  Run();
  EXPECT_EQ(Task(0).timezone(), "Asia/Tokyo");
  EXPECT_EQ(NextRun(0), "2024-01-01 03:00");
  EXPECT_EQ(Task(0).command_timezone(), "Europe/Paris");
  files_.SetFile("/etc/crontab", "CRON_TZ=/dev/zero\n0 12 * * * root a\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(NextRun(0), "") << "an unknown zone";
}

TEST_F(Tasks, TheHostsZoneIsTheSchedules) {
  files_.SetFile("/etc/crontab", "0 12 * * * root a\n");
  files_.SetSymlink("/etc/localtime", "../usr/share/zoneinfo/America/New_York");
  Run();
  EXPECT_EQ(NextRun(0), "2024-01-01 17:00");
  files_.Unset("/etc/localtime");
  files_.SetFile("/etc/localtime", "TZif2");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(result.degradations_size(), 1);
  EXPECT_EQ(NextRun(0), "");
}

TEST_F(Tasks, RebootAndImpossibleDatesHaveNoNextRun) {
  files_.SetFile("/etc/crontab", "@reboot root a\n0 0 31 2 * root b\n0 0 29 2 * root c\n0 0 * * 7 root d\n");
  Run();
  EXPECT_EQ(NextRun(0), "");
  EXPECT_EQ(NextRun(1), "");
  EXPECT_EQ(NextRun(2), "2024-02-29 00:00");
  EXPECT_EQ(NextRun(3), "2024-01-07 00:00");
}

TEST_F(Tasks, RunPartsScriptsAreTasks) {
  files_.SetFile("/etc/crontab",
                 "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n"
                 "25 6 * * * root test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n");
  SetFileWithMode("/etc/cron.hourly/sync", "#!/bin/sh\n", 0755);
  SetFileWithMode("/etc/cron.daily/logrotate", "#!/bin/sh\n", 0755);
  SetFileWithMode("/etc/cron.daily/backup.sh", "#!/bin/sh\n", 0755);
  SetFileWithMode("/etc/cron.daily/off", "#!/bin/sh\n", 0644);
  files_.SetSymlink("/etc/cron.daily/broken", "/nowhere");
  files_.SetFile("/etc/cron.daily/.placeholder", "");
  files_.SetDirectory("/etc/cron.daily/folder");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  std::vector<std::string> found = Found();
  found.erase(found.begin(), found.begin() + 2);
  EXPECT_THAT(found, ElementsAre("hourly | root | /etc/cron.hourly/sync",
                                 "daily | root | /etc/cron.daily/backup.sh (file name with a dot)",
                                 "daily |  | /etc/cron.daily/broken (link that leads nowhere)",
                                 "daily | root | /etc/cron.daily/logrotate",
                                 "daily | root | /etc/cron.daily/off (not executable)"));
  EXPECT_EQ(Task(2).manager(), pb::ScheduledTask::RUN_PARTS);
  EXPECT_EQ(Task(2).started_by(), "/etc/crontab:1");
  EXPECT_EQ(NextRun(2), "2024-01-01 00:17");
  EXPECT_EQ(Task(5).started_by(), "/etc/crontab:2");
  EXPECT_EQ(NextRun(5), "2024-01-01 06:25");
}

TEST_F(Tasks, AnacronTakesOverFromCron) {
  files_.SetFile("/usr/sbin/anacron", "");
  files_.SetFile("/etc/crontab",
                 "25 6 * * * root test -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.daily; }\n");
  files_.SetFile("/etc/anacrontab",
                 "START_HOURS_RANGE=3-22\nRANDOM_DELAY=45\n1 5 cron.daily nice run-parts /etc/cron.daily\n");
  files_.SetFile("/var/spool/anacron/cron.daily", "20231231\n");
  SetFileWithMode("/etc/cron.daily/logrotate", "#!/bin/sh\n", 0755);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(sink_.records().size(), 3U);
  EXPECT_EQ(Task(1).manager(), pb::ScheduledTask::ANACRON);
  EXPECT_EQ(Task(1).entry(), "cron.daily");
  EXPECT_EQ(Task(1).delay().seconds(), 300);
  EXPECT_EQ(Task(1).random_delay().seconds(), 2700);
  EXPECT_EQ(Task(1).hours_range(), "3-22");
  EXPECT_EQ(absl::FormatTime("%F", *FromWire(Task(1).last_run()), absl::UTCTimeZone()), "2023-12-31");
  EXPECT_EQ(Task(2).started_by(), "/etc/anacrontab:3");
  EXPECT_TRUE(Task(2).has_last_run());
  EXPECT_FALSE(Task(2).has_next_run());
}

TEST_F(Tasks, SuseRunsDirectoriesByStamps) {
  SetDistribution("sles");
  files_.SetFile("/etc/crontab", "-*/15 * * * * root test -x /usr/lib/cron/run-crons && /usr/lib/cron/run-crons\n");
  SetFileWithMode("/etc/cron.daily/suse.de-backup", "#!/bin/sh\n", 0755);
  files_.SetFile("/var/spool/cron/lastrun/cron.daily", "");
  files_.SetInfo("/var/spool/cron/lastrun/cron.daily", {.mtime_unix_nano = 1'700'000'000'000'000'000});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(sink_.records().size(), 2U);
  EXPECT_EQ(Task(1).started_by(), "/etc/crontab:1");
  EXPECT_EQ(Task(1).last_run().seconds(), 1'700'000'000);
  EXPECT_FALSE(Task(1).has_next_run());
}

TEST_F(Tasks, AtJobs) {
  const char job[] =
      "#!/bin/sh\n# atrun uid=1000 gid=1000\n# mail jane 0\numask 22\nTOKEN=s; export TOKEN\n"
      "cd / || {\n\t exit 1\n}\necho hi\n";
  SetFileWithMode("/var/spool/cron/atjobs/a0000201c8b979", job, 0700);
  SetFileWithMode("/var/spool/cron/atjobs/b0000301c8b979", job, 0600);
  SetFileWithMode("/var/spool/cron/atjobs/=0000401c8b979", job, 0700);
  files_.SetFile("/var/spool/cron/atjobs/.SEQ", "00004\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(),
              ElementsAre("2026-11-29T00:57Z | jane | echo hi", "2026-11-29T00:57Z | jane | echo hi (not executable)"));
  EXPECT_EQ(Task(0).entry(), "2");
  EXPECT_EQ(Task(0).queue(), "a");
  EXPECT_EQ(Task(0).mailto(), "jane");
  EXPECT_THAT(Task(0).environment_names(), ElementsAre("TOKEN"));
  EXPECT_EQ(NextRun(0), "2026-11-29 00:57");
}

TEST_F(Tasks, Timers) {
  files_.SetFile("/usr/lib/systemd/system/backup.timer",
                 "[Unit]\nDescription=Backup\n[Timer]\nOnCalendar=Mon..Fri 2:30\nPersistent=yes\n"
                 "RandomizedDelaySec=1h\nUnit=nightly.service\n[Install]\nWantedBy=timers.target\n");
  files_.SetSymlink("/etc/systemd/system/timers.target.wants/backup.timer", "/usr/lib/systemd/system/backup.timer");
  files_.SetFile("/etc/systemd/system/backup.timer.d/later.conf", "[Timer]\nOnCalendar=\nOnCalendar=Tue 4:00\n");
  files_.SetFile("/usr/lib/systemd/system/off.timer", "[Timer]\nOnBootSec=15min\n[Install]\nWantedBy=timers.target\n");
  files_.SetFile("/usr/lib/systemd/system/masked.timer", "[Timer]\nOnCalendar=daily\n");
  files_.SetSymlink("/etc/systemd/system/masked.timer", "/dev/null");
  files_.SetFile("/var/lib/systemd/timers/stamp-backup.timer", "");
  files_.SetInfo("/var/lib/systemd/timers/stamp-backup.timer", {.mtime_unix_nano = 1'700'000'000'000'000'000});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(sink_.records().size(), 3U);
  const pb::ScheduledTask& backup = Task(0);
  EXPECT_EQ(backup.entry(), "backup.timer");
  EXPECT_EQ(backup.source_path(), "/usr/lib/systemd/system/backup.timer");
  EXPECT_THAT(backup.drop_ins(), ElementsAre("/etc/systemd/system/backup.timer.d/later.conf"));
  EXPECT_EQ(backup.schedule(), "Tue 4:00");
  EXPECT_EQ(backup.schedule_normalized(), "Tue *-*-* 04:00:00");
  EXPECT_EQ(backup.target_unit(), "nightly.service");
  EXPECT_EQ(backup.description(), "Backup");
  EXPECT_TRUE(backup.persistent());
  EXPECT_TRUE(backup.enabled());
  EXPECT_EQ(backup.random_delay().seconds(), 3600);
  EXPECT_EQ(backup.last_run().seconds(), 1'700'000'000);
  EXPECT_EQ(NextRun(0), "2024-01-02 04:00");
  EXPECT_EQ(Task(1).entry(), "masked.timer");
  EXPECT_EQ(Task(1).disabled_reason(), "masked");
  EXPECT_EQ(Task(2).schedule(), "OnBootSec=15min");
  EXPECT_EQ(Task(2).target_unit(), "off.service");
  EXPECT_EQ(Task(2).disabled_reason(), "disabled");
}

TEST_F(Tasks, AHostWithoutAnyOfItIsUnsupported) {
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
  files_.SetDirectory("/etc/cron.d");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(Tasks, AnUnreadableSpoolIsAProblemWithARemedy) {
  files_.SetFile("/etc/crontab", "@daily root a\n");
  files_.SetFile("/var/spool/cron/crontabs/jane", "@daily b\n");
  files_.SetError("/var/spool/cron/crontabs", absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | a"));
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).path(), "/var/spool/cron/crontabs");
  EXPECT_EQ(result.problems(0).code(), "PERMISSION_DENIED");
  EXPECT_THAT(result.problems(0).remedy(), HasSubstr("CAP_DAC_READ_SEARCH"));
}

TEST_F(Tasks, AHostOnWhichNothingCanBeReadIsNotUnsupported) {
  files_.SetFile("/etc/crontab", "@daily root a\n");
  files_.SetError("/etc/crontab", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
}

TEST_F(Tasks, UnreadableFilesLeaveTheRest) {
  files_.SetFile("/etc/cron.d/a", "@daily root a\n");
  files_.SetFile("/etc/cron.d/b", "@daily root b\n");
  files_.SetFile("/etc/anacrontab", "1 5 c c\n");
  files_.SetError("/etc/cron.d/a", absl::DataLossError("input/output error"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | b", "1 | root | c"));
  EXPECT_EQ(result.problems(0).path(), "/etc/cron.d/a");
}

TEST_F(Tasks, ADirectoryInPlaceOfAFile) {
  files_.SetDirectory("/etc/crontab");
  files_.SetDirectory("/etc/cron.d/folder");
  files_.SetFile("/etc/cron.d/b", "@daily root b\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | b"));
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).path(), "/etc/crontab");
}

TEST_F(Tasks, ASymlinkLoopIsAProblem) {
  files_.SetSymlink("/etc/cron.d/loop", "/etc/cron.d/loop");
  files_.SetFile("/etc/cron.d/b", "@daily root b\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | b"));
  EXPECT_EQ(result.problems(0).path(), "/etc/cron.d/loop");
}

TEST_F(Tasks, AFileThatVanishesIsNoProblem) {
  files_.SetFile("/etc/cron.d/a", "@daily root a\n");
  files_.SetFile("/etc/cron.d/b", "@daily root b\n");
  files_.SetAccessHook([this](absl::string_view path) {
    if (path == "/etc/cron.d") files_.Unset("/etc/cron.d/a");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | b"));
}

TEST_F(Tasks, AFileThatIsRewrittenIsReadAgain) {
  files_.SetFile("/etc/crontab", "@daily root old\n");
  int accesses = 0;
  files_.SetAccessHook([&](absl::string_view path) {
    // Between the read and the look after it.
    if (path == "/etc/crontab" && ++accesses == 3) files_.SetFile("/etc/crontab", "@daily root new\n");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Found(), ElementsAre("@daily | root | new"));
  EXPECT_GT(accesses, 3);
}

TEST_F(Tasks, AnEndlessFileIsCutAtALine) {
  std::string text;
  while (text.size() < (size_t{1} << 20) + 100) text += "# " + std::string(1000, 'x') + "\n";
  files_.SetFile("/etc/crontab", "@daily root a\n" + text + "@daily root b\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).code(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(sink_.records().size(), 1U);
  EXPECT_EQ(Task(0).file_sha256(), "");
}

TEST_F(Tasks, InvalidUtf8AndNulBytesAreFitForARecord) {
  constexpr char kText[] = "@daily root a\xff\n* * * * * root b\0\n";
  files_.SetFile("/etc/cron.d/x", absl::string_view(kText, sizeof(kText) - 1));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  ASSERT_EQ(sink_.records().size(), 1U);
  EXPECT_EQ(Task(0).command(), "a\xef\xbf\xbd");
  pb::Record decoded;
  EXPECT_TRUE(decoded.ParseFromString(sink_.records()[0].SerializeAsString()));
}

TEST_F(Tasks, NoTwoRecordsHaveOneIdentity) {
  files_.SetFile("/etc/crontab", "@daily root a\n@daily root a\n@daily root a\n");
  files_.SetFile("/etc/anacrontab", "1 5 a a\n1 5 a b\n");
  Run();
  std::vector<std::string> entries;
  for (size_t i = 0; i < sink_.records().size(); ++i) entries.push_back(Task(i).entry());
  EXPECT_THAT(entries, ElementsAre("@daily root", "@daily root #2", "@daily root #3", "a", "a #2"));
}

TEST_F(Tasks, StopsWhenAsked) {
  files_.SetFile("/etc/crontab", "@daily root a\n");
  StopSource stop;
  stop.RequestStop();
  EXPECT_EQ(Run(stop.token()).status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(Tasks, AFullSinkEndsTheRun) {
  files_.SetFile("/etc/crontab", "@daily root a\n@daily root b\n");
  VectorSink full(1);
  EXPECT_EQ(RunCollector(*collector_, kScheduledTasksCollector, {}, clock_, StopToken(), full).status(),
            pb::RunResult::PARTIAL);
}

}  // namespace
}  // namespace rollcall
