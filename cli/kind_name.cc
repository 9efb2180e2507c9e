#include "cli/kind_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

// What people call a kind besides its name. Kinds this program does not have are no harm.
constexpr struct {
  absl::string_view word;
  absl::string_view kind;
} kWords[] = {
    {"crontab", "scheduled_task"},        {"cron", "scheduled_task"},  {"env", "environment_variable"},
    {"group", "account_group"},           {"job", "scheduled_task"},   {"machine", "host"},
    {"module", "kernel_module"},          {"package", "os_package"},   {"port", "listening_port"},
    {"resource", "resource_usage"},       {"server", "host"},          {"service", "startup_service"},
    {"socket", "listening_port"},         {"task", "scheduled_task"},  {"timer", "scheduled_task"},
    {"unit", "startup_service"},          {"usage", "resource_usage"}, {"user", "account"},
    {"variable", "environment_variable"},
};

// The word and what it may be the plural of.
std::vector<std::string> Singulars(absl::string_view text) {
  std::string word = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"-", "_"}});
  std::vector<std::string> words = {word};
  if (absl::EndsWith(word, "s")) words.emplace_back(word.substr(0, word.size() - 1));
  if (absl::EndsWith(word, "es")) words.emplace_back(word.substr(0, word.size() - 2));
  if (absl::EndsWith(word, "ies")) words.push_back(absl::StrCat(word.substr(0, word.size() - 3), "y"));
  return words;
}

std::string Plural(absl::string_view word) {
  if (absl::EndsWith(word, "s")) return absl::StrCat(word, "es");
  if (absl::EndsWith(word, "y")) return absl::StrCat(word.substr(0, word.size() - 1), "ies");
  return absl::StrCat(word, "s");
}

const Kind* KindOfWord(absl::string_view word) {
  for (const auto& entry : kWords) {
    if (entry.word == word) return FindKind(entry.kind);
  }
  return nullptr;
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
    if (const Kind* kind = KindOfWord(word); kind != nullptr) return kind;
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

std::vector<std::string> KindWords() {
  std::vector<std::string> words;
  for (const Kind& kind : AllKinds()) words.push_back(Plural(kind.options->name()));
  for (const auto& entry : kWords) {
    if (FindKind(entry.kind) != nullptr) words.push_back(Plural(entry.word));
  }
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace rollcall
