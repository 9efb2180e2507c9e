// Civil days of a zone, as contracts count them.
#ifndef ROLLCALL_BACKEND_RETENTION_CIVIL_TIME_H_
#define ROLLCALL_BACKEND_RETENTION_CIVIL_TIME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace rollcall {

// The instant a day begins: midnight, or what follows where clocks skip midnight (or the day). All pure.
absl::Time StartOfDay(absl::CivilDay day, absl::TimeZone zone);
// 24:00 of the day: where the next one begins.
absl::Time EndOfDay(absl::CivilDay day, absl::TimeZone zone);
// Within the years 1 to 9999.
absl::CivilDay DayOf(absl::Time time, absl::TimeZone zone);

// The corresponding day `months` later, or the last day of that month if it has none:
// 31 January + 1 month = 28 or 29 February.
absl::CivilDay AddMonths(absl::CivilDay day, int months);

// `2024-02-29`.
std::string DayText(absl::CivilDay day);
// Reads what DayText writes. False for anything else, a day that there is not, and years before 1 or after 9999.
bool ParseDay(absl::string_view text, absl::CivilDay* day);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_CIVIL_TIME_H_
