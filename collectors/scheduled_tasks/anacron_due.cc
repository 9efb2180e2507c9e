#include "collectors/scheduled_tasks/anacron_due.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr char kAnacron[] = "/usr/sbin/anacron";
// A job of more is never due as far as anyone can tell.
constexpr uint32_t kMaxPeriodDays = 36'525;
constexpr absl::Duration kLongestDelay = absl::Hours(24 * 366);
// Of which all hours of the day are part.
constexpr absl::Duration kLongestRandomDelay = absl::Hours(25);
// Any month or year has passed by then.
constexpr int kMaxDaysToDue = 800;
// A start every minute has that many a day; whatever is due then has some hour of it.
constexpr int kMaxStarts = 3'000;

// Days of the month or year that `day` is in.
int64_t LengthOf(AnacronTiming::Period period, absl::CivilDay day) {
  if (period == AnacronTiming::Period::kMonth) {
    const absl::CivilMonth month(day);
    return absl::CivilDay(month + 1) - absl::CivilDay(month);
  }
  const absl::CivilYear year(day);
  return absl::CivilDay(year + 1) - absl::CivilDay(year);
}

int64_t LengthBefore(AnacronTiming::Period period, absl::CivilDay day) {
  const absl::CivilDay first = period == AnacronTiming::Period::kMonth ? absl::CivilDay(absl::CivilMonth(day))
                                                                       : absl::CivilDay(absl::CivilYear(day));
  return LengthOf(period, first - 1);
}

// The first day after `day` on which the job is due.
std::optional<absl::CivilDay> NextDueDay(const AnacronTiming& timing, absl::CivilDay day) {
  if (timing.period == AnacronTiming::Period::kDays && timing.last.has_value()) {
    if (timing.days > kMaxPeriodDays) return std::nullopt;
    return std::max(day + 1, *timing.last + timing.days);
  }
  for (int i = 1; i <= kMaxDaysToDue; ++i) {
    if (IsAnacronJobDue(timing, day + i)) return day + i;
  }
  return std::nullopt;
}

enum class Hours { kKept, kMissed, kAtRandom };

// Whether a job keeps its hours if anacron is started at `start`. The first run of all need not.
Hours HoursOf(const AnacronTiming& timing, absl::Time start, const absl::TimeZone& zone) {
  if (!timing.hours.has_value() || !timing.last.has_value()) return Hours::kKept;
  const auto keeps = [&](absl::Time time) {
    const int hour = absl::ToCivilHour(time, zone).hour();
    return hour >= timing.hours->first && hour < timing.hours->second;
  };
  const absl::Time first = start + timing.delay;
  const absl::Time last = first + std::min(timing.random_delay, kLongestRandomDelay);
  const bool kept = keeps(first);
  bool always_so = keeps(last) == kept;
  for (absl::Time time = first; time < last; time += absl::Hours(1)) always_so &= keeps(time) == kept;
  if (!always_so) return Hours::kAtRandom;
  return kept ? Hours::kKept : Hours::kMissed;
}

std::optional<absl::Time> FirstStart(const std::vector<AnacronStart>& starts, absl::Time after) {
  std::optional<absl::Time> first;
  for (const AnacronStart& start : starts) {
    const auto time = start(after);
    if (time.has_value() && (!first.has_value() || *time < *first)) first = time;
  }
  return first;
}

}  // namespace

bool IsAnacronJobDue(const AnacronTiming& timing, absl::CivilDay today) {
  if (!timing.last.has_value()) return true;
  const int64_t passed = today - *timing.last;
  if (timing.period == AnacronTiming::Period::kDays) return passed < 0 || passed >= int64_t{timing.days};
  return passed >= LengthBefore(timing.period, today) || passed == LengthOf(timing.period, today);
}

std::optional<absl::Time> NextAnacronRun(const AnacronTiming& timing, absl::Time now, const absl::TimeZone& zone,
                                         const std::vector<AnacronStart>& starts) {
  if (timing.delay > kLongestDelay) return std::nullopt;
  absl::Time after = now;
  for (int i = 0; i < kMaxStarts; ++i) {
    const auto start = FirstStart(starts, after);
    if (!start.has_value()) return std::nullopt;
    after = *start;
    const absl::CivilDay day = absl::ToCivilDay(*start, zone);
    if (!IsAnacronJobDue(timing, day)) {
      const auto due = NextDueDay(timing, day);
      if (!due.has_value()) return std::nullopt;
      after = std::max(after, absl::FromCivil(*due, zone) - absl::Nanoseconds(1));
      continue;
    }
    switch (HoursOf(timing, *start, zone)) {
      case Hours::kKept:
        return *start + timing.delay;
      case Hours::kAtRandom:
        return std::nullopt;
      case Hours::kMissed:
        break;
    }
  }
  return std::nullopt;
}

std::optional<std::pair<int, int>> ParseAnacronHours(absl::string_view text) {
  const size_t dash = text.find('-');
  int from = 0;
  int to = 0;
  if (dash == absl::string_view::npos || !absl::SimpleAtoi(text.substr(0, dash), &from) ||
      !absl::SimpleAtoi(text.substr(dash + 1), &to)) {
    return std::nullopt;
  }
  if (from < 0 || to > 24 || from > to) return std::nullopt;
  return std::pair(from, to);
}

std::optional<absl::CivilDay> ParseAnacronStamp(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const bool digits = std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  int year = 0;
  int month = 0;
  int day = 0;
  const bool is_date = digits && text.size() == 8 && absl::SimpleAtoi(text.substr(0, 4), &year) &&
                       absl::SimpleAtoi(text.substr(4, 2), &month) && absl::SimpleAtoi(text.substr(6), &day);
  const absl::CivilDay date(year, month, day);
  if (!is_date || date.month() != month || date.day() != day) return std::nullopt;
  return date;
}

AnacronCommand AnacronCommandOf(absl::string_view command) {
  if (!absl::StrContains(command, "anacron")) return AnacronCommand::kNone;
  // Leaves something to anacron.
  if (absl::StrContains(command, "-x /usr/sbin/anacron ||")) return AnacronCommand::kNone;
  if (absl::StrContains(command, "anacron start")) {
    return absl::StrContains(command, "[ ! -d /run/systemd/system ]") ? AnacronCommand::kStartsWithoutSystemd
                                                                      : AnacronCommand::kStarts;
  }
  absl::string_view plain = absl::StripAsciiWhitespace(command);
  absl::ConsumePrefix(&plain, "test -x /usr/sbin/anacron && ");
  absl::ConsumeSuffix(&plain, " -s");
  return plain == kAnacron ? AnacronCommand::kStarts : AnacronCommand::kUnknown;
}

}  // namespace rollcall
