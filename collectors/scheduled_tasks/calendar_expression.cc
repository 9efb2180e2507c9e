#include "collectors/scheduled_tasks/calendar_expression.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinYear = 1970;
constexpr int64_t kMaxYear = 2199;
constexpr uint8_t kAllWeekdays = 0x7f;
// Of one field, and the widest number in it.
constexpr size_t kMaxRanges = 240;
constexpr size_t kMaxDigits = 9;
constexpr absl::string_view kWeekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                           "Friday", "Saturday", "Sunday"};
constexpr size_t kShortWeekday = 3;

struct Shorthand {
  absl::string_view name;
  absl::string_view expression;
};

constexpr Shorthand kShorthands[] = {
    {"minutely", "*-*-* *:*:00"},     {"hourly", "*-*-* *:00:00"},     {"daily", "*-*-* 00:00:00"},
    {"weekly", "Mon *-*-* 00:00:00"}, {"monthly", "*-*-01 00:00:00"},  {"yearly", "*-01-01 00:00:00"},
    {"annually", "*-01-01 00:00:00"}, {"anually", "*-01-01 00:00:00"}, {"quarterly", "*-01,04,07,10-01 00:00:00"},
    {"biannually", "*-01,07-01"},     {"bi-annually", "*-01,07-01"},   {"semiannually", "*-01,07-01"},
    {"semi-annually", "*-01,07-01"},
};

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

std::optional<int> WeekdayNamed(absl::string_view word) {
  for (int day = 0; day < 7; ++day) {
    const absl::string_view name = kWeekdays[day];
    if (absl::EqualsIgnoreCase(word, name) || absl::EqualsIgnoreCase(word, name.substr(0, kShortWeekday))) return day;
  }
  return std::nullopt;
}

// Reads an expression without its time zone from left to right.
class CalendarParser {
 public:
  explicit CalendarParser(absl::string_view text) : rest_(text) {}

  absl::StatusOr<CalendarExpression> Parse() {
    if (rest_.empty()) return Invalid("empty");
    ROLLCALL_RETURN_IF_ERROR(ParseWeekdays());
    if (absl::StartsWith(rest_, "@")) {
      ROLLCALL_RETURN_IF_ERROR(ParseTimestamp());
    } else {
      ROLLCALL_RETURN_IF_ERROR(ParseDate());
      ROLLCALL_RETURN_IF_ERROR(ParseTime());
    }
    if (!rest_.empty()) return Invalid("text behind the time");
    return std::move(result_);
  }

