// What a parser of this folder could not use, in bounded number.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_PROBLEMS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_PROBLEMS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Messages say `line N: what is wrong` and never repeat the line, which may carry a secret.
// Not thread-safe.
class TaskProblems {
 public:
  // Messages kept; all are counted.
  static constexpr size_t kMaxKept = 20;

  void Add(uint64_t line, absl::string_view what) { Add(absl::StrCat("line ", line, ": ", what)); }
  void Add(absl::string_view message) {
    if (++count_ <= kMaxKept) kept_.push_back(absl::InvalidArgumentError(message));
  }

  const std::vector<absl::Status>& kept() const { return kept_; }
  uint64_t count() const { return count_; }

 private:
  std::vector<absl::Status> kept_;
  uint64_t count_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_PROBLEMS_H_
