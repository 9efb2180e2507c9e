#include "platform/mount_info.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 10;
// Columns up to the mount's options; any number of optional fields and a `-` follow.
constexpr size_t kFixedColumns = 6;

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

bool ParseDevice(absl::string_view text, Mount* mount) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  return parts.size() == 2 && absl::SimpleAtoi(parts[0], &mount->device_major) &&
         absl::SimpleAtoi(parts[1], &mount->device_minor);
}

absl::StatusOr<Mount> ParseLine(absl::string_view line) {
  const std::vector<absl::string_view> columns = absl::StrSplit(line, ' ', absl::SkipEmpty());
  Mount mount;
  if (columns.size() < kFixedColumns || !absl::SimpleAtoi(columns[0], &mount.id) ||
      !absl::SimpleAtoi(columns[1], &mount.parent_id)) {
    return absl::InvalidArgumentError("bad or missing mount ids");
  }
  if (!ParseDevice(columns[2], &mount)) return absl::InvalidArgumentError("device is not MAJOR:MINOR");
  const auto separator = std::find(columns.begin() + kFixedColumns, columns.end(), "-");
  // The source is empty for a few filesystems, and its column then missing.
  if (columns.end() - separator < 3) return absl::InvalidArgumentError("no filesystem type after the separator");
  mount.root = UnescapeMountText(columns[3]);
  mount.mount_point = UnescapeMountText(columns[4]);
  mount.options = std::string(columns[5]);
  mount.fs_type = UnescapeMountText(separator[1]);
  const bool has_source = columns.end() - separator >= 4;
  mount.source = has_source ? UnescapeMountText(separator[2]) : "";
  mount.super_options = UnescapeMountText(has_source ? separator[3] : separator[2]);
  return mount;
}

}  // namespace

std::string UnescapeMountText(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && IsOctal(text[i + 1]) &&
                        IsOctal(text[i + 2]) && IsOctal(text[i + 3]);
    if (!escape) {
      result += text[i];
      continue;
    }
    result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return result;
}

MountTable ParseMountInfo(absl::string_view text) {
  MountTable table;
  size_t number = 0;
  const auto report = [&](absl::StatusCode code, absl::string_view what) {
    if (table.problems.size() >= kMaxProblems) return;
    table.problems.emplace_back(code, absl::StrCat("parse mountinfo: line ", number, ": ", what));
  };
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    if (table.mounts.size() >= kMaxMounts) {
      report(absl::StatusCode::kResourceExhausted, absl::StrCat("more than ", kMaxMounts, " mounts"));
      break;
    }
    absl::StatusOr<Mount> mount = ParseLine(line);
    if (mount.ok()) {
      table.mounts.push_back(*std::move(mount));
    } else {
      report(mount.status().code(), mount.status().message());
    }
  }
  return table;
}

}  // namespace rollcall