 private:
  bool Take(absl::string_view prefix) {
    if (!absl::StartsWith(rest_, prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }

  bool SkipSpaces() {
    const bool any = absl::StartsWith(rest_, " ");
    while (Take(" ")) {
    }
    return any;
  }

  std::optional<int> TakeWeekday() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), IsAlpha);
    const auto length = static_cast<size_t>(end - rest_.begin());
    const std::optional<int> day = WeekdayNamed(rest_.substr(0, length));
    if (day.has_value()) rest_.remove_prefix(length);
    return day;
  }

  // `Mon`, `Mon,Wed`, `Mon..Fri`, with `-` for `..` as older versions had it.
  absl::Status ParseWeekdays() {
    if (!IsAlpha(rest_.front())) return absl::OkStatus();
    uint8_t days = 0;
    do {
      if (rest_.empty() || rest_.front() == ' ') break;
      const std::optional<int> first = TakeWeekday();
      if (!first.has_value()) return Invalid("unknown weekday");
      int last = *first;
      if (Take("..") || Take("-")) {
        const std::optional<int> end = TakeWeekday();
        if (!end.has_value() || *end < *first) return Invalid("bad range of weekdays");
        last = *end;
      }
      for (int day = *first; day <= last; ++day) days |= static_cast<uint8_t>(1 << day);
    } while (Take(","));
    if (!rest_.empty() && !SkipSpaces()) return Invalid("text behind the weekday");
    result_.weekdays = days;
    return absl::OkStatus();
  }

  // `@SECONDS` since 1970, in UTC.
  absl::Status ParseTimestamp() {
    int64_t seconds = 0;
    if (!absl::SimpleAtoi(rest_.substr(1), &seconds) || seconds < 0 || !IsDigit(rest_[1])) {
      return Invalid("bad timestamp");
    }
    const absl::CivilSecond civil = absl::ToCivilSecond(absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
    if (civil.year() > kMaxYear) return Invalid("bad timestamp");
    const auto only = [](int64_t value) { return CalendarField{{value, CalendarRange::kNone, 0}}; };
    result_.year = only(civil.year());
    result_.month = only(civil.month());
    result_.day = only(civil.day());
    result_.hour = only(civil.hour());
    result_.minute = only(civil.minute());
    result_.microsecond = only(civil.second() * kSecond);
    result_.timezone = "UTC";
    rest_ = {};
    return absl::OkStatus();
  }

  // `Y-M-D`, `M-D`, with `~` before D for days from the end; nothing if a time follows.
  absl::Status ParseDate() {
    if (rest_.empty()) return absl::OkStatus();
    const absl::string_view begin = rest_;
    CalendarField parts[3];
    ROLLCALL_RETURN_IF_ERROR(ParseField(&parts[0], false));
    if (absl::StartsWith(rest_, ":")) {
      rest_ = begin;
      return absl::OkStatus();
    }
    size_t count = 1;
    while (count < 3 && !rest_.empty() && rest_.front() != ' ') {
      if (result_.from_end_of_month) return Invalid("bad date");
      if (Take("~")) {
        result_.from_end_of_month = true;
      } else if (!Take("-")) {
        return Invalid("bad date");
      }
      ROLLCALL_RETURN_IF_ERROR(ParseField(&parts[count++], false));
    }
    if (count < 2 || (!rest_.empty() && !SkipSpaces())) return Invalid("bad date");
    result_.day = std::move(parts[count - 1]);
    result_.month = std::move(parts[count - 2]);
    if (count == 3) result_.year = std::move(parts[0]);
    CompleteYears();
    return CheckDate();
  }

  // Two digits are 1970 to 2069.
  void CompleteYears() {
    const auto complete = [](int64_t* year) {
      if (*year >= 0 && *year < 70) *year += 2000;
      if (*year >= 70 && *year < 100) *year += 1900;
    };
    for (CalendarRange& range : result_.year) {
      complete(&range.start);
      if (range.stop != CalendarRange::kNone) complete(&range.stop);
    }
  }

  absl::Status CheckDate() const {
    if (!Within(result_.year, kMinYear, kMaxYear)) return Invalid("bad year");
    if (!Within(result_.month, 1, 12)) return Invalid("bad month");
    // Every month has the last 28 days.
    const bool fits = result_.from_end_of_month ? WithinFromEnd(result_.day) : Within(result_.day, 1, 31);
    return fits ? absl::OkStatus() : Invalid("bad day");
  }

  // `H:M` or `H:M:S`; midnight if there is nothing.
  absl::Status ParseTime() {
    const CalendarField zero = {{0, CalendarRange::kNone, 0}};
    if (rest_.empty()) {
      result_.hour = result_.minute = result_.microsecond = zero;
      return absl::OkStatus();
    }
    ROLLCALL_RETURN_IF_ERROR(ParseField(&result_.hour, false));
    if (!Take(":")) return Invalid("bad time");
    ROLLCALL_RETURN_IF_ERROR(ParseField(&result_.minute, false));
    if (Take(":")) {
      ROLLCALL_RETURN_IF_ERROR(ParseField(&result_.microsecond, true));
    } else {
      result_.microsecond = zero;
    }
    if (!Within(result_.hour, 0, 23)) return Invalid("bad hour");
    if (!Within(result_.minute, 0, 59)) return Invalid("bad minute");
    if (!Within(result_.microsecond, 0, 60 * kSecond - 1)) return Invalid("bad second");
    return absl::OkStatus();
  }

  // A list of ranges, or `*`. Seconds, with a fraction, are read in microseconds.
  absl::Status ParseField(CalendarField* field, bool seconds) {
    if (Take("*")) {
      if (seconds) *field = {{0, CalendarRange::kNone, kSecond}};
      return absl::OkStatus();
    }
    do {
      CalendarRange range;
      if (!ParseNumber(seconds, &range.start)) return Invalid("bad number");
      if (Take("..")) {
        if (!ParseNumber(seconds, &range.stop)) return Invalid("bad number");
        range.step = seconds ? kSecond : 1;
      }
      const bool stepped = Take("/");
      if (stepped && (!ParseNumber(seconds, &range.step) || range.step == 0)) return Invalid("bad step");
      if (!CompleteRange(seconds, stepped, &range)) return Invalid("bad range");
      if (field->size() >= kMaxRanges) return Invalid("too many values");
      field->push_back(range);
    } while (Take(","));
    return absl::OkStatus();
  }

  // Lets a range end at the last value it reaches; one that reaches no other is that value.
  static bool CompleteRange(bool seconds, bool stepped, CalendarRange* range) {
    if (range->stop == CalendarRange::kNone) return true;
    if (range->stop < range->start) return false;
    range->stop -= (range->stop - range->start) % range->step;
    if (range->stop > range->start) return true;
    // Systemd takes `1..1` for an hour, but not for a second.
    if (seconds && !stepped) return false;
    *range = {range->start, CalendarRange::kNone, 0};
    return true;
  }

  bool ParseNumber(bool seconds, int64_t* value) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), IsDigit);
    const auto length = static_cast<size_t>(end - rest_.begin());
    if (length == 0 || length > kMaxDigits || !absl::SimpleAtoi(rest_.substr(0, length), value)) return false;
    rest_.remove_prefix(length);
    if (!seconds) return true;
    *value *= kSecond;
    // `1..4` is a range, `1.5` a fraction.
    if (rest_.size() >= 2 && rest_[0] == '.' && IsDigit(rest_[1])) {
      rest_.remove_prefix(1);
      *value += TakeFraction();
    }
    return true;
  }

  // Microseconds, the seventh digit rounded.
  int64_t TakeFraction() {
    int64_t value = 0;
    int64_t scale = kSecond;
    for (; !rest_.empty() && IsDigit(rest_.front()); rest_.remove_prefix(1)) {
      const int64_t digit = rest_.front() - '0';
      if (scale == 1) value += digit >= 5 ? 1 : 0;
      if (scale > 1) value += digit * (scale / 10);
      scale /= 10;
    }
    return value;
  }

  static bool Within(const CalendarField& field, int64_t low, int64_t high) {
    return std::all_of(field.begin(), field.end(), [low, high](const CalendarRange& range) {
      const int64_t last = range.stop == CalendarRange::kNone ? high : range.stop;
      return range.start >= low && range.start <= high && last <= high && range.start + range.step <= last;
    });
  }

  // A step leads towards the end of the month, that is to lower numbers, unless it is a range.
  static bool WithinFromEnd(const CalendarField& field) {
    constexpr int64_t kMaxDays = 28;
    return std::all_of(field.begin(), field.end(), [](const CalendarRange& range) {
      if (range.start < 1 || range.start > kMaxDays) return false;
      if (range.stop != CalendarRange::kNone) return range.stop <= kMaxDays && range.start + range.step <= range.stop;
      return range.start - range.step >= 1;
    });
  }

  absl::string_view rest_;
  CalendarExpression result_;
};

