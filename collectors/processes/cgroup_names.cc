#include "collectors/processes/cgroup_names.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kContainerIdDigits = 64;
constexpr size_t kUuidLength = 36;
constexpr size_t kStaticPodDigits = 32;
constexpr size_t kMaxNameBytes = 255;

// Before the id in scopes that a runtime makes with systemd's help; `crio-conmon-` and
// `libpod-conmon-` are not among them.
constexpr std::array<absl::string_view, 7> kScopePrefixes = {"docker-",     "cri-containerd-", "crio-",  "libpod-",
                                                             "containerd-", "isulad-",         "podman-"};
constexpr std::array<absl::string_view, 5> kUnitSuffixes = {".service", ".scope", ".socket", ".mount", ".swap"};

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

// The id in one component: `ID`, `docker-ID.scope`, or `...:cri-containerd:ID`, which runc
// makes of a systemd-style path without systemd.
absl::string_view ContainerIdIn(absl::string_view component) {
  component = absl::StripSuffix(component, ".scope");
  if (const size_t colon = component.rfind(':'); colon != absl::string_view::npos) component.remove_prefix(colon + 1);
  for (absl::string_view prefix : kScopePrefixes) {
    if (absl::ConsumePrefix(&component, prefix)) break;
  }
  return component.size() == kContainerIdDigits && IsHex(component) ? component : absl::string_view();
}

// `lxc/NAME`, `lxc.payload/NAME` or `lxc.payload.NAME`.
absl::string_view LxcNameIn(absl::string_view parent, absl::string_view component) {
  if (absl::ConsumePrefix(&component, "lxc.payload.")) return component;
  return parent == "lxc" || parent == "lxc.payload" ? component : absl::string_view();
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
  absl::string_view parent;
  for (absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::string_view id = ContainerIdIn(component);
    if (id.empty()) id = LxcNameIn(parent, component);
    if (!id.empty()) names.container_id = ToRecordText(id, kMaxNameBytes);
    if (const absl::string_view uid = PodUidIn(component); !uid.empty()) {
      names.pod_uid = absl::StrReplaceAll(uid, {{"_", "-"}});
    }
    if (names.systemd_unit.empty() && IsUnit(component)) {
      // systemd puts `_` before names that the kernel could take for its own files.
      names.systemd_unit = ToRecordText(absl::StripPrefix(component, "_"), kMaxNameBytes);
    }
    parent = component;
  }
  return names;
}

}  // namespace rollcall
