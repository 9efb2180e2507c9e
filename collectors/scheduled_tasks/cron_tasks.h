// Tasks of cron: the system's tables and the users'.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_TASKS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_TASKS_H_

#include "absl/status/status.h"
#include "collectors/scheduled_tasks/task_run.h"

namespace rollcall {

// Emits the jobs of /etc/crontab, /etc/cron.d and the spools of Debian, Red Hat, SUSE and
// Alpine, whichever there are, and notes which of them run the scripts of a directory.
// Cancelled, or the sink's error.
absl::Status EmitCronTasks(TaskRun& run);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_TASKS_H_
