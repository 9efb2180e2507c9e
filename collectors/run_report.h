// What a run could not see. Collected beside the records, so that "none" and "could not
// look" stay different answers.
#ifndef ROLLCALL_COLLECTORS_RUN_REPORT_H_
#define ROLLCALL_COLLECTORS_RUN_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/common.pb.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// Not thread-safe; lives for one run.
class RunReport {
 public:
  // Problems kept; all are counted.
  static constexpr size_t kMaxProblems = 100;

  // Something was not read that might hold records: the run becomes PARTIAL.
  void AddProblem(absl::string_view path, const absl::Status& status, absl::string_view remedy = "");

  // Records are all there but say less than they could: the run stays COMPLETE.
  // Reported once per (path, message).
  void AddDegradation(absl::string_view path, const absl::Status& status, absl::string_view remedy);

  // A limit cut the run short; `observed` is how many there were. The run becomes PARTIAL.
  void SetTruncated(uint64_t observed);

  bool complete() const { return problem_count_ == 0 && !truncated_; }
  uint64_t problem_count() const { return problem_count_; }

  // Writes problems, degradations and truncation into `result`.
  void FillResult(rollcall::v1::RunResult* result) const;

 private:
  std::vector<rollcall::v1::Problem> problems_;
  uint64_t problem_count_ = 0;
  std::vector<rollcall::v1::Problem> degradations_;
  bool truncated_ = false;
  uint64_t observed_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RUN_REPORT_H_
