#include "collectors/scheduled_tasks/crontab_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kMany = 1000;
constexpr CrontabFormat kSystem = {CronDialect::kDebian, true};
constexpr CrontabFormat kUser = {CronDialect::kDebian, false};
constexpr CrontabFormat kCronieUser = {CronDialect::kCronie, false};
constexpr CrontabFormat kAlpine = {CronDialect::kBusybox, false};

CrontabParse Parse(absl::string_view text, const CrontabFormat& format = kUser) {
  return ParseCrontab(text, format, kMany);
}

std::vector<std::string> Jobs(const CrontabParse& parse) {
  std::vector<std::string> jobs;
  for (const CronJob& job : parse.jobs) {
    jobs.push_back(absl::StrCat(job.line, ": ", job.schedule_text, " | ", job.user, " | ", job.command));
  }
  return jobs;
}

std::vector<std::string> Messages(const TaskProblems& problems) {
  std::vector<std::string> messages;
  for (const absl::Status& problem : problems.kept()) messages.emplace_back(problem.message());
  return messages;
}

TEST(Crontab, SystemTablesHaveAUserField) {
  const CrontabParse parse =
      Parse("# m h dom mon dow user command\n17 *\t* * *\troot    cd / && run-parts /x\n", kSystem);
  EXPECT_THAT(Jobs(parse), ElementsAre("2: 17 * * * * | root | cd / && run-parts /x"));
  EXPECT_THAT(Messages(parse.problems), IsEmpty());
  EXPECT_EQ(parse.rejected, "");
}

