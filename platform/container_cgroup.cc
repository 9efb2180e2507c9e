#include "platform/container_cgroup.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kIdDigits = 64;

bool IsId(absl::string_view text) {
  return text.size() == kIdDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The part of `path` after its last slash, which is taken off with it.
absl::string_view TakeLast(absl::string_view* path) {
  const size_t slash = path->rfind('/');
  const absl::string_view last = slash == absl::string_view::npos ? *path : path->substr(slash + 1);
  *path = slash == absl::string_view::npos ? absl::string_view() : path->substr(0, slash);
  return last;
}

// Of one component below `parent`: `docker-ID.scope`, `ID`, `slice:cri-containerd:ID`,
// `lxc.payload.NAME`, or `NAME` below `lxc` or `lxc.payload`.
absl::string_view IdInComponent(absl::string_view parent, absl::string_view component) {
  if (absl::ConsumePrefix(&component, "lxc.payload.")) return component;
  const absl::string_view folder = TakeLast(&parent);
  if (folder == "lxc" || folder == "lxc.payload") return component;
  absl::ConsumeSuffix(&component, ".scope");
  const size_t separator = component.find_last_of("-:");
  if (separator == absl::string_view::npos) return IsId(component) ? component : absl::string_view();
  const absl::string_view id = component.substr(separator + 1);
  return IsId(id) && !absl::EndsWith(component.substr(0, separator), "conmon") ? id : absl::string_view();
}

}  // namespace

std::string ContainerIdInCgroup(absl::string_view path) {
  while (!path.empty()) {
    const absl::string_view component = TakeLast(&path);
    const absl::string_view id = IdInComponent(path, component);
    if (!id.empty()) return std::string(id);
  }
  return "";
}

}  // namespace rollcall
