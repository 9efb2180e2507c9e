#include "collectors/accounts/name_sources.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr size_t kMaxSources = 16;
// What adds nothing that is not in the files or made up while a service runs: nss-systemd answers for
// root, nobody and the passing users of DynamicUser=, see nss-systemd(8), and stands in Debian's default.
constexpr absl::string_view kNothingElse[] = {"files", "compat", "systemd"};
constexpr size_t kMaxNameBytes = 32;

bool IsService(absl::string_view word) {
  return !word.empty() && word.size() <= kMaxNameBytes &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

// `[NOTFOUND=return]` may hold blanks.
std::string WithoutActions(absl::string_view text) {
  std::string kept;
  bool action = false;
  for (const char c : text) {
    if (c == '[') action = true;
    if (!action) kept += c;
    if (c == ']') {
      action = false;
      kept += ' ';
    }
  }
  return kept;
}

}  // namespace

std::map<std::string, std::vector<std::string>> OtherNameSources(absl::string_view nsswitch_conf) {
  std::map<std::string, std::vector<std::string>> sources;
  for (absl::string_view line : absl::StrSplit(nsswitch_conf, '\n')) {
    line = line.substr(0, line.find('#'));
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view database = absl::StripAsciiWhitespace(line.substr(0, colon));
    if (database != "passwd" && database != "group" && database != "sudoers") continue;
    std::vector<std::string>& services = sources[std::string(database)];
    const std::string words = WithoutActions(line.substr(colon + 1));
    for (const absl::string_view word : absl::StrSplit(words, absl::ByAnyChar(" \t\r,"), absl::SkipEmpty())) {
      const bool known = std::find(std::begin(kNothingElse), std::end(kNothingElse), word) != std::end(kNothingElse);
      if (known || !IsService(word) || services.size() >= kMaxSources) continue;
      if (std::find(services.begin(), services.end(), word) == services.end()) services.emplace_back(word);
    }
  }
  for (auto it = sources.begin(); it != sources.end();) it = it->second.empty() ? sources.erase(it) : std::next(it);
  return sources;
}

}  // namespace rollcall
