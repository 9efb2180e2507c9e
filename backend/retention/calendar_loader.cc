#include "backend/retention/calendar_loader.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "backend/retention/textproto_file.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

bool IsPlainName(absl::string_view id) {
  return !id.empty() &&
         std::all_of(id.begin(), id.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

}  // namespace

absl::StatusOr<WorkingDays> ParseWorkingDays(absl::string_view text, absl::string_view name) {
  pb::WorkingDayCalendar calendar;
  google::protobuf::TextFormat::ParseInfoTree locations;
  ROLLCALL_RETURN_IF_ERROR(ParseTextproto(text, name, &calendar, &locations));
  CalendarProblem problem;
  absl::StatusOr<WorkingDays> days = WorkingDays::From(calendar, &problem);
  if (days.ok()) return days;
  const auto* years =
      pb::WorkingDayCalendar::descriptor()->FindFieldByNumber(pb::WorkingDayCalendar::kYearsFieldNumber);
  return absl::InvalidArgumentError(absl::StrCat(PlaceOf(locations, name, years, problem.year), problem.message));
}

absl::StatusOr<WorkingDays> LoadWorkingDays(const std::string& folder, const std::string& id) {
  if (!IsPlainName(id)) return absl::InvalidArgumentError(absl::StrCat("load calendar: \"", id, "\" is no name"));
  const std::string file = (std::filesystem::path(folder) / (id + ".textproto")).lexically_normal().string();
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  ROLLCALL_ASSIGN_OR_RETURN(WorkingDays days, ParseWorkingDays(text, file));
  if (days.id() != id) return absl::InvalidArgumentError(absl::StrCat(file, ": its id is not ", id));
  return days;
}

}  // namespace rollcall
