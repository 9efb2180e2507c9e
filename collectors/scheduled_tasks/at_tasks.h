// Tasks of at(1).
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_AT_TASKS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_AT_TASKS_H_

#include "absl/status/status.h"
#include "collectors/scheduled_tasks/task_run.h"

namespace rollcall {

// Emits the jobs that wait in the spools of Debian, Red Hat and SUSE, whichever there are.
// A job that runs now is none. Cancelled, or the sink's error.
absl::Status EmitAtTasks(TaskRun& run);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_AT_TASKS_H_
