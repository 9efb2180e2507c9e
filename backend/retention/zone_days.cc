#include "backend/retention/zone_days.h"

#include <algorithm>
#include <limits>

#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::min();
constexpr int64_t kIrregular = kUnknown + 1;
constexpr int64_t kDaySeconds = 86400;
// 2000-01-01 in UTC.
constexpr int64_t kFirstStart = 946684800;
constexpr int64_t kDays = 60 * 365 + 15;
const absl::CivilDay kFirstDay(2000, 1, 1);

}  // namespace

ZoneDays::ZoneDays(absl::TimeZone zone, Memory memory)
    : zone_(zone), entries_(memory == Memory::kNone ? 0 : kDays, Entry{kUnknown, absl::CivilDay()}) {}

int64_t ZoneDays::IndexOf(absl::CivilDay day) const {
  if (entries_.empty()) return -1;
  const int64_t index = day - kFirstDay;
  return index < kDays ? std::max<int64_t>(index, -1) : -1;
}

const ZoneDays::Entry& ZoneDays::At(int64_t index) const {
  Entry& entry = entries_[static_cast<size_t>(index)];
  if (entry.start != kUnknown) return entry;
  entry.day = kFirstDay + index;
  const absl::TimeZone::TimeInfo midnight = zone_.At(absl::CivilSecond(entry.day));
  const bool skipped = midnight.kind == absl::TimeZone::TimeInfo::SKIPPED;
  const absl::Time begins = skipped ? midnight.trans : midnight.pre;
  // Where clocks go back over midnight, the day that ended comes again for an hour; and there are days that are
  // skipped.
  const bool regular = midnight.kind == absl::TimeZone::TimeInfo::UNIQUE ||
                       (skipped && absl::ToCivilDay(midnight.trans, zone_) == entry.day);
  entry.start = regular && begins == absl::FromUnixSeconds(absl::ToUnixSeconds(begins)) ? absl::ToUnixSeconds(begins)
                                                                                        : kIrregular;
  return entry;
}

absl::Time ZoneDays::StartOfDay(absl::CivilDay day) const {
  const int64_t index = IndexOf(day);
  const int64_t start = index < 0 ? kIrregular : At(index).start;
  return start == kIrregular ? rollcall::StartOfDay(day, zone_) : absl::FromUnixSeconds(start);
}

absl::Time ZoneDays::EndOfDay(absl::CivilDay day) const {
  const int64_t index = IndexOf(day);
  const int64_t start = index < 0 || index + 1 >= kDays ? kIrregular : At(index + 1).start;
  return start == kIrregular ? rollcall::EndOfDay(day, zone_) : absl::FromUnixSeconds(start);
}

absl::CivilDay ZoneDays::Add(absl::CivilDay day, int64_t count) const {
  const int64_t index = IndexOf(day);
  return index < 0 || count < 0 || count >= kDays - index ? day + count : At(index + count).day;
}

absl::CivilDay ZoneDays::DayOf(absl::Time time) const {
  const int64_t seconds = entries_.empty() ? 0 : absl::ToUnixSeconds(time);
  // Zones are within a day of UTC; whoever is near the ends of what is remembered is not served from it.
  if (seconds <= kFirstStart + kDaySeconds || seconds >= kFirstStart + (kDays - 2) * kDaySeconds) {
    return rollcall::DayOf(time, zone_);
  }
  const int64_t guess = (seconds - kFirstStart) / kDaySeconds;
  for (int64_t index = guess - 1; index <= guess + 1; ++index) {
    const Entry& entry = At(index);
    const int64_t next = At(index + 1).start;
    if (entry.start == kIrregular || next == kIrregular) break;
    if (entry.start <= seconds && seconds < next) return entry.day;
  }
  return rollcall::DayOf(time, zone_);
}

}  // namespace rollcall
