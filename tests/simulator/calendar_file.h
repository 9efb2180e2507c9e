// The working-day calendar of the default agreement, as its file says it.
#ifndef ROLLCALL_TESTS_SIMULATOR_CALENDAR_FILE_H_
#define ROLLCALL_TESTS_SIMULATOR_CALENDAR_FILE_H_

#include "absl/status/statusor.h"
#include "rollcall/v1/policy.pb.h"

namespace rollcall::simulator {

// Reads the file, and checks nothing. NotFound if it is not there, InvalidArgument if it is no calendar.
absl::StatusOr<v1::WorkingDayCalendar> LoadCalendarFile();

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_CALENDAR_FILE_H_
