#include "collectors/host/host_reader.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

// /proc/cpuinfo of a machine with thousands of CPUs is the largest of these files.
constexpr size_t kMaxTextBytes = size_t{16} << 20;
constexpr size_t kMaxLineBytes = 4096;

absl::string_view RemedyFor(const absl::Status& status) {
  return absl::IsPermissionDenied(status) ? "run as root or with CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE" : "";
}

}  // namespace

void HostReader::Degrade(absl::string_view path, const absl::Status& status) {
  if (!status.ok() && !absl::IsNotFound(status)) report_.AddDegradation(path, status, RemedyFor(status));
}

std::string HostReader::Text(absl::string_view path, bool* read) {
  absl::StatusOr<std::string> text = files_.ReadFile(path, kMaxTextBytes);
  if (read != nullptr) *read = text.ok();
  if (text.ok()) return *std::move(text);
  Degrade(path, text.status());
  return "";
}

std::string HostReader::Line(absl::string_view path) {
  bool truncated = false;
  absl::StatusOr<std::string> text = files_.ReadPrefix(path, kMaxLineBytes, &truncated);
  if (!text.ok()) {
    Degrade(path, text.status());
    return "";
  }
  return ToRecordText(absl::StripAsciiWhitespace(absl::string_view(*text).substr(0, text->find('\n'))));
}

std::vector<std::string> HostReader::Names(absl::string_view path) {
  absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(path);
  std::vector<std::string> names;
  if (!entries.ok()) {
    Degrade(path, entries.status());
    return names;
  }
  for (DirectoryEntry& entry : *entries) names.push_back(std::move(entry.name));
  return names;
}

bool HostReader::Exists(absl::string_view path) {
  const absl::StatusOr<FileInfo> info = files_.Lstat(path);
  Degrade(path, info.status());
  return info.ok();
}

std::string HostReader::Link(absl::string_view path) {
  absl::StatusOr<std::string> target = files_.ReadLink(path);
  return target.ok() ? *std::move(target) : "";
}

}  // namespace rollcall
