#include "collectors/scheduled_tasks/host_time_zone.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall {
namespace {

constexpr char kLocaltime[] = "/etc/localtime";
constexpr absl::string_view kZoneFolder = "/zoneinfo/";
constexpr size_t kMaxNameBytes = 64;

absl::string_view WithoutVariant(absl::string_view name) {
  for (absl::string_view variant : {"posix/", "right/"}) {
    if (absl::StartsWith(name, variant)) name.remove_prefix(variant.size());
  }
  return name;
}

}  // namespace

bool IsTimeZoneName(absl::string_view name) {
  const auto fits = [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("/_+-", static_cast<char>(c));
  };
  // `localtime` is the zone of the agent, not of the host.
  return !name.empty() && name.size() <= kMaxNameBytes && absl::ascii_isalpha(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), fits) && name != "localtime";
}

std::optional<absl::TimeZone> TimeZones::Find(absl::string_view name) {
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  if (!IsTimeZoneName(name) || known_.size() >= kMaxNames) return std::nullopt;
  absl::TimeZone zone;
  std::optional<absl::TimeZone> found;
  if (absl::LoadTimeZone(std::string(name), &zone)) found = zone;
  known_.emplace(std::string(name), found);
  return found;
}

std::string HostTimeZoneName(const FileTree& files) {
  if (const auto link = files.ReadLink(kLocaltime); link.ok()) {
    const size_t folder = absl::string_view(*link).rfind(kZoneFolder);
    if (folder != absl::string_view::npos) {
      const absl::string_view name = WithoutVariant(absl::string_view(*link).substr(folder + kZoneFolder.size()));
      if (IsTimeZoneName(name)) return std::string(name);
    }
  }
  bool truncated = false;
  if (const auto text = files.ReadPrefix("/etc/timezone", kMaxNameBytes * 2, &truncated); text.ok()) {
    const absl::string_view name = absl::StripAsciiWhitespace(*text);
    if (IsTimeZoneName(name)) return std::string(name);
  }
  return absl::IsNotFound(files.Lstat(kLocaltime).status()) ? "UTC" : "";
}

}  // namespace rollcall
