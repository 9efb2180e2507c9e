#include "collectors/scheduled_tasks/calendar_next_elapse.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace rollcall {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMaxYear = 2199;
// Steps through months and days that do not match: 230 years of days is the worst case, for a
// date that is never that weekday.
constexpr int kMaxSteps = 100'000;

// A point of the calendar, to the microsecond.
struct CivilMoment {
  absl::CivilSecond second;
  int64_t microsecond = 0;
};

// The smallest value of the range at or after `from`.
std::optional<int64_t> NextIn(int64_t start, int64_t stop, int64_t step, int64_t from) {
  if (start >= from) return start;
  if (step <= 0) return std::nullopt;
  const int64_t next = start + (from - start + step - 1) / step * step;
  if (stop != CalendarRange::kNone && next > stop) return std::nullopt;
  return next;
}

void TakeSmaller(std::optional<int64_t> candidate, std::optional<int64_t>* best) {
  if (candidate.has_value() && (!best->has_value() || *candidate < **best)) *best = candidate;
}

// The smallest matching value at or after `from`; `from` itself of a `*`.
std::optional<int64_t> NextOf(const CalendarField& field, int64_t from) {
  if (field.empty()) return from;
  std::optional<int64_t> best;
  for (const CalendarRange& range : field) TakeSmaller(NextIn(range.start, range.stop, range.step, from), &best);
  return best;
}

int64_t DaysOf(absl::CivilMonth month) { return (absl::CivilDay(month + 1) - 1).day(); }

class Search {
 public:
  Search(const CalendarExpression& expression, CivilMoment from) : expression_(expression), at_(from) {}

  // The first match at or after the moment it was made with.
  std::optional<CivilMoment> Run() {
    for (int step = 0; step < kMaxSteps; ++step) {
      if (at_.second.year() > kMaxYear) return std::nullopt;
      const auto year = NextOf(expression_.year, at_.second.year());
      if (!year.has_value() || *year > kMaxYear) return std::nullopt;
      if (*year != at_.second.year()) MoveTo(absl::CivilSecond(*year, 1, 1));
      if (MatchMonth() && MatchDay() && MatchTime()) return at_;
    }
    return std::nullopt;
  }

 private:
  void MoveTo(absl::CivilSecond second) { at_ = {second, 0}; }

  // Each moves to the first match of its field, or to the start of the next unit of the one
  // above and says false.
  bool MatchMonth() {
    const auto month = NextOf(expression_.month, at_.second.month());
    if (!month.has_value() || *month > 12) {
      MoveTo(absl::CivilSecond(absl::CivilYear(at_.second) + 1));
      return false;
    }
    if (*month != at_.second.month()) MoveTo(absl::CivilSecond(at_.second.year(), *month, 1));
    return true;
  }

  bool MatchDay() {
    const absl::CivilMonth month(at_.second);
    const auto day = NextDay(DaysOf(month));
    if (!day.has_value()) {
      MoveTo(absl::CivilSecond(month + 1));
      return false;
    }
    if (*day != at_.second.day()) MoveTo(absl::CivilSecond(month.year(), month.month(), *day));
    const auto weekday = static_cast<int>(absl::GetWeekday(absl::CivilDay(at_.second)));
    if ((expression_.weekdays >> weekday & 1) == 0) {
      MoveTo(absl::CivilSecond(absl::CivilDay(at_.second) + 1));
      return false;
    }
    return true;
  }

  std::optional<int64_t> NextDay(int64_t days) const {
    const int64_t from = at_.second.day();
    std::optional<int64_t> best;
    if (!expression_.from_end_of_month) {
      best = NextOf(expression_.day, from);
    } else if (expression_.day.empty()) {
      best = from;
    } else {
      for (const CalendarRange& range : expression_.day) {
        int64_t first = days + 1 - range.start;
        int64_t last = days;
        if (range.stop != CalendarRange::kNone) {
          last = first;
          first = days + 1 - range.stop;
        }
        TakeSmaller(NextIn(first, last, range.step, from), &best);
      }
    }
    return best.has_value() && *best <= days ? best : std::nullopt;
  }

  bool MatchTime() {
    const auto hour = NextOf(expression_.hour, at_.second.hour());
    if (!hour.has_value() || *hour > 23) {
      MoveTo(absl::CivilSecond(absl::CivilDay(at_.second) + 1));
      return false;
    }
    if (*hour != at_.second.hour())
      MoveTo(absl::CivilSecond(absl::CivilHour(at_.second) + (*hour - at_.second.hour())));
    const auto minute = NextOf(expression_.minute, at_.second.minute());
    if (!minute.has_value() || *minute > 59) {
      MoveTo(absl::CivilSecond(absl::CivilHour(at_.second) + 1));
      return false;
    }
    if (*minute != at_.second.minute()) {
      MoveTo(absl::CivilSecond(absl::CivilMinute(at_.second) + (*minute - at_.second.minute())));
    }
    return MatchSecond();
  }

  bool MatchSecond() {
    const auto found = NextOf(expression_.microsecond, at_.second.second() * kSecond + at_.microsecond);
    const absl::CivilMinute minute(at_.second);
    if (!found.has_value() || *found >= 60 * kSecond) {
      MoveTo(absl::CivilSecond(minute + 1));
      return false;
    }
    at_ = {absl::CivilSecond(minute) + *found / kSecond, *found % kSecond};
    return true;
  }

  const CalendarExpression& expression_;
  CivilMoment at_;
};

CivilMoment MomentAt(absl::Time time, const absl::TimeZone& zone) {
  const absl::TimeZone::CivilInfo info = zone.At(time);
  return {info.cs, absl::ToInt64Microseconds(info.subsecond)};
}

}  // namespace

std::optional<absl::Time> NextElapse(const CalendarExpression& expression, absl::Time now, const absl::TimeZone& zone) {
  CivilMoment from = MomentAt(now + absl::Microseconds(1), zone);
  // Each turn passes one skipped hour, of which there are two a year at most.
  for (int turn = 0; turn < 1'000; ++turn) {
    const auto found = Search(expression, from).Run();
    if (!found.has_value()) return std::nullopt;
    const absl::TimeZone::TimeInfo info = zone.At(found->second);
    const absl::Duration fraction = absl::Microseconds(found->microsecond);
    if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) {
      from = MomentAt(info.trans, zone);
      continue;
    }
    if (info.pre + fraction > now) return info.pre + fraction;
    if (info.post + fraction > now) return info.post + fraction;
    // The clock was set back while this hour ran; look on after it.
    from = {found->second + 1, 0};
  }
  return std::nullopt;
}

}  // namespace rollcall
