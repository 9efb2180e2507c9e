// When a job of anacron is due, and when it runs if anacron is started then.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRON_DUE_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRON_DUE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace rollcall {

struct AnacronTiming {
  enum class Period { kDays, kMonth, kYear };
  Period period = Period::kDays;
  // Of kDays.
  uint32_t days = 1;
  // Of its stamp; unset if it has none that can be read, and so never ran.
  std::optional<absl::CivilDay> last;
  absl::Duration delay;
  // Up to this much is added to the delay.
  absl::Duration random_delay;
  // First hour of the day that a job may begin in, and the first that it may not.
  std::optional<std::pair<int, int>> hours;
};

// The first time after the one given at which something starts anacron, or nothing.
using AnacronStart = std::function<std::optional<absl::Time>(absl::Time)>;

// Whether an anacron that is started on `today` runs the job. As in anacron 2.3 and cronie: a stamp
// of the future counts for nothing with a number of days, and delays a named period. Pure.
bool IsAnacronJobDue(const AnacronTiming& timing, absl::CivilDay today);

// When the job begins at the earliest after the first start later than `now` that finds it due, in
// `zone`. Nothing if no such start is known, and if the random delay decides whether the hours
// are kept.
std::optional<absl::Time> NextAnacronRun(const AnacronTiming& timing, absl::Time now, const absl::TimeZone& zone,
                                         const std::vector<AnacronStart>& starts);

// `3-22`, as in START_HOURS_RANGE; nothing if it is no range of the hours 0 to 24, which anacron
// does not heed. Pure.
std::optional<std::pair<int, int>> ParseAnacronHours(absl::string_view text);

// `20240611`, as in a stamp; nothing if it is no day. Pure.
std::optional<absl::CivilDay> ParseAnacronStamp(absl::string_view text);

// What the command of a cron job has to do with anacron.
enum class AnacronCommand {
  kNone,
  // Starts it, with all its jobs.
  kStarts,
  // The same, where systemd is not init.
  kStartsWithoutSystemd,
  // Names it in a way that is not understood.
  kUnknown,
};

// Knows what the distributions' tables have. Pure.
AnacronCommand AnacronCommandOf(absl::string_view command);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_ANACRON_DUE_H_
