#include "collectors/environment/pam_files.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

bool IsQuote(char c) { return c == '"' || c == '\''; }

// The value without the quotes pam_env takes off: if it begins with one, that and every other
// but one at the very end stays out of it, as pam_env does it.
std::string Unquote(absl::string_view value) {
  if (value.empty() || !IsQuote(value.front())) return std::string(value);
  std::string result;
  for (size_t i = 1; i < value.size(); ++i) {
    if (!IsQuote(value[i]) || i + 1 < value.size()) result.push_back(value[i]);
  }
  return result;
}

// The quote that is open at the end of a value; '\0' if none is.
char OpenQuote(absl::string_view value) {
  if (value.empty() || !IsQuote(value.front())) return '\0';
  return value.find(value.front(), 1) == absl::string_view::npos ? value.front() : '\0';
}

// Lines, those that end with a backslash joined with the next.
std::vector<std::string> JoinedLines(absl::string_view text) {
  std::vector<std::string> lines;
  bool goes_on = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!goes_on) lines.emplace_back();
    goes_on = absl::ConsumeSuffix(&line, "\\");
    lines.back().append(line.data(), line.size());
  }
  return lines;
}

// `NAME=` as system files have it.
bool LooksLikeAssignment(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  (void)absl::ConsumePrefix(&line, "export ");
  const absl::string_view name = line.substr(0, line.find('='));
  return name.size() < line.size() && IsVariableName(name) &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_islower(c); });
}

// How many lines from `first` on belong to a value whose quote is open: up to the one with the
// other quote; none if there is no such line, or an assignment comes before it.
size_t RestOfQuote(const std::vector<std::string>& lines, size_t first, char quote) {
  if (quote == '\0') return 0;
  for (size_t i = first; i < lines.size() && !LooksLikeAssignment(lines[i]); ++i) {
    if (absl::StrContains(lines[i], quote)) return i + 1 - first;
  }
  return 0;
}

// Takes the next word of a pam_env.conf line, in which quotes hold blanks together.
absl::string_view NextWord(absl::string_view* line) {
  *line = absl::StripLeadingAsciiWhitespace(*line);
  char quote = '\0';
  size_t end = 0;
  for (; end < line->size(); ++end) {
    const char c = (*line)[end];
    if (quote == '\0' && (c == ' ' || c == '\t')) break;
    if (c == '"') quote = quote == '\0' ? c : '\0';
  }
  const absl::string_view word = line->substr(0, end);
  line->remove_prefix(end);
  return word;
}

void ParseConfLine(absl::string_view line, Variables* result) {
  const absl::string_view name = NextWord(&line);
  absl::string_view default_value;
  absl::string_view override_value;
  bool has_option = false;
  for (absl::string_view word = NextWord(&line); !word.empty(); word = NextWord(&line)) {
    const bool override = absl::ConsumePrefix(&word, "OVERRIDE=");
    if (!override && !absl::ConsumePrefix(&word, "DEFAULT=")) {
      ++result->left_out;
      return;
    }
    (override ? override_value : default_value) = word;
    has_option = true;
  }
  absl::string_view value = override_value.empty() ? default_value : override_value;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  if (!value.empty()) {
    result->Add(name, value);
  } else if (!has_option && !IsVariableName(name)) {
    ++result->left_out;
  }
}

}  // namespace

Variables ParsePamEnvironment(absl::string_view text) {
  Variables result;
  const std::vector<std::string> lines = JoinedLines(text);
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::string_view line = absl::StripLeadingAsciiWhitespace(lines[i]);
    line = absl::StripSuffix(line.substr(0, line.find('#')), "\r");
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    (void)absl::ConsumePrefix(&line, "export ");
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      ++result.left_out;
      continue;
    }
    const absl::string_view value = line.substr(equals + 1);
    result.Add(line.substr(0, equals), Unquote(value));
    const size_t rest = RestOfQuote(lines, i + 1, OpenQuote(value));
    result.left_out += rest;
    i += rest;
  }
  return result;
}

Variables ParsePamEnvConf(absl::string_view text) {
  Variables result;
  std::string joined;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (joined.empty() && absl::StartsWith(line, "#")) continue;
    const bool goes_on = absl::ConsumeSuffix(&line, "\\");
    joined.append(line.data(), line.size()).append(goes_on ? " " : "");
    if (goes_on) continue;
    if (!joined.empty()) ParseConfLine(joined, &result);
    joined.clear();
  }
  if (!joined.empty()) ParseConfLine(joined, &result);
  return result;
}

}  // namespace rollcall
