// Jobs of at(1), as they lie in its spool.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_AT_JOB_PARSER_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_AT_JOB_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collectors/scheduled_tasks/task_problems.h"

namespace rollcall {

// What the name of a file in the spool says: queue, number of the job, minutes since 1970.
struct AtJobName {
  // `a`, `b` (batch) and so on; `=` of a job that runs now.
  char queue = 'a';
  uint32_t number = 0;
  absl::Time due;
};

// Nothing if it is not the name of a job: the sequence file, a lock, an output file.
std::optional<AtJobName> ParseAtJobName(absl::string_view name);

// Bytes at the start of a job that are read.
inline constexpr size_t kMaxAtJobBytes = size_t{256} << 10;

struct AtJob {
  std::optional<uint32_t> uid;
  // Who is sent the output.
  std::string mailto;
  // Names of the variables that at copied from the caller; at most TaskEnvironment::kMaxNames.
  std::vector<std::string> environment_names;
  // What the user typed, lines joined by `; `, at most kMaxCommandBytes; UTF-8.
  std::string command;
  bool command_truncated = false;
  TaskProblems problems;
};

// Reads a job. `truncated` says that `text` is only its beginning. Pure, linear.
AtJob ParseAtJob(absl::string_view text, bool truncated);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_AT_JOB_PARSER_H_
