#include "backend/retention/working_days.h"

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Nobody published working days earlier, and nobody will so soon.
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2200;
// Four days off in seven: no jurisdiction has that, and a period of them would not end.
constexpr size_t kMaxWeekend = 3;

// A notice may move a working day into the year before.
absl::StatusOr<absl::CivilDay> DayOfCalendar(int year, const std::string& text) {
  absl::CivilDay day;
  if (!ParseDay(text, &day)) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year, " names no day with ", text));
  }
  if (day.year() < year - 1 || day.year() > year) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year, " names ", text, " of another year"));
  }
  return day;
}

}  // namespace

absl::StatusOr<WorkingDays> WorkingDays::From(const pb::WorkingDayCalendar& calendar, CalendarProblem* problem) {
  WorkingDays days;
  absl::Status status = days.ReadHeader(calendar);
  int year = -1;
  while (status.ok() && ++year < calendar.years_size()) status = days.AddYear(calendar.years(year));
  if (status.ok()) return days;
  if (problem != nullptr) *problem = {year, std::string(status.message())};
  return status;
}

absl::Status WorkingDays::ReadHeader(const pb::WorkingDayCalendar& calendar) {
  if (calendar.id().empty()) return absl::InvalidArgumentError("calendar has no id");
  if (calendar.version() == 0) return absl::InvalidArgumentError("calendar has no version");
  if (calendar.data_source().empty()) return absl::InvalidArgumentError("calendar names no data_source");
  if (calendar.no_holidays() && !calendar.years().empty()) {
    return absl::InvalidArgumentError("calendar has no_holidays and years as well");
  }
  id_ = calendar.id();
  version_ = calendar.version();
  no_holidays_ = calendar.no_holidays();
  std::set<int> weekend(calendar.weekend().begin(), calendar.weekend().end());
  if (weekend.empty()) weekend = {pb::WorkingDayCalendar::SATURDAY, pb::WorkingDayCalendar::SUNDAY};
  if (weekend.size() > kMaxWeekend) return absl::InvalidArgumentError("weekend has more than three days");
  for (const int day : weekend) {
    if (day < pb::WorkingDayCalendar::MONDAY || day > pb::WorkingDayCalendar::SUNDAY) {
      return absl::InvalidArgumentError("weekend names no day of the week");
    }
    // absl::Weekday counts from Monday, 0; the message from 1.
    weekend_[static_cast<size_t>(day) - 1] = true;
  }
  return absl::OkStatus();
}

absl::Status WorkingDays::AddYear(const pb::WorkingDayCalendar::Year& year) {
  if (year.year() < kFirstYear || year.year() > kLastYear) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year.year(), " is not between 1900 and 2200"));
  }
  if (!years_.insert(year.year()).second) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year.year(), " stands twice"));
  }
  if (year.notices().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("year ", year.year(), " names no notice"));
  }
  for (const std::string& text : year.off_days()) {
    ROLLCALL_ASSIGN_OR_RETURN(const absl::CivilDay day, DayOfCalendar(year.year(), text));
    if (!off_.insert(day).second) return absl::InvalidArgumentError(absl::StrCat(text, " stands twice"));
  }
  for (const std::string& text : year.make_up_days()) {
    ROLLCALL_ASSIGN_OR_RETURN(const absl::CivilDay day, DayOfCalendar(year.year(), text));
    if (off_.contains(day) || !make_up_.insert(day).second) {
      return absl::InvalidArgumentError(absl::StrCat(text, " stands twice"));
    }
  }
  return absl::OkStatus();
}

bool WorkingDays::IsWorking(absl::CivilDay day) const {
  if (!no_holidays_ && !years_.contains(day.year())) return true;
  if (off_.contains(day)) return false;
  return make_up_.contains(day) || !weekend_[static_cast<size_t>(absl::GetWeekday(day))];
}

absl::CivilDay WorkingDays::Add(absl::CivilDay day, int count) const {
  while (count > 0) {
    ++day;
    if (IsWorking(day)) --count;
  }
  return day;
}

}  // namespace rollcall
