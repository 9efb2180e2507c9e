// Tasks of systemd: timers.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TIMER_TASKS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TIMER_TASKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collectors/scheduled_tasks/calendar_expression.h"
#include "collectors/scheduled_tasks/task_run.h"
#include "platform/systemd/system_manager.h"
#include "platform/systemd/unit_file.h"

namespace rollcall {

// When a timer elapses, put together from its files.
struct TimerTriggers {
  // Calendar expressions as they are, others as `OnBootSec=15min`, in order.
  std::vector<std::string> written;
  // The same with calendar expressions in normal form.
  std::vector<std::string> normalized;
  // Those that could be read.
  std::vector<CalendarExpression> calendars;
  // Spans that count from boot or the start of systemd.
  std::vector<absl::Duration> from_boot;
  // There are others: spans that count from when a unit started or ended, or more than are kept.
  // What comes first is then not known from files.
  bool has_others = false;
  // Settings whose value systemd would not understand either, such as `OnCalendar`.
  std::vector<std::string> unreadable;
};

// Reads the settings of section `Timer`; an empty one forgets all before it. Pure.
TimerTriggers ReadTimerTriggers(absl::Span<const UnitAssignment> assignments);

// Emits every timer of the system manager, whatever its state. `manager` is asked when those that
// are enabled elapse; without it (nullptr), or without an answer, their files say what they can.
// Cancelled, or the sink's error.
absl::Status EmitTimerTasks(TaskRun& run, const SystemManager* manager);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TIMER_TASKS_H_
