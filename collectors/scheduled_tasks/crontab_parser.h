// crontab(5): the files that cron reads.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRONTAB_PARSER_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRONTAB_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collectors/scheduled_tasks/cron_schedule.h"
#include "collectors/scheduled_tasks/task_environment.h"
#include "collectors/scheduled_tasks/task_problems.h"

namespace rollcall {

// Longest command kept of any task, in bytes.
inline constexpr size_t kMaxCommandBytes = size_t{4} << 10;

struct CrontabFormat {
  CronDialect dialect = CronDialect::kDebian;
  // The sixth field names the user: /etc/crontab and /etc/cron.d, not the users' own tables.
  bool has_user_field = false;
};

struct CronJob {
  // From 1.
  uint64_t line = 0;
  // The time fields as written, with one space between them.
  std::string schedule_text;
  CronSchedule schedule;
  // Only of a table with user fields.
  std::string user;
  // Without what goes to standard input, `\%` made `%`, at most kMaxCommandBytes; UTF-8.
  std::string command;
  bool command_truncated = false;
  bool has_standard_input = false;
  // The last line of a file that does not end it; only BusyBox runs it.
  bool unended = false;
  // Place in CrontabParse::environments.
  size_t environment = 0;
};

struct CrontabParse {
  // In file order.
  std::vector<CronJob> jobs;
  // What was set at the time; each job refers to one.
  std::vector<TaskEnvironment> environments;
  // Lines that are neither a job nor an assignment nor nothing.
  TaskProblems problems;
  // True of the file as it is, with nothing lost: a carriage return that reaches the command,
  // a last line without an end.
  TaskProblems remarks;
  // Why Debian's cron ignores the whole file, such as `line 3 is not valid`; empty if it does
  // not, and for other dialects.
  std::string rejected;
  // Lines that are a job; more than `jobs` holds if there were too many.
  uint64_t observed = 0;
};

// Reads all lines. A line that cannot be read is reported and the rest is kept, also where
// cron would ignore the file for it. At most `max_jobs` are kept. Pure; time and memory are linear
// in the size of `text`.
CrontabParse ParseCrontab(absl::string_view text, const CrontabFormat& format, size_t max_jobs);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRONTAB_PARSER_H_
