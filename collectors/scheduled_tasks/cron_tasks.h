// Tasks of cron: the system's tables and the users'.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_TASKS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_TASKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/scheduled_tasks/task_run.h"

namespace rollcall {

// One file and what is known of it before it is read.
struct CronTable {
  std::string path;
  // Owner of a table without user fields; empty of one that has them.
  std::string user;
  // Why cron passes over the file for its name or place; empty if it does not.
  absl::string_view skipped;
};

// Emits the jobs of /etc/crontab, of /etc/cron.d and of root's table in the spools of Debian, Red
// Hat, SUSE and Alpine, whichever there are, and notes which of them run the scripts of a
// directory. Appends the tables of other users, which come last, to `users`. Cancelled, or the
// sink's error.
absl::Status EmitSystemCronTasks(TaskRun& run, std::vector<CronTable>* users);

// Emits the jobs of `users`, at most kMaxJobsOfUser of each. Cancelled, or the sink's error.
absl::Status EmitUserCronTasks(TaskRun& run, const std::vector<CronTable>& users);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_TASKS_H_
