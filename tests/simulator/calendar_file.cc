#include "tests/simulator/calendar_file.h"

#include <google/protobuf/text_format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall::simulator {

absl::StatusOr<v1::WorkingDayCalendar> LoadCalendarFile() {
  const std::filesystem::path agreement = ROLLCALL_DEFAULT_POLICY;
  const std::string path = agreement.parent_path().parent_path() / "calendars" / "cn-state-council.textproto";
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("open ", path, ": it is not there"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  v1::WorkingDayCalendar calendar;
  if (!google::protobuf::TextFormat::ParseFromString(text, &calendar)) {
    return absl::InvalidArgumentError(absl::StrCat("read ", path, ": it is no calendar"));
  }
  return calendar;
}

}  // namespace rollcall::simulator
