// The readers against the tools of the test machine: Debian's crontab, run-parts, anacron and
// at, and croniter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/run_collector.h"
#include "collectors/scheduled_tasks/anacron_due.h"
#include "collectors/scheduled_tasks/anacrontab_parser.h"
#include "collectors/scheduled_tasks/at_job_parser.h"
#include "collectors/scheduled_tasks/cron_next_run.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "collectors/scheduled_tasks/run_parts.h"
#include "collectors/scheduled_tasks/scheduled_tasks_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

class CronLive : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "cron_live_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, absl::string_view text) const {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  fs::path folder_;
};

std::string Stamp(absl::CivilDay day) {
  return absl::StrCat(absl::Dec(day.year(), absl::kZeroPad4), absl::Dec(day.month(), absl::kZeroPad2),
                      absl::Dec(day.day(), absl::kZeroPad2));
}

bool HaveTool(const std::string& name) { return ToolOutput({"sh", "-c", "command -v " + name}).ok(); }

TEST_F(CronLive, DebianRefusesWhatWeSayItRefuses) {
  ASSERT_TRUE(HaveTool("crontab")) << "tools/test installs it";
  const std::string lines[] = {
      "* * * * * x\n",
      "* * * * * x",
      "5/10 * * * * x\n",
      "*abc * * * * x\n",
      "0-59/0 * * * * x\n",
      "*/0 * * * * x\n",
      "60 * * * * x\n",
      "* * 0 * * x\n",
      "* * * 13 * x\n",
      "* * * * 8 x\n",
      "* * * jan-mar mon-fri x\n",
      "* * * * sun,7 x\n",
      "* * * january * x\n",
      "@every_minute x\n",
      "@reboot x\n",
      "@Daily x\n",
      "-* * * * * x\n",
      "- 1 * * * * x\n",
      "5-1 * * * * x\n",
      "1,,2 * * * * x\n",
      ",1 * * * * x\n",
      "1, * * * * x\n",
      "*/100 * * * * x\n",
      "0-5,10-20/5,*/30 * * * * x\n",
      "A=b\n",
      "A = b c \n",
      "\"A B\" = c\n",
      "A=\n",
      "1=2\n",
      "=b\n",
      "* * * * * x\r\n",
      "\r\n",
      "A B=c\n",
      "  # c\n  * * * * * x\n",
      "*\t*\t*\t*\t*\tx\n",
      "* * * * * * x\n",
      "0~5 * * * * x\n",
      "0~5,99 * * * * x\n",
      "* * 31 2 * x\n",
      "* * * * 5-7 x\n",
      "* * * * fri-sun x\n",
      "* * * * 0-7/2 x\n",
      "*,5 * * * * x\n",
      "1-5/2x * * * * x\n",
      "A='b\n",
      "A=\"b\"c\n",
      "00000000000005 * * * * x\n",
      "99999999999999999999 * * * * x\n",
      "* * * * *   %% %%in\n",
      "1-2-3 * * * * x\n",
      "1 - 2 * * * x\n",
      "M=a@b\n* * * * * x # y\n",
      "@daily\tx\n",
      "@ daily x\n",
      "\f* * * * * x\n",
      "1-sun * * * * x\n",
      "* * * * mon/2 x\n",
      "* * * 1-dec/3 * x\n",
      "*/5/2 * * * * x\n",
      "*-5 * * * * x\n",
      "**** * * * * x\n",
      "'A'=b\n",
      "A='b' \n",
      "A='b' c\n",
      "\"A=b\n",
      "A\"B\"=c\n",
      "export A=b\n",
      "10-90/200 * * * * x\n",
      "5x * * * * x\n",
      "* * * * * " + std::string(998, 'x') + "\n",
      "* * * * * " + std::string(999, 'x') + "\n",
      "# only a comment",
      "",
      "\n\n",
      "* * *\n",
  };
  for (const std::string& text : lines) {
    const bool taken = ToolOutput({"crontab", "-n", Write("table", text)}).ok();
    const CrontabParse parse = ParseCrontab(text, {CronDialect::kDebian, false}, 10);
    EXPECT_EQ(parse.rejected.empty(), taken) << testing::PrintToString(text) << ": " << parse.rejected;
  }
}

