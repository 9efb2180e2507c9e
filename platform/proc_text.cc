#include "platform/proc_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

// More hierarchies than any kernel has controllers.
constexpr size_t kMaxHierarchies = 256;

bool IsTitle(const std::vector<std::string>& argv) {
  return absl::StrContains(argv[0], ' ') &&
         std::all_of(argv.begin() + 1, argv.end(), [](const std::string& argument) { return argument.empty(); });
}

absl::StatusOr<CgroupMembership> ParseCgroupLine(absl::string_view line) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
  CgroupMembership membership;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &membership.hierarchy)) {
    return absl::InvalidArgumentError("parse cgroup: line is not ID:CONTROLLERS:PATH");
  }
  if (!absl::StartsWith(parts[2], "/")) return absl::InvalidArgumentError("parse cgroup: path is not absolute");
  membership.controllers = absl::StrSplit(parts[1], ',', absl::SkipEmpty());
  membership.path = std::string(parts[2]);
  return membership;
}

}  // namespace

std::vector<std::string> ParseCommandLine(absl::string_view text) {
  if (text.empty()) return {};
  if (text.back() == '\0') text.remove_suffix(1);  // ends the last argument, does not begin another
  std::vector<std::string> argv = absl::StrSplit(text, '\0');
  if (argv.size() > 1 && IsTitle(argv)) argv.resize(1);
  return argv;
}

std::vector<std::pair<std::string, std::string>> ParseEnvironment(absl::string_view text) {
  std::vector<std::pair<std::string, std::string>> variables;
  for (const absl::string_view entry : absl::StrSplit(text, '\0', absl::SkipEmpty())) {
    const size_t equals = entry.find('=');
    if (equals == absl::string_view::npos) {
      variables.emplace_back(std::string(entry), "");
    } else {
      variables.emplace_back(std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1)));
    }
  }
  return variables;
}

CgroupTable ParseCgroup(absl::string_view text) {
  CgroupTable table;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (table.memberships.size() + table.problems.size() >= kMaxHierarchies) {
      table.problems.push_back(absl::ResourceExhaustedError("parse cgroup: too many lines"));
      break;
    }
    absl::StatusOr<CgroupMembership> membership = ParseCgroupLine(line);
    if (membership.ok()) {
      table.memberships.push_back(*std::move(membership));
    } else {
      table.problems.push_back(membership.status());
    }
  }
  return table;
}

std::string MainCgroupPath(const CgroupTable& table) {
  const CgroupMembership* best = nullptr;
  const auto rank = [](const CgroupMembership& membership) {
    if (membership.path == "/") return 0;
    if (membership.controllers.empty()) return 3;
    return membership.controllers[0] == "name=systemd" ? 2 : 1;
  };
  for (const CgroupMembership& membership : table.memberships) {
    if (best == nullptr || rank(membership) > rank(*best)) best = &membership;
  }
  return best == nullptr ? "" : best->path;
}

absl::StatusOr<std::string> ParseBootId(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  constexpr size_t kUuidLength = 36;
  const bool good = text.size() == kUuidLength && std::all_of(text.begin(), text.end(), [](unsigned char c) {
                      return absl::ascii_isxdigit(c) || c == '-';
                    });
  if (!good) return absl::InvalidArgumentError("parse boot_id: not a UUID");
  return std::string(text);
}

}  // namespace rollcall
