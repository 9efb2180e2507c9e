#include "collectors/scheduled_tasks/run_parts.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kDot = "file name with a dot";
constexpr absl::string_view kName = "file name that is passed over";

bool IsPlainName(absl::string_view name) {
  const auto fits = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

bool EndsWithAny(absl::string_view name, std::initializer_list<absl::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [name](absl::string_view ending) { return absl::EndsWith(name, ending); });
}

bool IsLower(absl::string_view text, absl::string_view others) {
  const auto fits = [others](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || absl::StrContains(others, static_cast<char>(c));
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

// The namespaces of the Linux Standard Base: assigned names such as `nightly`, hierarchical
// and reserved ones such as `com.example-nightly`; not what dpkg leaves behind.
bool IsLsbName(absl::string_view name) {
  if (name.empty() || EndsWithAny(name, {"dpkg-old", "dpkg-dist"})) return false;
  if (name.front() != '-' && IsLower(name, "-")) return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  return parts.size() > 1 && IsLower(parts.back(), "") &&
         std::all_of(parts.begin(), parts.end() - 1, [](absl::string_view part) { return IsLower(part, "_."); });
}

absl::string_view WhyNotPlain(absl::string_view name) {
  if (IsPlainName(name)) return "";
  return absl::StrContains(name, ".") ? kDot : kName;
}

}  // namespace

absl::string_view WhyRunPartsSkips(absl::string_view name, CronDialect dialect) {
  if (dialect != CronDialect::kCronie) return WhyNotPlain(name);
  return EndsWithAny(name, {"~", ",", ".rpmsave", ".rpmorig", ".rpmnew", ".swp", ",v", ".cfsaved"}) ? kName : "";
}

absl::string_view WhyCronSkips(absl::string_view name, CronDialect dialect, bool lsb_names) {
  if (dialect == CronDialect::kDebian && lsb_names) return IsLsbName(name) ? "" : kName;
  if (dialect == CronDialect::kDebian) return WhyNotPlain(name);
  if (dialect == CronDialect::kBusybox) return "BusyBox crond does not read this directory";
  const bool skipped = absl::StartsWith(name, ".") || absl::StartsWith(name, "#") ||
                       EndsWithAny(name, {"~", ".rpmsave", ".rpmorig", ".rpmnew"}) || name == ".cron.hostname";
  return skipped ? kName : "";
}

bool UsesLsbNames(absl::string_view default_cron) {
  for (absl::string_view line : absl::StrSplit(default_cron, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "EXTRA_OPTS=")) continue;
    for (absl::string_view option : absl::StrSplit(line, absl::ByAnyChar(" \t\"'"), absl::SkipEmpty())) {
      if (option == "-l") return true;
    }
  }
  return false;
}

}  // namespace rollcall
