#include "backend/retention/working_days.h"

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

bool IsWeekend(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday;
}

// A notice may move a working day into the year before.
absl::StatusOr<absl::CivilDay> ParseDay(int year, const std::string& text) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(text, &day) || absl::FormatCivilTime(day) != text) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year, " names no day with ", text));
  }
  if (day.year() < year - 1 || day.year() > year) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year, " names ", text, " of another year"));
  }
  return day;
}

}  // namespace

absl::StatusOr<WorkingDays> WorkingDays::From(const pb::WorkingDayCalendar& calendar) {
  if (calendar.id().empty()) return absl::InvalidArgumentError("calendar has no id");
  WorkingDays days;
  for (const auto& year : calendar.years()) ROLLCALL_RETURN_IF_ERROR(days.AddYear(year));
  return days;
}

absl::Status WorkingDays::AddYear(const pb::WorkingDayCalendar::Year& year) {
  if (!years_.insert(year.year()).second) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year.year(), " stands twice"));
  }
  if (year.notices().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year.year(), " names no notice"));
  }
  for (const std::string& text : year.off_days()) {
    ROLLCALL_ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(year.year(), text));
    if (!off_.insert(day).second) return absl::InvalidArgumentError(absl::StrCat(text, " stands twice"));
  }
  for (const std::string& text : year.make_up_days()) {
    ROLLCALL_ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(year.year(), text));
    if (off_.contains(day) || !make_up_.insert(day).second) {
      return absl::InvalidArgumentError(absl::StrCat(text, " stands twice"));
    }
  }
  return absl::OkStatus();
}

bool WorkingDays::IsWorking(absl::CivilDay day) const {
  if (!years_.contains(day.year())) return true;
  if (off_.contains(day)) return false;
  return make_up_.contains(day) || !IsWeekend(day);
}

absl::CivilDay WorkingDays::Add(absl::CivilDay day, int count) const {
  while (count > 0) {
    ++day;
    if (IsWorking(day)) --count;
  }
  return day;
}

}  // namespace rollcall
