// anacrontab(5): jobs that run every so many days on machines that are not always on.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRONTAB_PARSER_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRONTAB_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collectors/scheduled_tasks/task_environment.h"
#include "collectors/scheduled_tasks/task_problems.h"

namespace rollcall {

struct AnacronJob {
  // From 1; of a line that was continued, the first.
  uint64_t line = 0;
  // As written: a number of days or `@monthly`.
  std::string period_text;
  // In one spelling: `@daily`, `@weekly`, `@monthly`, `@yearly` or `@every 3d`.
  std::string period;
  // Of the last two, and of a day and a week; 0 for a month and a year, which differ in length.
  uint32_t period_days = 0;
  uint32_t delay_minutes = 0;
  // Name of the job, also of its stamp file; UTF-8, without slashes.
  std::string id;
  // At most kMaxCommandBytes; UTF-8.
  std::string command;
  bool command_truncated = false;
  // Place in AnacrontabParse::environments.
  size_t environment = 0;
};

struct AnacrontabParse {
  std::vector<AnacronJob> jobs;
  std::vector<TaskEnvironment> environments;
  TaskProblems problems;
  uint64_t observed = 0;
};

// Reads all lines; one that cannot be read is reported and the rest is kept, as anacron does.
// At most `max_jobs` are kept. Pure, linear in the size of `text`.
AnacrontabParse ParseAnacrontab(absl::string_view text, size_t max_jobs);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRONTAB_PARSER_H_
