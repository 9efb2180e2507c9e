// Tasks of anacron.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRON_TASKS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRON_TASKS_H_

#include "absl/status/status.h"
#include "collectors/scheduled_tasks/task_run.h"

namespace rollcall {

// Emits the jobs of /etc/anacrontab with the date of their last run, and notes which of them
// run the scripts of a directory. Cancelled, or the sink's error.
absl::Status EmitAnacronTasks(TaskRun& run);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRON_TASKS_H_