TEST(Crontab, EnvironmentLinesAreNotJobs) {
  const CrontabParse parse = Parse(
      "SHELL=/bin/bash\nPATH = /bin:/usr/bin\n\"MY NAME\"='x y'\n1=2\nMAILTO=\"\"\n* * * * * a\nMAILTO=ops\nTZ=UTC\n"
      "* * * * * FOO=bar b\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("6: * * * * * |  | a", "9: * * * * * |  | FOO=bar b"));
  ASSERT_EQ(parse.environments.size(), 2U);
  EXPECT_THAT(parse.environments[0].names(), ElementsAre("SHELL", "PATH", "MY NAME", "1", "MAILTO"));
  EXPECT_EQ(parse.environments[0].shell(), "/bin/bash");
  EXPECT_EQ(parse.environments[0].mailto(), "");
  EXPECT_EQ(parse.environments[1].mailto(), "ops");
  EXPECT_EQ(parse.environments[1].tz(), "UTC");
  EXPECT_EQ(parse.jobs[0].environment, 0U);
  EXPECT_EQ(parse.jobs[1].environment, 1U);
}

TEST(Crontab, ValuesOfTheEnvironmentAreNotKept) {
  const CrontabParse parse = Parse("DB_PASSWORD=hunter2\n* * * * * a\n");
  EXPECT_THAT(parse.environments[0].names(), ElementsAre("DB_PASSWORD"));
  for (const std::string& value : {parse.environments[0].shell(), parse.environments[0].tz()}) {
    EXPECT_THAT(value, Not(HasSubstr("hunter2")));
  }
}

TEST(Crontab, AnEmptyAssignmentIsOneWhateverDebianSays) {
  const CrontabParse parse = Parse("MAILTO=\n* * * * * a\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("2: * * * * * |  | a"));
  EXPECT_EQ(parse.environments[0].mailto(), "");
  EXPECT_THAT(Messages(parse.problems), IsEmpty());
  EXPECT_EQ(parse.rejected, "line 1 is not valid");
}

TEST(Crontab, AtNames) {
  const CrontabParse parse = Parse("@reboot root /x\n@daily\troot\t/y\n@every_minute root /z\n", kSystem);
  EXPECT_THAT(Jobs(parse),
              ElementsAre("1: @reboot | root | /x", "2: @daily | root | /y", "3: @every_minute | root | /z"));
  EXPECT_EQ(parse.rejected, "line 3 is not valid") << "a name of FreeBSD's";
}

TEST(Crontab, PercentStartsStandardInput) {
  const CrontabParse parse = Parse(
      "0 22 * * 1-5 mail -s \"It's 10pm\" joe%Joe,%%Where are your kids?%\n* * * * * date +\\%F %in\n"
      "* * * * * echo \\\\ 100\\%\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("1: 0 22 * * 1-5 |  | mail -s \"It's 10pm\" joe", "2: * * * * * |  | date +%F",
                                       "3: * * * * * |  | echo \\\\ 100%"));
  EXPECT_TRUE(parse.jobs[0].has_standard_input);
  EXPECT_TRUE(parse.jobs[1].has_standard_input);
  EXPECT_FALSE(parse.jobs[2].has_standard_input);
}

TEST(Crontab, BusyboxHasNoStandardInput) {
  const CrontabParse parse = Parse("* * * * * date +%F", kAlpine);
  EXPECT_THAT(Jobs(parse), ElementsAre("1: * * * * * |  | date +%F"));
  EXPECT_FALSE(parse.jobs[0].has_standard_input);
  EXPECT_EQ(parse.rejected, "");
}

TEST(Crontab, MissingUserFieldIsAProblemAndTheCommandIsNotTold) {
  const CrontabParse parse =
      Parse("* * * * * /usr/bin/backup --password=hunter2\n* * * * * root ok\n* * * * * $HOME/x y\n", kSystem);
  EXPECT_THAT(Jobs(parse), ElementsAre("2: * * * * * | root | ok"));
  EXPECT_THAT(Messages(parse.problems),
              ElementsAre("line 1: no user before the command", "line 3: no user before the command"));
  EXPECT_EQ(parse.rejected, "line 1 is not valid");
}

TEST(Crontab, UsersOfDirectoryServicesAreUsers) {
  const CrontabParse parse = Parse("* * * * * CORP\\jane.doe x\n* * * * * jane@corp.example y\n", kSystem);
  EXPECT_THAT(Jobs(parse), ElementsAre("1: * * * * * | CORP\\jane.doe | x", "2: * * * * * | jane@corp.example | y"));
}

TEST(Crontab, BadRangesAreProblemsAndTheRestIsKept) {
  const CrontabParse parse = Parse("* * * * * a\n99 * * * * secret=hunter2\n* * * * * b\n*/0 * * * * c\n* * *\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("1: * * * * * |  | a", "3: * * * * * |  | b"));
  EXPECT_THAT(Messages(parse.problems),
              ElementsAre("line 2: bad minute", "line 4: bad minute", "line 5: too few fields"));
  EXPECT_EQ(parse.rejected, "line 2 is not valid");
  EXPECT_EQ(Parse("99 * * * * a\n* * * * * b\n", kCronieUser).rejected, "") << "cronie skips the line only";
}

TEST(Crontab, NoTrailingNewline) {
  const CrontabParse debian = Parse("* * * * * a\n* * * * * b");
  EXPECT_THAT(Jobs(debian), ElementsAre("1: * * * * * |  | a", "2: * * * * * |  | b"));
  EXPECT_TRUE(debian.jobs[1].unended);
  EXPECT_FALSE(debian.jobs[0].unended);
  EXPECT_EQ(debian.rejected, "the last line has no end");
  EXPECT_THAT(Messages(debian.remarks),
              ElementsAre("line 2: no newline at the end of the file: cron does not run this line"));
  EXPECT_THAT(Messages(debian.problems), IsEmpty());
  EXPECT_EQ(Parse("* * * * * a\n", kCronieUser).remarks.count(), 0U);
  EXPECT_EQ(Parse("* * * * * a\n# the end").rejected, "") << "a comment needs no end";
}

TEST(Crontab, TabsSeparateFields) {
  EXPECT_THAT(Jobs(Parse("  *\t*  *\t \t*\t*\t  a\tb  \n")), ElementsAre("1: * * * * * |  | a\tb"));
}

TEST(Crontab, CarriageReturnsAreRemarked) {
  const CrontabParse parse = Parse("MAILTO=ops\r\n* * * * * a\r\n* * * * * b\r\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("2: * * * * * |  | a", "3: * * * * * |  | b"));
  EXPECT_EQ(parse.environments[0].mailto(), "ops");
  EXPECT_THAT(Messages(parse.remarks),
              ElementsAre("line 1: ends with a carriage return, which cron takes for a part of it"));
  EXPECT_EQ(parse.rejected, "");
  EXPECT_EQ(Parse("* * * * * a\r\n\r\n").rejected, "line 2 is not valid");
}

TEST(Crontab, OverlongCommandsAreCut) {
  const CrontabParse parse = Parse(absl::StrCat("* * * * * ", std::string(998, 'x'), "\n"));
  EXPECT_EQ(parse.rejected, "");
  EXPECT_FALSE(parse.jobs[0].command_truncated);
  EXPECT_EQ(Parse(absl::StrCat("* * * * * ", std::string(999, 'x'), "\n")).rejected, "line 1 is too long");
  const CrontabParse cut = Parse(absl::StrCat("* * * * * ", std::string(100'000, 'x'), "\n* * * * * b\n"));
  EXPECT_TRUE(cut.jobs[0].command_truncated);
  EXPECT_EQ(cut.jobs[0].command.size(), kMaxCommandBytes);
  EXPECT_EQ(cut.jobs[1].command, "b");
}

TEST(Crontab, OverlongFieldsAreRefused) {
  const CrontabParse parse = Parse(absl::StrCat(std::string(10'000, '1'), " * * * * a\n* * * * * b\n"));
  EXPECT_THAT(Messages(parse.problems), ElementsAre("line 1: a time field that is too long"));
  EXPECT_EQ(parse.jobs.size(), 1U);
}

TEST(Crontab, NulBytesAreAProblem) {
  const CrontabParse parse = Parse(absl::string_view("* * * * * a\0b\n* * * * * c\n", 26));
  EXPECT_THAT(Jobs(parse), ElementsAre("2: * * * * * |  | c"));
  EXPECT_THAT(Messages(parse.problems), ElementsAre("line 1: a NUL byte"));
}

TEST(Crontab, InvalidUtf8IsReplaced) {
  const CrontabParse parse = Parse("N\xff=1\n* * * * * a\xff\n");
  EXPECT_EQ(parse.jobs[0].command, "a\xef\xbf\xbd");
  EXPECT_THAT(parse.environments[0].names(), ElementsAre("N\xef\xbf\xbd"));
}

TEST(Crontab, TruncatedInTheMiddleOfALine) {
  const CrontabParse parse = Parse("* * * * * a\n* * ");
  EXPECT_THAT(Jobs(parse), ElementsAre("1: * * * * * |  | a"));
  EXPECT_THAT(Messages(parse.problems), ElementsAre("line 2: too few fields"));
}

TEST(Crontab, NoCommand) {
  EXPECT_THAT(Messages(Parse("* * * * *\n").problems), ElementsAre("line 1: no command"));
  EXPECT_THAT(Messages(Parse("* * * * * root\n", kSystem).problems), ElementsAre("line 1: no command"));
  EXPECT_THAT(Messages(Parse("@daily\n", kSystem).problems), ElementsAre("line 1: no user and no command"));
  EXPECT_THAT(Messages(Parse("* * * * * * a\n").problems), ElementsAre("line 1: bad command")) << "a field too many";
}

TEST(Crontab, CronieNeedNotLog) {
  const CrontabParse parse = Parse("-* * * * * a\n- 5 * * * * b\n", kCronieUser);
  EXPECT_THAT(Jobs(parse), ElementsAre("1: * * * * * |  | a", "2: 5 * * * * |  | b"));
  EXPECT_THAT(Messages(Parse("-* * * * * a\n").problems), ElementsAre("line 1: bad minute"));
}

TEST(Crontab, BadQuotesAreNotAJob) {
  const CrontabParse parse = Parse("A='b\n* * * * * c\n");
  EXPECT_THAT(Jobs(parse), ElementsAre("2: * * * * * |  | c"));
  EXPECT_THAT(Messages(parse.problems), ElementsAre("line 1: bad quotes in an assignment"));
}

TEST(Crontab, TooManyJobsAreCounted) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "* * * * * a\n";
  const CrontabParse parse = ParseCrontab(text, kUser, 10);
  EXPECT_EQ(parse.jobs.size(), 10U);
  EXPECT_EQ(parse.observed, 50U);
  EXPECT_EQ(parse.environments.size(), 1U);
}

TEST(Crontab, TooManyProblemsAreCounted) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "x\n";
  const CrontabParse parse = Parse(text);
  EXPECT_EQ(parse.problems.count(), 50U);
  EXPECT_EQ(parse.problems.kept().size(), TaskProblems::kMaxKept);
}

TEST(Crontab, DebianRefusesEndlessTables) {
  std::string text;
  for (int i = 0; i < 10'001; ++i) text += "#\n";
  EXPECT_EQ(Parse(text).rejected, "longer than 10000 lines");
}

TEST(Crontab, EmptyFiles) {
  for (absl::string_view text : {"", "\n", "# x\n", "   \n\t\n"}) {
    const CrontabParse parse = Parse(text);
    EXPECT_THAT(Jobs(parse), IsEmpty());
    EXPECT_THAT(Messages(parse.problems), IsEmpty());
    EXPECT_EQ(parse.rejected, "");
  }
}

}  // namespace
}  // namespace rollcall
