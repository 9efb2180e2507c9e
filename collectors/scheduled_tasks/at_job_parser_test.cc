#include "collectors/scheduled_tasks/at_job_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "collectors/scheduled_tasks/crontab_parser.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kJob[] =
    "#!/bin/sh\n# atrun uid=1000 gid=1000\n# mail jane 0\numask 22\nHOME=/home/jane; export HOME\n"
    "TOKEN=a\\ b\"\n\"c\\;\\ export\\ X; export TOKEN\ncd /home/jane || {\n\t echo 'Execution directory inaccessible' "
    ">&2\n"
    "\t exit 1\n}\n";

std::vector<std::string> Messages(const AtJob& job) {
  std::vector<std::string> messages;
  for (const absl::Status& problem : job.problems.kept()) messages.emplace_back(problem.message());
  return messages;
}

TEST(AtJobName, HoldsQueueNumberAndTime) {
  const auto name = ParseAtJobName("a0000101c8b979");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->queue, 'a');
  EXPECT_EQ(name->number, 1U);
  EXPECT_EQ(absl::FormatTime(name->due, absl::UTCTimeZone()), "2026-11-29T00:57:00+00:00");
  EXPECT_EQ(ParseAtJobName("=0000f01c8b979")->queue, '=');
  EXPECT_EQ(ParseAtJobName("b000ff01c8b979")->number, 255U);
}

TEST(AtJobName, OtherFilesAreNoJobs) {
  for (absl::string_view name : {"", ".SEQ", ".lockfile", "a0000101c8b97", "a0000101c8b9790", "a0000g01c8b979",
                                 "10000101c8b979", "a-000101c8b979", "a 000101c8b979", "a0x00101c8b979"}) {
    EXPECT_FALSE(ParseAtJobName(name).has_value()) << name;
  }
}

TEST(AtJob, TheCommandIsBehindThePreamble) {
  const AtJob job = ParseAtJob(absl::StrCat(kJob, "echo hi\n\n  tar c /x  \n\n"), false);
  EXPECT_EQ(job.uid, 1000U);
  EXPECT_EQ(job.mailto, "jane");
  EXPECT_THAT(job.environment_names, ElementsAre("HOME", "TOKEN"));
  EXPECT_EQ(job.command, "echo hi;   tar c /x");
  EXPECT_THAT(Messages(job), IsEmpty());
}

TEST(AtJob, ValuesOfTheEnvironmentAreNotKept) {
  const AtJob job = ParseAtJob(absl::StrReplaceAll(absl::StrCat(kJob, "run\n"), {{"a\\ b", "hunter2"}}), false);
  EXPECT_EQ(job.command, "run");
  EXPECT_THAT(job.environment_names, Not(testing::Contains(HasSubstr("hunter2"))));
}

TEST(AtJob, RedHatFeedsTheCommandsToTheShell) {
  const AtJob job = ParseAtJob(
      absl::StrCat(kJob, "${SHELL:-/bin/sh} << 'marcinDELIMITER7fcb'\nA=1 run\nnext\n\nmarcinDELIMITER7fcb\n"), false);
  EXPECT_EQ(job.command, "A=1 run; next");
}

TEST(AtJob, ACommandThatLooksLikeAnAssignmentIsACommand) {
  EXPECT_EQ(ParseAtJob(absl::StrCat(kJob, "A=b; export A\n"), false).command, "A=b; export A");
}

TEST(AtJob, BrokenJobs) {
  EXPECT_THAT(Messages(ParseAtJob("", false)),
              ElementsAre("line 1: no uid in the header", "line 0: no end of the preamble"));
  EXPECT_THAT(Messages(ParseAtJob("#!/bin/sh\n# atrun uid=x\numask 22\n", false)),
              ElementsAre("line 4: no uid in the header", "line 3: no end of the preamble"));
  const std::string whole = absl::StrCat(kJob, "echo hi\n");
  for (size_t length = 0; length < whole.size(); ++length) {
    const AtJob job = ParseAtJob(absl::string_view(whole).substr(0, length), false);
    EXPECT_TRUE(job.command.empty() || absl::string_view("echo hi").substr(0, job.command.size()) == job.command)
        << length;
  }
}

TEST(AtJob, ALongPreambleThatIsCutSaysSo) {
  const AtJob job = ParseAtJob(absl::string_view(kJob).substr(0, 120), true);
  ASSERT_EQ(job.problems.count(), 1U);
  EXPECT_THAT(Messages(job)[0], HasSubstr("longer than what is read of it"));
}

TEST(AtJob, LongNulAndInvalidCommands) {
  const AtJob cut = ParseAtJob(absl::StrCat(kJob, std::string(10'000, 'x'), "\n"), false);
  EXPECT_EQ(cut.command.size(), kMaxCommandBytes);
  EXPECT_TRUE(cut.command_truncated);
  EXPECT_EQ(ParseAtJob(absl::StrCat(kJob, absl::string_view("a\0b\xff\n", 5)), false).command, "a b\xef\xbf\xbd");
}

}  // namespace
}  // namespace rollcall