// Sorted, each range once.
void Normalize(CalendarField* field) {
  std::sort(field->begin(), field->end(), [](const CalendarRange& a, const CalendarRange& b) {
    return std::tie(a.start, a.stop, a.step) < std::tie(b.start, b.stop, b.step);
  });
  field->erase(std::unique(field->begin(), field->end()), field->end());
}

std::string FormatWeekdays(uint8_t days) {
  if (days == kAllWeekdays) return "";
  std::vector<std::string> parts;
  for (int first = 0; first < 7; ++first) {
    if ((days >> first & 1) == 0) continue;
    int last = first;
    while (last < 6 && (days >> (last + 1) & 1) != 0) ++last;
    const auto name = [](int day) { return std::string(kWeekdays[day].substr(0, kShortWeekday)); };
    if (last - first >= 2) {
      parts.push_back(absl::StrCat(name(first), "..", name(last)));
    } else {
      for (int day = first; day <= last; ++day) parts.push_back(name(day));
    }
    first = last;
  }
  return parts.empty() ? "" : absl::StrCat(absl::StrJoin(parts, ","), " ");
}

std::string FormatSeconds(int64_t value, int width) {
  const int64_t fraction = value % kSecond;
  std::string text = absl::StrFormat("%0*d", width, value / kSecond);
  if (fraction != 0) absl::StrAppendFormat(&text, ".%06d", fraction);
  return text;
}

