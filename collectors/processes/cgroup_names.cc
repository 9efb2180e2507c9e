#include "collectors/processes/cgroup_names.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "platform/container_cgroup.h"

namespace rollcall {
namespace {

constexpr size_t kUuidLength = 36;
constexpr size_t kStaticPodDigits = 32;
constexpr size_t kMaxNameBytes = 255;

constexpr std::array<absl::string_view, 5> kUnitSuffixes = {".service", ".scope", ".socket", ".mount", ".swap"};

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

// `podUID`, or `kubepods-burstable-podUID.slice` with underscores, since a hyphen separates
// levels in the name of a slice.
absl::string_view PodUidIn(absl::string_view component) {
  if (const size_t colon = component.find(':'); colon != absl::string_view::npos)
    component = component.substr(0, colon);
  if (absl::ConsumeSuffix(&component, ".slice")) {
    const size_t hyphen = component.rfind('-');
    if (hyphen == absl::string_view::npos) return "";
    component.remove_prefix(hyphen + 1);
  }
  if (!absl::ConsumePrefix(&component, "pod")) return "";
  if (component.size() == kStaticPodDigits && IsHex(component)) return component;
  if (component.size() != kUuidLength) return "";
  for (size_t i = 0; i < component.size(); ++i) {
    const bool separator = i == 8 || i == 13 || i == 18 || i == 23;
    const bool expected = separator ? component[i] == '-' || component[i] == '_' : IsHex(component.substr(i, 1));
    if (!expected) return "";
  }
  return component;
}

bool IsUnit(absl::string_view component) {
  return component.size() <= kMaxNameBytes &&
         std::any_of(kUnitSuffixes.begin(), kUnitSuffixes.end(), [component](absl::string_view suffix) {
           return component.size() > suffix.size() && absl::EndsWith(component, suffix);
         });
}

}  // namespace

CgroupNames ParseCgroupNames(absl::string_view path) {
  CgroupNames names;
  names.container_id = ToRecordText(ContainerIdInCgroup(path), kMaxNameBytes);
  for (absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (const absl::string_view uid = PodUidIn(component); !uid.empty()) {
      names.pod_uid = absl::StrReplaceAll(uid, {{"_", "-"}});
    }
    if (names.systemd_unit.empty() && IsUnit(component)) {
      // systemd puts `_` before names that the kernel could take for its own files.
      names.systemd_unit = ToRecordText(absl::StripPrefix(component, "_"), kMaxNameBytes);
    }
  }
  return names;
}

}  // namespace rollcall
