#include "collectors/os_packages/distribution.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxOsReleaseBytes = size_t{64} << 10;
constexpr size_t kMaxValueBytes = 128;

// Undoes the shell quoting os-release(5) allows: one pair of quotes, and backslashes
// outside single quotes.
std::string Unquote(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  const char quote = value.empty() ? '\0' : value.front();
  if (quote == '"' || quote == '\'') {
    value.remove_prefix(1);
    if (!value.empty() && value.back() == quote) value.remove_suffix(1);
  }
  std::string plain;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && quote != '\'' && i + 1 < value.size()) ++i;
    plain.push_back(value[i]);
  }
  return ToRecordText(plain, kMaxValueBytes);
}

}  // namespace

Distribution ParseDistribution(absl::string_view os_release) {
  Distribution distribution;
  std::string codename;
  for (absl::string_view line : absl::StrSplit(os_release, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos || line.front() == '#') continue;
    const absl::string_view key = line.substr(0, equals);
    std::string value = Unquote(line.substr(equals + 1));
    if (value.empty()) continue;
    if (key == "ID") distribution.id = absl::AsciiStrToLower(value);
    if (key == "VERSION_ID")
      distribution.version = std::move(value);
    else if (key == "VERSION_CODENAME")
      codename = std::move(value);
  }
  if (distribution.version.empty()) distribution.version = std::move(codename);
  return distribution;
}

Distribution ParseApkRepositories(absl::string_view repositories) {
  for (absl::string_view line : absl::StrSplit(repositories, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "#")) continue;
    for (absl::string_view part : absl::StrSplit(line, '/', absl::SkipEmpty())) {
      const bool numbered =
          part.size() > 1 && part[0] == 'v' && absl::ascii_isdigit(static_cast<unsigned char>(part[1]));
      if (!numbered && part != "edge") continue;
      if (numbered) part.remove_prefix(1);
      return {.id = "alpine", .version = ToRecordText(part, kMaxValueBytes)};
    }
  }
  return Distribution();
}

absl::StatusOr<Distribution> ReadDistribution(const FileTree& files) {
  for (const absl::string_view path : {"/etc/os-release", "/usr/lib/os-release"}) {
    const absl::StatusOr<std::string> text = files.ReadFile(path, kMaxOsReleaseBytes);
    if (text.ok()) return ParseDistribution(*text);
    if (!absl::IsNotFound(text.status())) return text.status();
  }
  return Distribution();
}

}  // namespace rollcall
