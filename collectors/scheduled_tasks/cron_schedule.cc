#include "collectors/scheduled_tasks/cron_schedule.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall {
namespace {

constexpr absl::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr absl::string_view kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldSpec {
  absl::string_view name;
  uint32_t low;
  uint32_t high;
  // Names of the values from `low` on.
  absl::Span<const absl::string_view> names;
};

constexpr FieldSpec kMinute = {"minute", 0, 59, {}};
constexpr FieldSpec kHour = {"hour", 0, 23, {}};
constexpr FieldSpec kDay = {"day of month", 1, 31, {}};
constexpr FieldSpec kMonth = {"month", 1, 12, kMonths};
constexpr FieldSpec kWeekday = {"day of week", 0, 7, kWeekdays};
constexpr uint64_t kSunday = 1;
constexpr uint64_t kSundayAgain = uint64_t{1} << 7;

constexpr uint64_t Bit(uint32_t value) { return uint64_t{1} << value; }

constexpr uint64_t AllValues(uint32_t low, uint32_t high) {
  uint64_t values = 0;
  for (uint32_t value = low; value <= high; ++value) values |= Bit(value);
  return values;
}

// Reads one field from left to right.
class FieldParser {
 public:
  FieldParser(absl::string_view text, const FieldSpec& spec, CronDialect dialect)
      : rest_(text), spec_(spec), dialect_(dialect) {}

  bool Parse() {
    field_.star = !rest_.empty() && rest_.front() == '*';
    do {
      if (!ParseRange()) return false;
    } while (Take(','));
    return rest_.empty() || MayIgnoreRest();
  }

  const CronField& field() const { return field_; }
  bool randomized() const { return randomized_; }

 private:
  struct Range {
    uint32_t first = 0;
    uint32_t last = 0;
    uint32_t step = 1;
  };

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool ParseRange() {
    Range range;
    after_plain_star_ = false;
    if (Take('*')) {
      range = {spec_.low, spec_.high, 1};
      const bool first = field_.values == 0 && field_.star;
      if (!ParseStep(&range)) return false;
      if (first) field_.star_step = range.step;
      return Add(range);
    }
    if (dialect_ == CronDialect::kCronie && absl::StartsWith(rest_, "~")) return ParseRandom(spec_.low);
    const std::optional<uint32_t> first = ParseValue();
    if (!first.has_value()) return false;
    range.first = range.last = *first;
    if (dialect_ == CronDialect::kCronie && absl::StartsWith(rest_, "~")) return ParseRandom(*first);
    if (!Take('-')) {
      // `5/10` is not a range; BusyBox reads it as 5.
      if (absl::StartsWith(rest_, "/") && (dialect_ != CronDialect::kBusybox || !ParseStep(&range))) return false;
      return Add(range);
    }
    const std::optional<uint32_t> last = ParseValue();
    if (!last.has_value()) return false;
    range.last = *last;
    if (dialect_ == CronDialect::kCronie && range.first > range.last) return false;
    return ParseStep(&range) && Add(range);
  }

  // `~`, `a~`, `~b` or `a~b`: one value of these.
  bool ParseRandom(uint32_t first) {
    Take('~');
    Range range = {first, spec_.high, 1};
    if (!rest_.empty() && absl::ascii_isalnum(static_cast<unsigned char>(rest_.front()))) {
      const std::optional<uint32_t> last = ParseValue();
      if (!last.has_value()) return false;
      range.last = *last;
    }
    if (range.first > range.last || !ParseStep(&range)) return false;
    randomized_ = true;
    return Add(range);
  }

  bool ParseStep(Range* range) {
    if (!Take('/')) {
      after_plain_star_ = true;
      return true;
    }
    return absl::SimpleAtoi(TakeWord(), &range->step) && range->step > 0;
  }

  absl::string_view TakeWord() {
    const auto end =
        std::find_if_not(rest_.begin(), rest_.end(), [](unsigned char c) { return absl::ascii_isalnum(c); });
    const absl::string_view word = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
    rest_.remove_prefix(word.size());
    return word;
  }

  std::optional<uint32_t> ParseValue() {
    const absl::string_view word = TakeWord();
    uint32_t number = 0;
    if (absl::SimpleAtoi(word, &number)) return number;
    for (size_t i = 0; i < spec_.names.size(); ++i) {
      if (absl::EqualsIgnoreCase(word, spec_.names[i])) return spec_.low + static_cast<uint32_t>(i);
    }
    return std::nullopt;
  }

  // To cronie only a value that is used must be within bounds: it reads `10-90/200` as 10.
  bool Add(Range range) {
    if (dialect_ == CronDialect::kBusybox) return AddWrapping(range);
    if (dialect_ == CronDialect::kDebian && !(Within(range.first) && Within(range.last))) return false;
    for (uint64_t value = range.first; value <= range.last; value += range.step) {
      if (value > spec_.high || !Within(static_cast<uint32_t>(value))) return false;
      field_.values |= Bit(static_cast<uint32_t>(value));
    }
    return true;
  }

  bool Within(uint32_t value) const { return value >= spec_.low && value <= spec_.high; }

  bool AddWrapping(const Range& range) {
    if (!Within(range.first) || !Within(range.last)) return false;
    const uint32_t count = spec_.high - spec_.low + 1;
    const uint32_t length = (range.last + count - range.first) % count;
    for (uint64_t offset = 0; offset <= length; offset += range.step) {
      field_.values |= Bit(spec_.low + static_cast<uint32_t>((range.first - spec_.low + offset) % count));
    }
    return true;
  }

