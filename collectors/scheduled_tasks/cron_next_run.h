// When a cron job is due next.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_NEXT_RUN_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_NEXT_RUN_H_

#include <optional>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "collectors/scheduled_tasks/cron_schedule.h"

namespace rollcall {

// Whether cron runs the job on `day`: the month matches, and day of month and day of week both
// do; if neither field begins with a star, one of them is enough.
bool CronRunsOn(const CronSchedule& schedule, absl::CivilDay day);

// The first minute after `now` in which the job runs on a host that keeps `zone`. Nothing if
// there is none within 41 years (a 31 February), or if it is not known: @reboot, every second,
// random values.
//
// Changes of the clock are as cron(8) of vixie-cron and cronie describe them. A job with a star
// in its minute or hour follows the clock: not at all in an hour that is skipped, twice in one
// that is repeated. Any other that falls into a skipped hour runs right after the change, and
// runs once in a repeated hour. That holds for changes of less than three hours.
std::optional<absl::Time> NextCronRun(const CronSchedule& schedule, absl::Time now, const absl::TimeZone& zone);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_NEXT_RUN_H_
