// When a calendar expression is due next.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CALENDAR_NEXT_ELAPSE_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CALENDAR_NEXT_ELAPSE_H_

#include <optional>

#include "absl/time/time.h"
#include "collectors/scheduled_tasks/calendar_expression.h"

namespace rollcall {

// The first time after `now` that matches, in `zone`; nothing if there is none up to the year
// 2199. A time in an hour that a change of the clock skips does not exist; one in an hour that
// is repeated is due the first time, as in systemd, or the second if the first is past.
std::optional<absl::Time> NextElapse(const CalendarExpression& expression, absl::Time now, const absl::TimeZone& zone);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CALENDAR_NEXT_ELAPSE_H_
