// Lengths of time as systemd writes them: systemd.time(7), "PARSING TIME SPANS".
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TIME_SPAN_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TIME_SPAN_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// `5min 20s`, `1.5h`, `90` (seconds), `infinity`, to the microsecond as systemd counts. A month is 30.44 days and a
// year 365.25. Nothing if it is no such text, or longer than 10,000 years without being infinite. Pure.
std::optional<absl::Duration> ParseTimeSpan(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TIME_SPAN_H_
