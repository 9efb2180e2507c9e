#include "collectors/container_end.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr size_t kMaxNumberBytes = 32;

std::string ReadNumber(const FileTree& files, const std::string& path) {
  const absl::StatusOr<std::string> text = files.ReadFile(path, kMaxNumberBytes);
  return text.ok() ? std::string(absl::StripAsciiWhitespace(*text)) : "";
}

}  // namespace

bool IsContainerEnd(const FileTree& files, absl::string_view interface) {
  const std::string directory = absl::StrCat("/sys/class/net/", interface);
  const std::string index = ReadNumber(files, directory + "/ifindex");
  const std::string lower = ReadNumber(files, directory + "/iflink");
  if (index.empty() || lower.empty() || index == lower || files.Lstat(directory + "/device").ok()) return false;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files.List(directory);
  return entries.ok() && std::none_of(entries->begin(), entries->end(), [](const DirectoryEntry& entry) {
           return absl::StartsWith(entry.name, "lower_");
         });
}

}  // namespace rollcall
