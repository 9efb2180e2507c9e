#include "collectors/processes/image_marker.h"

#include <algorithm>

#include "absl/strings/numbers.h"

namespace rollcall {

ImageMarker ParseImageMarker(absl::string_view stat) {
  constexpr size_t kCodeStart = 26;
  constexpr size_t kStackStart = 28;
  constexpr size_t kEnvironmentEnd = 51;
  const size_t name_end = stat.rfind(')');
  if (name_end == absl::string_view::npos) return {};
  stat.remove_prefix(std::min(name_end + 2, stat.size()));
  ImageMarker marker;
  for (size_t field = 3; field <= kEnvironmentEnd; ++field) {
    const size_t end = std::min(stat.find(' '), stat.size());
    const absl::string_view value = stat.substr(0, end);
    stat.remove_prefix(std::min(end + 1, stat.size()));
    if (field != kCodeStart && field != kStackStart && field != kEnvironmentEnd) continue;
    uint64_t address = 0;
    // 1 stands for a hidden code address.
    if (!absl::SimpleAtoi(value, &address) || address <= 1) return {};
    (field == kCodeStart    ? marker.code_start
     : field == kStackStart ? marker.stack_start
                            : marker.environment_end) = address;
  }
  return marker;
}

}  // namespace rollcall
