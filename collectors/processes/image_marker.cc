#include "collectors/processes/image_marker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace rollcall {

std::string ImageMarker(absl::string_view stat) {
  constexpr size_t kCodeStart = 26;
  constexpr size_t kStackStart = 28;
  constexpr size_t kEnvironmentEnd = 51;
  const size_t name_end = stat.rfind(')');
  if (name_end == absl::string_view::npos) return "";
  stat.remove_prefix(std::min(name_end + 2, stat.size()));
  std::string marker;
  for (size_t field = 3; field <= kEnvironmentEnd; ++field) {
    const size_t end = std::min(stat.find_first_of(" \n"), stat.size());
    const absl::string_view value = stat.substr(0, end);
    stat.remove_prefix(std::min(end + 1, stat.size()));
    if (field != kCodeStart && field != kStackStart && field != kEnvironmentEnd) continue;
    // 1 stands for a hidden code address.
    if (value.empty() || value == "0" || value == "1") return "";
    absl::StrAppend(&marker, value, " ");
  }
  return marker;
}

}  // namespace rollcall
