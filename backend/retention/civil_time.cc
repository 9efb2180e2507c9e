#include "backend/retention/civil_time.h"

#include <algorithm>

namespace rollcall {

absl::Time StartOfDay(absl::CivilDay day, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo midnight = zone.At(absl::CivilSecond(day));
  return midnight.kind == absl::TimeZone::TimeInfo::SKIPPED ? midnight.trans : midnight.pre;
}

absl::Time EndOfDay(absl::CivilDay day, absl::TimeZone zone) { return StartOfDay(day + 1, zone); }

absl::CivilDay DayOf(absl::Time time, absl::TimeZone zone) {
  // Day arithmetic on the infinite times would overflow.
  return std::clamp(absl::ToCivilDay(time, zone), absl::CivilDay(1, 1, 1), absl::CivilDay(9999, 12, 31));
}

absl::CivilDay AddMonths(absl::CivilDay day, int months) {
  // absl::CivilDay would carry 31 February over into March.
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return absl::CivilDay(month.year(), month.month(), std::min(day.day(), last.day()));
}

std::string DayText(absl::CivilDay day) { return absl::FormatCivilTime(day); }

bool ParseDay(absl::string_view text, absl::CivilDay* day) {
  return absl::ParseCivilTime(text, day) && absl::FormatCivilTime(*day) == text && day->year() >= 1 &&
         day->year() <= 9999;
}

}  // namespace rollcall
