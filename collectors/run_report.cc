#include "collectors/run_report.h"

#include <algorithm>
#include <string>

namespace rollcall {
namespace {

rollcall::v1::Problem MakeProblem(absl::string_view path, const absl::Status& status, absl::string_view remedy) {
  rollcall::v1::Problem problem;
  problem.set_path(std::string(path));
  problem.set_code(absl::StatusCodeToString(status.code()));
  problem.set_message(std::string(status.message()));
  problem.set_remedy(std::string(remedy));
  return problem;
}

}  // namespace

void RunReport::AddProblem(absl::string_view path, const absl::Status& status, absl::string_view remedy) {
  ++problem_count_;
  if (problems_.size() < kMaxProblems) problems_.push_back(MakeProblem(path, status, remedy));
}

void RunReport::AddDegradation(absl::string_view path, const absl::Status& status, absl::string_view remedy) {
  const bool known = std::any_of(degradations_.begin(), degradations_.end(), [&](const auto& seen) {
    return seen.path() == path && seen.message() == status.message();
  });
  if (!known && degradations_.size() < kMaxProblems) degradations_.push_back(MakeProblem(path, status, remedy));
}

void RunReport::SetTruncated(uint64_t observed) {
  truncated_ = true;
  observed_ = std::max(observed_, observed);
}

void RunReport::FillResult(rollcall::v1::RunResult* result) const {
  result->mutable_problems()->Assign(problems_.begin(), problems_.end());
  result->set_problem_count(problem_count_);
  result->mutable_degradations()->Assign(degradations_.begin(), degradations_.end());
  result->set_truncated(truncated_);
  result->set_observed_count(truncated_ ? observed_ : 0);
}

}  // namespace rollcall
