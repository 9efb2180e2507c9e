#include "collectors/run_report.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

rollcall::v1::RunResult Filled(const RunReport& report) {
  rollcall::v1::RunResult result;
  report.FillResult(&result);
  return result;
}

TEST(RunReport, IsCompleteWhenNothingWasReported) {
  const RunReport report;
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(Filled(report).ByteSizeLong(), 0U);
}

TEST(RunReport, ProblemsMakeTheRunIncompleteAndKeepWhatTheOperatorNeeds) {
  RunReport report;
  report.AddProblem("/etc/shadow", absl::PermissionDeniedError("read /etc/shadow: permission denied"), "run as root");
  EXPECT_FALSE(report.complete());
  const rollcall::v1::RunResult result = Filled(report);
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).path(), "/etc/shadow");
  EXPECT_EQ(result.problems(0).code(), "PERMISSION_DENIED");
  EXPECT_EQ(result.problems(0).message(), "read /etc/shadow: permission denied");
  EXPECT_EQ(result.problems(0).remedy(), "run as root");
}

TEST(RunReport, KeepsTheFirstProblemsAndCountsAll) {
  RunReport report;
  for (size_t i = 0; i < RunReport::kMaxProblems + 7; ++i) {
    report.AddProblem("/p" + std::to_string(i), absl::DataLossError("bad"));
  }
  EXPECT_EQ(report.problem_count(), RunReport::kMaxProblems + 7);
  const rollcall::v1::RunResult result = Filled(report);
  EXPECT_EQ(result.problem_count(), RunReport::kMaxProblems + 7);
  ASSERT_EQ(static_cast<size_t>(result.problems_size()), RunReport::kMaxProblems);
  EXPECT_EQ(result.problems(0).path(), "/p0");
}

TEST(RunReport, DegradationsLeaveTheRunCompleteAndAreReportedOnce) {
  RunReport report;
  const absl::Status denied = absl::PermissionDeniedError("read exe: permission denied");
  for (int i = 0; i < 3; ++i) report.AddDegradation("/proc", denied, "grant CAP_SYS_PTRACE");
  report.AddDegradation("/proc", absl::PermissionDeniedError("another"), "");
  report.AddDegradation("/sys", denied, "");
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(Filled(report).degradations_size(), 3);
}

TEST(RunReport, DegradationsAreBounded) {
  RunReport report;
  for (size_t i = 0; i < 2 * RunReport::kMaxProblems; ++i) {
    report.AddDegradation("/p" + std::to_string(i), absl::DataLossError("bad"), "");
  }
  EXPECT_EQ(static_cast<size_t>(Filled(report).degradations_size()), RunReport::kMaxProblems);
}

TEST(RunReport, TruncationCarriesTheLargestCount) {
  RunReport report;
  report.SetTruncated(30'000);
  report.SetTruncated(25'000);
  EXPECT_FALSE(report.complete());
  EXPECT_TRUE(Filled(report).truncated());
  EXPECT_EQ(Filled(report).observed_count(), 30'000U);
}

}  // namespace
}  // namespace rollcall
