// Scheduled tasks: see README.md.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_SCHEDULED_TASKS_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_SCHEDULED_TASKS_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kScheduledTasksCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_SCHEDULED_TASKS_COLLECTOR_H_