TEST_F(CronLive, RunPartsTakesTheSameNames) {
  ASSERT_TRUE(HaveTool("run-parts")) << "tools/test installs it";
  std::set<std::string> expected;
  for (const char* name :
       {"plain", "UPPER", "0first", "with-dash", "with_underscore", "with.dot", "backup~", "x.dpkg-old", "x.sh",
        ".hidden", "with space", "b\xc3\xa4r", "comma,", "#hash", "a+b", "-dash", "_under"}) {
    const std::string path = Write(name, "#!/bin/sh\n");
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    if (WhyRunPartsSkips(name, CronDialect::kDebian).empty()) expected.insert(path);
  }
  Write("not-executable", "");
  const auto output = ToolOutput({"run-parts", "--test", "--", folder_.string()});
  ASSERT_TRUE(output.ok()) << output.status();
  const std::vector<std::string> names = absl::StrSplit(*output, '\n', absl::SkipEmpty());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), expected);

  const auto lsb = ToolOutput({"run-parts", "--test", "--lsbsysinit", "--", folder_.string()});
  ASSERT_TRUE(lsb.ok()) << lsb.status();
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name == "not-executable") continue;
    const bool taken = absl::StrContains(absl::StrCat("\n", *lsb), absl::StrCat("\n", entry.path().string(), "\n"));
    EXPECT_EQ(WhyCronSkips(name, CronDialect::kDebian, true).empty(), taken) << name;
  }
}

TEST_F(CronLive, AnacronTakesTheSameLines) {
  ASSERT_TRUE(HaveTool("anacron")) << "tools/test installs it";
  for (const char* text : {"1 5 a x\n",
                           "1 5 a\n",
                           "1 5 a/b x\n",
                           "@monthly 5 a x\n",
                           "@yearly 5 a x\n",
                           "@hourly 5 a x\n",
                           "0 5 a x\n",
                           "-1 5 a x\n",
                           "1 -5 a x\n",
                           "x 5 a x\n",
                           "A=b\n",
                           "A =b\n",
                           " A = b\n",
                           "=b\n",
                           "1 5 a x",
                           "1 5 a \\\nx\n",
                           "# c \\\n1 5 a x\n",
                           "1 5 a x\r\n",
                           "START_HOURS_RANGE=3-22\n",
                           "1\t5\ta\tx=1\n",
                           "1.5 5 a x\n",
                           "99999999999 5 a x\n",
                           "@monthly 5 a x=y\n",
                           "A B=c\n",
                           "1 5 a x # y\n",
                           "1 5 a x\n1 5 b y\n",
                           ""}) {
    const bool taken = ToolOutput({"anacron", "-T", "-t", Write("table", text)}).ok();
    EXPECT_EQ(ParseAnacrontab(text, 10).problems.count() == 0, taken) << testing::PrintToString(text);
  }
}

std::vector<pb::ScheduledTask> CollectHere() {
  const auto files = HostRoot::Create("/");
  EXPECT_TRUE(files.ok()) << files.status();
  const SystemClock clock;
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  VectorSink sink;
  const pb::RunResult result =
      RunCollector(*kScheduledTasksCollector.create(context), kScheduledTasksCollector, {}, clock, StopToken(), sink);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  std::vector<pb::ScheduledTask> tasks;
  for (const pb::Record& record : sink.records()) tasks.push_back(record.scheduled_task());
  return tasks;
}

// Needs root, and a user's table that nobody else has.
TEST_F(CronLive, UserTablesSayTheSameAsCrontab) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root";
  ASSERT_TRUE(HaveTool("crontab")) << "tools/test installs it";
  const std::string user = "games";
  if (ToolOutput({"crontab", "-u", user, "-l"}).ok()) GTEST_SKIP() << "the user has a table";
  const std::string table =
      "MAILTO=ops\n0 0 31 2 * /bin/echo a%in\n@reboot\t/bin/echo b \\% c\n# comment\n5,35 1-3 * feb sun /bin/echo d\n";
  ASSERT_TRUE(ToolOutput({"crontab", "-u", user, Write("table", table)}).ok());
  const auto listed = ToolOutput({"crontab", "-u", user, "-l"});
  const std::vector<pb::ScheduledTask> tasks = CollectHere();
  EXPECT_TRUE(ToolOutput({"crontab", "-u", user, "-r"}).ok());
  ASSERT_TRUE(listed.ok()) << listed.status();
  std::vector<std::string> found;
  for (const pb::ScheduledTask& task : tasks) {
    if (task.source_path() != "/var/spool/cron/crontabs/" + user) continue;
    EXPECT_TRUE(task.enabled()) << task.disabled_reason();
    EXPECT_EQ(task.user(), user);
    found.push_back(absl::StrCat(task.schedule(), "|", task.command()));
  }
  // The tool prints the file without the header it put there.
  const CrontabParse parse = ParseCrontab(*listed, {CronDialect::kDebian, false}, 100);
  std::vector<std::string> expected;
  for (const CronJob& job : parse.jobs) expected.push_back(absl::StrCat(job.schedule_text, "|", job.command));
  EXPECT_EQ(expected.size(), 3U);
  EXPECT_EQ(found, expected);
}

