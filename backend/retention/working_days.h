// Working days of a jurisdiction.
#ifndef ROLLCALL_BACKEND_RETENTION_WORKING_DAYS_H_
#define ROLLCALL_BACKEND_RETENTION_WORKING_DAYS_H_

#include <array>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "rollcall/v1/policy.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

struct CalendarProblem {
  // Index of the year it is about; -1 for the calendar as a whole.
  int year = -1;
  std::string message;
};

// All days but the weekend, published holidays and what is worked in their stead. In a year that is not
// published every day counts as working: a deadline computed so is never too late. Immutable.
class WorkingDays {
 public:
  // No year is published: every day is a working day.
  WorkingDays() = default;

  // InvalidArgument names what is wrong: no id, source or version; a date that does not exist, stands twice
  // or is of another year; a year twice, without a notice or outside 1900 to 2200; a weekend of more
  // than three days. `problem`, if given, says the same and where.
  static absl::StatusOr<WorkingDays> From(const pb::WorkingDayCalendar& calendar, CalendarProblem* problem = nullptr);

  const std::string& id() const { return id_; }
  uint32_t version() const { return version_; }

  bool IsWorking(absl::CivilDay day) const;
  // Last day of a period of `count` working days that begins the day after `day`; `day` if 0.
  absl::CivilDay Add(absl::CivilDay day, int count) const;
  bool Knows(absl::CivilYear year) const { return no_holidays_ || years_.contains(year.year()); }

 private:
  absl::Status ReadHeader(const pb::WorkingDayCalendar& calendar);
  absl::Status AddYear(const pb::WorkingDayCalendar::Year& year);

  std::string id_;
  uint32_t version_ = 0;
  bool no_holidays_ = false;
  // By absl::Weekday.
  std::array<bool, 7> weekend_ = {};
  std::set<int64_t> years_;
  std::set<absl::CivilDay> off_;
  std::set<absl::CivilDay> make_up_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_WORKING_DAYS_H_
