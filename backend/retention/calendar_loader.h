// Calendars of working days, read from textproto files and checked.
#ifndef ROLLCALL_BACKEND_RETENTION_CALENDAR_LOADER_H_
#define ROLLCALL_BACKEND_RETENTION_CALENDAR_LOADER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/retention/working_days.h"

namespace rollcall {

// Parses a calendar and checks it as WorkingDays::From does. `name` stands in messages as
// `name:line:column: what`; what is wrong with a year is said where the year stands. InvalidArgument if
// it is no calendar. Pure.
absl::StatusOr<WorkingDays> ParseWorkingDays(absl::string_view text, absl::string_view name);

// Reads `folder`/ID.textproto. InvalidArgument as well if `id` is no plain name or not the file's own id.
absl::StatusOr<WorkingDays> LoadWorkingDays(const std::string& folder, const std::string& id);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_CALENDAR_LOADER_H_
