#include "cli/kind_name.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

// The word and what it may be the plural of.
std::vector<std::string> Singulars(absl::string_view text) {
  std::vector<std::string> words = {std::string(text)};
  if (absl::EndsWith(text, "s")) words.emplace_back(text.substr(0, text.size() - 1));
  if (absl::EndsWith(text, "es")) words.emplace_back(text.substr(0, text.size() - 2));
  if (absl::EndsWith(text, "ies")) words.push_back(absl::StrCat(text.substr(0, text.size() - 3), "y"));
  return words;
}

}  // namespace

std::string AllKindNames() {
  std::vector<std::string> names;
  for (const Kind& kind : AllKinds()) names.emplace_back(kind.options->name());
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, ", ");
}

absl::StatusOr<const Kind*> ResolveKind(absl::string_view text) {
  const std::vector<std::string> words = Singulars(text);
  for (const std::string& word : words) {
    if (const Kind* kind = FindKind(word); kind != nullptr) return kind;
  }
  std::vector<const Kind*> matches;
  for (const Kind& kind : AllKinds()) {
    const std::vector<std::string> parts = absl::StrSplit(kind.options->name(), '_');
    for (const std::string& word : words) {
      if (std::find(parts.begin(), parts.end(), word) != parts.end()) {
        matches.push_back(&kind);
        break;
      }
    }
  }
  if (matches.size() == 1) return matches.front();
  return absl::InvalidArgumentError(
      absl::StrCat("no kind '", text, "'", matches.empty() ? "" : " alone", "; kinds: ", AllKindNames()));
}

}  // namespace rollcall
