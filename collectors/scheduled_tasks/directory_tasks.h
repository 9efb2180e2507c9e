// Scripts that run-parts starts.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_DIRECTORY_TASKS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_DIRECTORY_TASKS_H_

#include "absl/status/status.h"
#include "collectors/scheduled_tasks/task_run.h"

namespace rollcall {

// Emits the scripts of /etc/cron.daily and its kin, and of Alpine's /etc/periodic. The jobs of
// cron and anacron that start them, if any, are those in `run.starters()`, so this comes after
// them. Cancelled, or the sink's error.
absl::Status EmitDirectoryTasks(TaskRun& run);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_DIRECTORY_TASKS_H_