// Needs root: the job is the test's own and is removed again.
TEST_F(CronLive, AtJobsSayTheSameAsAt) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root";
  ASSERT_TRUE(HaveTool("at")) << "tools/test installs it";
  const std::string script = Write("job", "echo rollcall-at-test --password=x\ntrue\n");
  // at reports on standard error, and complains that no atd runs.
  const auto said = ToolOutput(
      {"sh", "-c", absl::StrCat("env A_B='x y\nz\"q;' at -q r -f ", script, " 'now + 300 days' 2>&1 || true")});
  ASSERT_TRUE(said.ok()) << said.status();
  std::string number;
  for (absl::string_view line : absl::StrSplit(*said, '\n')) {
    if (absl::ConsumePrefix(&line, "job ")) number = std::string(line.substr(0, line.find(' ')));
  }
  ASSERT_NE(number, "") << *said;
  const auto queue = ToolOutput({"atq"});
  const auto content = ToolOutput({"at", "-c", number});
  const std::vector<pb::ScheduledTask> tasks = CollectHere();
  EXPECT_TRUE(ToolOutput({"atrm", number}).ok());
  ASSERT_TRUE(queue.ok()) << queue.status();
  ASSERT_TRUE(content.ok()) << content.status();
  const pb::ScheduledTask* mine = nullptr;
  std::set<std::string> numbers;
  for (const pb::ScheduledTask& task : tasks) {
    if (task.manager() != pb::ScheduledTask::AT) continue;
    numbers.insert(task.entry());
    if (task.entry() == number) mine = &task;
  }
  ASSERT_NE(mine, nullptr);
  EXPECT_EQ(mine->command(), "echo rollcall-at-test --password=x; true");
  EXPECT_EQ(mine->user(), "root");
  EXPECT_EQ(mine->queue(), "r");
  EXPECT_TRUE(mine->enabled()) << mine->disabled_reason();
  EXPECT_THAT(mine->environment_names(), testing::Contains("A_B"));
  EXPECT_EQ(ParseAtJob(*content, false).command, mine->command());
  // `7	Sun Nov 29 00:57:00 2026 r root`
  std::set<std::string> queued;
  for (absl::string_view line : absl::StrSplit(*queue, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
    ASSERT_EQ(words.size(), 8U) << line;
    queued.insert(std::string(words[0]));
    if (words[0] != number) continue;
    const absl::Time due = absl::FromUnixSeconds(mine->next_run().seconds());
    const auto expected =
        ToolOutput({"date", absl::StrCat("--date=@", absl::ToUnixSeconds(due)), "+%a %b %d %H:%M:%S %Y"});
    ASSERT_TRUE(expected.ok());
    EXPECT_EQ(absl::StripSuffix(*expected, "\n"), absl::StrJoin(words.begin() + 1, words.begin() + 6, " "));
  }
  EXPECT_EQ(numbers, queued);
}

