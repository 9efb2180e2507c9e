#include "collectors/scheduled_tasks/cron_next_run.h"

#include <algorithm>

namespace rollcall {
namespace {

// A 29 February that must be a certain day of the week comes at least once in 40 years, also
// across a century without a leap day.
constexpr int kHorizonYears = 41;
constexpr int kMinutesPerHour = 60;
// Larger changes of the clock are corrections, in which nothing is made up for.
constexpr int kMaxShiftMinutes = 3 * kMinutesPerHour;

bool Has(const CronField& field, int value) { return ((field.values >> value) & 1) != 0; }

// Sunday is 0.
int Weekday(absl::CivilDay day) { return (static_cast<int>(absl::GetWeekday(day)) + 1) % 7; }

bool RunsInMonth(const CronSchedule& schedule, absl::CivilDay day) { return Has(schedule.month, day.month()); }

// The first matching minute of `day` at or after `from_minute` of the day.
std::optional<absl::CivilMinute> FirstOfDay(const CronSchedule& schedule, absl::CivilDay day, int from_minute) {
  for (int hour = from_minute / kMinutesPerHour; hour < 24; ++hour) {
    if (!Has(schedule.hour, hour)) continue;
    int minute = hour == from_minute / kMinutesPerHour ? from_minute % kMinutesPerHour : 0;
    for (; minute < kMinutesPerHour; ++minute) {
      if (Has(schedule.minute, minute)) return absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute);
    }
  }
  return std::nullopt;
}

// The first matching minute in [from, end) of a calendar without changes of the clock.
std::optional<absl::CivilMinute> FirstMatch(const CronSchedule& schedule, absl::CivilMinute from,
                                            absl::CivilMinute end) {
  const absl::CivilDay first_day(from);
  for (absl::CivilDay day = first_day; absl::CivilMinute(day) < end;) {
    if (!RunsInMonth(schedule, day)) {
      day = absl::CivilDay(absl::CivilMonth(day) + 1);
      continue;
    }
    if (CronRunsOn(schedule, day)) {
      const int from_minute = day == first_day ? from.hour() * kMinutesPerHour + from.minute() : 0;
      const auto found = FirstOfDay(schedule, day, from_minute);
      if (found.has_value()) return *found < end ? found : std::nullopt;
    }
    ++day;
  }
  return std::nullopt;
}

absl::Time AtOffset(absl::CivilSecond civil, int offset_seconds) {
  return absl::FromCivil(civil, absl::UTCTimeZone()) - absl::Seconds(offset_seconds);
}

// Walks the stretches of time in which the host's clock runs evenly.
class Search {
 public:
  Search(const CronSchedule& schedule, absl::Time now, const absl::TimeZone& zone)
      : schedule_(schedule),
        zone_(zone),
        follows_clock_(schedule.minute.star || schedule.hour.star),
        at_(now),
        start_(absl::CivilMinute(zone.At(now).cs) + 1),
        horizon_(absl::CivilYear(start_) + kHorizonYears) {}

  std::optional<absl::Time> Run() {
    SkipWhatRanBefore();
    while (start_ < horizon_) {
      absl::TimeZone::CivilTransition change;
      const bool changes = zone_.NextTransition(at_, &change);
      const absl::CivilMinute end = changes ? std::min(CeilMinute(change.from), horizon_) : horizon_;
      const int offset = zone_.At(at_).offset;
      if (const auto found = FirstMatch(schedule_, start_, end)) return AtOffset(absl::CivilSecond(*found), offset);
      if (!changes) return std::nullopt;
      at_ = AtOffset(change.from, offset);
      if (MissedIn(change)) return at_;
      start_ = StartAfter(change);
    }
    return std::nullopt;
  }

 private:
  static absl::CivilMinute CeilMinute(absl::CivilSecond civil) {
    return absl::CivilMinute(civil) + (civil.second() > 0 ? 1 : 0);
  }

  bool MakesUpFor(const absl::TimeZone::CivilTransition& change) const {
    const auto shift = absl::CivilMinute(change.to) - absl::CivilMinute(change.from);
    return !follows_clock_ && shift > -kMaxShiftMinutes && shift < kMaxShiftMinutes;
  }

  // Whether a job of the hour that `change` skips is made up for right after it.
  bool MissedIn(const absl::TimeZone::CivilTransition& change) const {
    return change.to > change.from && MakesUpFor(change) &&
           FirstMatch(schedule_, std::max(start_, CeilMinute(change.from)), CeilMinute(change.to)).has_value();
  }

  // Where the clock goes on; past the repeated hour for a job that ran in it already.
  absl::CivilMinute StartAfter(const absl::TimeZone::CivilTransition& change) const {
    if (change.to < change.from && MakesUpFor(change)) return CeilMinute(change.from);
    return CeilMinute(change.to);
  }

  // `now` may be in the second pass of a repeated hour.
  void SkipWhatRanBefore() {
    absl::TimeZone::CivilTransition change;
    if (!zone_.PrevTransition(at_ + absl::Nanoseconds(1), &change)) return;
    if (change.to < change.from && MakesUpFor(change)) start_ = std::max(start_, CeilMinute(change.from));
  }

  const CronSchedule& schedule_;
  const absl::TimeZone& zone_;
  const bool follows_clock_;
  // A moment in the stretch that is searched, and the first minute of it to look at.
  absl::Time at_;
  absl::CivilMinute start_;
  const absl::CivilMinute horizon_;
};

// A field without any value, as of a range that ends before it begins: 41 years need not be
// searched for it.
bool HasNoTime(const CronSchedule& schedule) {
  const bool no_day = schedule.day.values == 0;
  const bool no_weekday = schedule.weekday.values == 0;
  const bool both_needed = schedule.day.star || schedule.weekday.star;
  return schedule.minute.values == 0 || schedule.hour.values == 0 || schedule.month.values == 0 ||
         (both_needed ? no_day || no_weekday : no_day && no_weekday);
}

}  // namespace

bool CronRunsOn(const CronSchedule& schedule, absl::CivilDay day) {
  if (!RunsInMonth(schedule, day)) return false;
  const bool day_matches = Has(schedule.day, day.day());
  const bool weekday_matches = Has(schedule.weekday, Weekday(day));
  return schedule.day.star || schedule.weekday.star ? day_matches && weekday_matches : day_matches || weekday_matches;
}

std::optional<absl::Time> NextCronRun(const CronSchedule& schedule, absl::Time now, const absl::TimeZone& zone) {
  if (schedule.kind != CronSchedule::Kind::kFields || schedule.randomized) return std::nullopt;
  if (HasNoTime(schedule)) return std::nullopt;
  return Search(schedule, now, zone).Run();
}

}  // namespace rollcall
