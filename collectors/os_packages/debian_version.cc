#include "collectors/os_packages/debian_version.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace rollcall {
namespace {

// SimpleAtoi also takes signs and spaces, which are no epoch.
bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

DebianVersion SplitDebianVersion(absl::string_view version) {
  DebianVersion split;
  const size_t colon = version.find(':');
  if (colon != absl::string_view::npos) {
    const absl::string_view number = version.substr(0, colon);
    uint32_t epoch = 0;
    if (IsNumber(number) && absl::SimpleAtoi(number, &epoch)) {
      split.epoch = epoch;
      version.remove_prefix(colon + 1);
    }
  }
  const size_t hyphen = version.rfind('-');
  split.upstream = version.substr(0, hyphen);
  if (hyphen != absl::string_view::npos) split.revision = version.substr(hyphen + 1);
  return split;
}

}  // namespace rollcall
