#include "collectors/accounts/sshd_match.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// On a mismatch behind a star, the star takes one more byte.
bool MatchPattern(absl::string_view name, absl::string_view pattern) {
  size_t n = 0;
  size_t p = 0;
  size_t star = absl::string_view::npos;
  size_t star_end = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      n = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool UserFits(const SshdMatch& match, absl::string_view user) {
  for (const std::string& list : match.users) {
    if (MatchSshdList(user, list) != SshdListAnswer::kYes) return false;
  }
  return true;
}

bool GroupsFit(const SshdMatch& match, const std::vector<absl::string_view>& groups) {
  for (const std::string& list : match.groups) {
    bool found = false;
    for (const absl::string_view group : groups) {
      const SshdListAnswer answer = MatchSshdList(group, list);
      if (answer == SshdListAnswer::kNo) return false;
      found = found || answer == SshdListAnswer::kYes;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

SshdListAnswer MatchSshdList(absl::string_view name, absl::string_view list) {
  SshdListAnswer answer = SshdListAnswer::kNothing;
  for (absl::string_view pattern : absl::StrSplit(list, ',')) {
    const bool negated = absl::ConsumePrefix(&pattern, "!");
    if (!MatchPattern(name, pattern)) continue;
    if (negated) return SshdListAnswer::kNo;
    answer = SshdListAnswer::kYes;
  }
  return answer;
}

SshdMatch ParseSshdMatch(absl::Span<const std::string> words) {
  SshdMatch match;
  if (words.size() == 1 && absl::EqualsIgnoreCase(words[0], "all")) return match;
  match.unknown = words.empty();
  for (size_t i = 0; i < words.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    const std::string criterion = absl::AsciiStrToLower(parts.first);
    absl::string_view value = parts.second;
    if (criterion == "invalid-user") {
      match.never = true;
      continue;
    }
    if (value.empty() && i + 1 < words.size()) value = words[++i];
    const bool usable = !value.empty() && value.size() <= kMaxSshdPatternBytes;
    if (usable && criterion == "user") {
      match.users.emplace_back(value);
    } else if (usable && criterion == "group") {
      match.groups.emplace_back(value);
    } else {
      match.unknown = true;
    }
  }
  return match;
}

std::optional<bool> SshdMatchHolds(const SshdMatch& match, absl::string_view user,
                                   const std::vector<absl::string_view>* groups) {
  if (match.never || !UserFits(match, user)) return false;
  if (!match.groups.empty()) {
    if (groups == nullptr) return std::nullopt;
    if (!GroupsFit(match, *groups)) return false;
  }
  if (match.unknown) return std::nullopt;
  return true;
}

}  // namespace rollcall
