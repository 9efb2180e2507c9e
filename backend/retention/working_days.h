// Working days of a jurisdiction.
#ifndef ROLLCALL_BACKEND_RETENTION_WORKING_DAYS_H_
#define ROLLCALL_BACKEND_RETENTION_WORKING_DAYS_H_

#include <set>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "rollcall/v1/policy.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Monday to Friday, but for published holidays and make-up working days. In a year that is not
// published every day counts as working: a deadline computed so is never too late. Immutable.
class WorkingDays {
 public:
  // No year is published: every day is a working day.
  WorkingDays() = default;

  // InvalidArgument names what is wrong: no id, a date that does not exist, stands twice
  // or is of another year; a year twice or without a notice.
  static absl::StatusOr<WorkingDays> From(const pb::WorkingDayCalendar& calendar);

  bool IsWorking(absl::CivilDay day) const;
  // Last day of a period of `count` working days that begins the day after `day`; `day` if 0.
  absl::CivilDay Add(absl::CivilDay day, int count) const;
  bool Knows(absl::CivilYear year) const { return years_.contains(year.year()); }

 private:
  absl::Status AddYear(const pb::WorkingDayCalendar::Year& year);

  std::set<int64_t> years_;
  std::set<absl::CivilDay> off_;
  std::set<absl::CivilDay> make_up_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_WORKING_DAYS_H_