TEST_F(CronLive, NextRunsSayTheSameAsCroniter) {
  ASSERT_TRUE(ToolOutput({"/usr/bin/python3", "-c", "import croniter"}).ok())
      << "no python3-croniter, which tools/test installs";
  std::mt19937 random(5);
  const auto between = [&random](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const auto field = [&between](int low, int high) -> std::string {
    switch (between(0, 4)) {
      case 0:
        return absl::StrCat(between(low, high), ",", between(low, high));
      case 1: {
        const int first = between(low, high - 1);
        return absl::StrCat(first, "-", between(first + 1, high));
      }
      case 2:
        return absl::StrCat("*/", between(2, 7));
      case 3:
        return absl::StrCat(between(low, high));
      default:
        return "*";
    }
  };
  std::vector<std::string> schedules;
  for (int i = 0; i < 300; ++i) {
    // Croniter errs with steps of days at the end of February, gives up on a day that its
    // month does not have, and takes steps and full ranges otherwise than crontab(5).
    std::string day = field(1, 28);
    std::string weekday = field(0, 6);
    if (absl::StartsWith(day, "*/")) day = "1,15";
    if (absl::StartsWith(weekday, "*/")) weekday = "1,3";
    if (weekday == "0-6") weekday = "*";
    schedules.push_back(absl::StrJoin({field(0, 59), field(0, 23), day, field(1, 12), weekday}, " "));
  }
  constexpr int64_t kNow = 1'709'123'696;  // 2024-02-28
  const char program[] =
      "import sys\nfrom croniter import croniter\n"
      "for s in sys.argv[2:]:\n"
      "  try: print(int(croniter(s, float(sys.argv[1])).get_next(float)))\n"
      "  except Exception: print('never')\n";
  std::vector<std::string> command = {"/usr/bin/python3", "-c", program, absl::StrCat(kNow)};
  command.insert(command.end(), schedules.begin(), schedules.end());
  const auto output = ToolOutput(command);
  ASSERT_TRUE(output.ok()) << output.status();
  const std::vector<std::string> expected = absl::StrSplit(*output, '\n', absl::SkipEmpty());
  ASSERT_EQ(expected.size(), schedules.size());
  for (size_t i = 0; i < schedules.size(); ++i) {
    const std::vector<absl::string_view> fields = absl::StrSplit(schedules[i], ' ');
    const auto schedule = ParseCronFields(fields, CronDialect::kCronie);
    ASSERT_TRUE(schedule.ok()) << schedules[i];
    const auto next = NextCronRun(*schedule, absl::FromUnixSeconds(kNow), absl::UTCTimeZone());
    EXPECT_EQ(next.has_value() ? absl::StrCat(absl::ToUnixSeconds(*next)) : "never", expected[i]) << schedules[i];
  }
}

TEST_F(CronLive, TimersAreThoseOfSystemctl) {
  ASSERT_TRUE(HaveTool("systemctl")) << "tools/test installs it";
  const auto listed =
      ToolOutput({"systemctl", "--root=/", "list-unit-files", "--type=timer", "--no-legend", "--no-pager"});
  ASSERT_TRUE(listed.ok()) << listed.status();
  std::map<std::string, std::string> expected;
  for (absl::string_view line : absl::StrSplit(*listed, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    ASSERT_GE(words.size(), 2U) << line;
    if (words[1] != "alias") expected[words[0]] = words[1];
  }
  EXPECT_FALSE(expected.empty());
  std::set<std::string> names;
  for (const pb::ScheduledTask& task : CollectHere()) {
    if (task.manager() != pb::ScheduledTask::SYSTEMD_TIMER) continue;
    names.insert(task.entry());
    ASSERT_EQ(expected.count(task.entry()), 1U) << task.entry();
    if (expected[task.entry()] == "enabled") {
      EXPECT_TRUE(task.enabled()) << task.entry();
    }
    if (expected[task.entry()] == "masked") {
      EXPECT_EQ(task.disabled_reason(), "masked") << task.entry();
    }
  }
  EXPECT_EQ(names.size(), expected.size());
}

// With `-n` anacron runs what is due at once, and writes the day into its stamp.
TEST_F(CronLive, AnacronFindsTheSameJobsDue) {
  ASSERT_TRUE(HaveTool("anacron")) << "tools/test installs it";
  const auto before = ToolOutput({"date", "+%Y%m%d"});
  ASSERT_TRUE(before.ok());
  const absl::CivilDay today = *ParseAnacronStamp(*before);
  fs::create_directory(folder_ / "spool");
  std::string table;
  std::map<std::string, AnacronTiming> timings;
  for (int ago = -3; ago < 70; ++ago) {
    AnacronTiming timing;
    timing.last = today - ago;
    for (const uint32_t days : {0U, 1U, 7U, 30U}) {
      const std::string id = absl::StrCat("job", days, "_", ago + 3);
      absl::StrAppend(&table, days == 0 ? "@monthly" : absl::StrCat(days), " 5 ", id, " true\n");
      Write("spool/" + id, Stamp(*timing.last));
      timing.period = days == 0 ? AnacronTiming::Period::kMonth : AnacronTiming::Period::kDays;
      timing.days = days;
      timings[id] = timing;
    }
  }
  absl::StrAppend(&table, "7 5 never true\n9 5 odd true\n");
  Write("spool/odd", "yesterday\n");
  timings["never"] = timings["odd"] = AnacronTiming();
  ASSERT_TRUE(
      ToolOutput({"anacron", "-d", "-q", "-n", "-t", Write("table", table), "-S", (folder_ / "spool").string()}).ok());
  const auto after = ToolOutput({"date", "+%Y%m%d"});
  if (*after != *before) GTEST_SKIP() << "midnight";
  for (const auto& [id, timing] : timings) {
    std::string stamp;
    std::ifstream(folder_ / "spool" / id) >> stamp;
    const bool ran = stamp == Stamp(today) && timing.last != today;
    EXPECT_EQ(IsAnacronJobDue(timing, today) && timing.last != today, ran) << id << " " << stamp;
  }
}

}  // namespace
}  // namespace rollcall