std::string FormatField(const CalendarField& field, int width, bool seconds) {
  if (field.empty()) return "*";
  if (seconds && field.size() == 1 && field[0] == CalendarRange{0, CalendarRange::kNone, kSecond}) return "*";
  const auto number = [seconds](int64_t value, int digits) {
    return seconds ? FormatSeconds(value, digits) : absl::StrFormat("%0*d", digits, value);
  };
  const int64_t unit = seconds ? kSecond : 1;
  std::vector<std::string> parts;
  for (const CalendarRange& range : field) {
    std::string part = number(range.start, width);
    const bool has_stop = range.stop != CalendarRange::kNone;
    if (has_stop) absl::StrAppend(&part, "..", number(range.stop, width));
    if (range.step > 0 && !(has_stop && range.step == unit)) absl::StrAppend(&part, "/", number(range.step, 1));
    parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, ",");
}

// Splits the last word off if it can be a time zone: a word that begins with a letter and has
// others before it.
absl::string_view TakeTimezone(absl::string_view* text) {
  const size_t space = text->rfind(' ');
  if (space == absl::string_view::npos || space + 1 >= text->size() || !IsAlpha((*text)[space + 1])) return "";
  const absl::string_view zone = text->substr(space + 1);
  *text = text->substr(0, space);
  return zone;
}

}  // namespace

absl::StatusOr<CalendarExpression> ParseCalendarExpression(absl::string_view text) {
  if (text.size() > kMaxCalendarBytes) return Invalid("too long");
  const absl::string_view zone = TakeTimezone(&text);
  if (WeekdayNamed(zone).has_value()) return Invalid("weekday behind the time");
  for (const Shorthand& shorthand : kShorthands) {
    if (absl::EqualsIgnoreCase(text, shorthand.name)) text = shorthand.expression;
  }
  auto expression = CalendarParser(text).Parse();
  if (!expression.ok()) return expression.status();
  for (CalendarField* field : {&expression->year, &expression->month, &expression->day, &expression->hour,
                               &expression->minute, &expression->microsecond}) {
    Normalize(field);
  }
  if (expression->day.empty()) expression->from_end_of_month = false;
  if (!zone.empty()) expression->timezone = absl::EqualsIgnoreCase(zone, "UTC") ? "UTC" : std::string(zone);
  return expression;
}

std::string FormatCalendarExpression(const CalendarExpression& expression) {
  return absl::StrCat(FormatWeekdays(expression.weekdays), FormatField(expression.year, 4, false), "-",
                      FormatField(expression.month, 2, false), expression.from_end_of_month ? "~" : "-",
                      FormatField(expression.day, 2, false), " ", FormatField(expression.hour, 2, false), ":",
                      FormatField(expression.minute, 2, false), ":", FormatField(expression.microsecond, 2, true),
                      expression.timezone.empty() ? "" : " ", expression.timezone);
}

}  // namespace rollcall