  // Debian's cron skips to the next space after any range, cronie after a star only.
  bool MayIgnoreRest() const {
    if (dialect_ == CronDialect::kDebian) return true;
    return dialect_ == CronDialect::kCronie && after_plain_star_ && field_.star && rest_.front() != '/';
  }

  absl::string_view rest_;
  const FieldSpec& spec_;
  const CronDialect dialect_;
  CronField field_;
  bool randomized_ = false;
  bool after_plain_star_ = false;
};

// BusyBox looks at the set, not at how it was written.
void ForgetStars(CronSchedule* schedule) {
  const auto forget = [](CronField* field, const FieldSpec& spec) {
    const uint64_t all = AllValues(spec.low, spec.high == 7 ? 6 : spec.high);
    field->star = (field->values & all) == all;
    field->star_step = 1;
  };
  forget(&schedule->minute, kMinute);
  forget(&schedule->hour, kHour);
  forget(&schedule->day, kDay);
  forget(&schedule->month, kMonth);
  forget(&schedule->weekday, kWeekday);
}

CronField Star(const FieldSpec& spec) { return {AllValues(spec.low, spec.high == 7 ? 6 : spec.high), true, 1}; }
CronField Only(uint32_t value) { return {Bit(value), false, 1}; }

// `5`, `5,7`, `1-5`; runs of three values or more become ranges.
std::string FormatValues(uint64_t values) {
  std::vector<std::string> parts;
  for (uint32_t first = 0; first < 64; ++first) {
    if ((values & Bit(first)) == 0) continue;
    uint32_t last = first;
    while (last < 63 && (values & Bit(last + 1)) != 0) ++last;
    if (last - first >= 2) {
      parts.push_back(absl::StrCat(first, "-", last));
    } else {
      for (uint32_t value = first; value <= last; ++value) parts.push_back(absl::StrCat(value));
    }
    first = last;
  }
  return absl::StrJoin(parts, ",");
}

std::string FormatField(const CronField& field, uint32_t low, uint32_t high) {
  if (!field.star) return field.values == 0 ? "none" : FormatValues(field.values);
  if (field.values == AllValues(low, high)) return "*";
  uint64_t further = field.values;
  for (uint64_t value = low; value <= high; value += field.star_step) further &= ~Bit(static_cast<uint32_t>(value));
  const std::string step = absl::StrCat("*/", field.star_step);
  return further == 0 ? step : absl::StrCat(step, ",", FormatValues(further));
}

}  // namespace

absl::StatusOr<CronSchedule> ParseCronFields(absl::Span<const absl::string_view> fields, CronDialect dialect) {
  CronSchedule schedule;
  const std::pair<const FieldSpec*, CronField*> places[] = {{&kMinute, &schedule.minute},
                                                            {&kHour, &schedule.hour},
                                                            {&kDay, &schedule.day},
                                                            {&kMonth, &schedule.month},
                                                            {&kWeekday, &schedule.weekday}};
  if (fields.size() != std::size(places)) return absl::InvalidArgumentError("not five fields");
  for (size_t i = 0; i < std::size(places); ++i) {
    FieldParser parser(fields[i], *places[i].first, dialect);
    if (!parser.Parse()) return absl::InvalidArgumentError(absl::StrCat("bad ", places[i].first->name));
    *places[i].second = parser.field();
    schedule.randomized |= parser.randomized();
  }
  uint64_t& weekdays = schedule.weekday.values;
  if ((weekdays & kSundayAgain) != 0) weekdays = (weekdays & ~kSundayAgain) | kSunday;
  if (dialect == CronDialect::kBusybox) ForgetStars(&schedule);
  return schedule;
}

absl::StatusOr<CronSchedule> ParseCronName(absl::string_view name, CronDialect dialect) {
  CronSchedule schedule = {
      .minute = Only(0), .hour = Only(0), .day = Star(kDay), .month = Star(kMonth), .weekday = Star(kWeekday)};
  // BusyBox does not mind capitals.
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower != name && dialect != CronDialect::kBusybox) schedule.foreign_name = true;
  if (lower == "@daily" || lower == "@midnight") return schedule;
  if (lower == "@hourly") {
    schedule.hour = Star(kHour);
  } else if (lower == "@weekly") {
    schedule.weekday = Only(0);
  } else if (lower == "@monthly") {
    schedule.day = Only(1);
  } else if (lower == "@yearly" || lower == "@annually") {
    schedule.day = Only(1);
    schedule.month = Only(1);
  } else if (lower == "@reboot") {
    schedule.kind = CronSchedule::Kind::kReboot;
  } else if (lower == "@every_minute") {
    schedule.minute = Star(kMinute);
    schedule.hour = Star(kHour);
    schedule.foreign_name = true;
  } else if (lower == "@every_second") {
    schedule.kind = CronSchedule::Kind::kEverySecond;
    schedule.foreign_name = true;
  } else {
    return absl::InvalidArgumentError("unknown time name");
  }
  return schedule;
}

std::string FormatCronSchedule(const CronSchedule& schedule) {
  if (schedule.kind == CronSchedule::Kind::kReboot) return "@reboot";
  if (schedule.kind == CronSchedule::Kind::kEverySecond) return "@every_second";
  return absl::StrCat(
      FormatField(schedule.minute, kMinute.low, kMinute.high), " ", FormatField(schedule.hour, kHour.low, kHour.high),
      " ", FormatField(schedule.day, kDay.low, kDay.high), " ", FormatField(schedule.month, kMonth.low, kMonth.high),
      " ", FormatField(schedule.weekday, kWeekday.low, 6), schedule.randomized ? " ~" : "");
}

}  // namespace rollcall
