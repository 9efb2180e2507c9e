#include "collectors/accounts/sudoers_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsDirective(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "#include")) return false;
  absl::ConsumePrefix(&line, "dir");
  return !line.empty() && IsBlank(line[0]);
}

// `#` before a number is a user id, behind `%` a group id.
bool IsId(absl::string_view line, size_t at) {
  if (at > 0 && line[at - 1] == '%') return true;
  absl::string_view after = line.substr(at + 1);
  absl::ConsumePrefix(&after, "-");
  return !after.empty() && absl::ascii_isdigit(static_cast<unsigned char>(after[0]));
}

// Without a comment, if there is one.
absl::string_view StripComment(absl::string_view line) {
  if (IsDirective(line)) return line;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == '#' && !quoted && !IsId(line, i)) {
      return line.substr(0, i);
    }
  }
  // A quote that does not end hides nothing: a lone one is a character of a command.
  if (!quoted) return line;
  const size_t comment = line.find(" # ");
  return line.substr(0, comment);
}

// Whether a backslash ends the line: one that is not itself escaped.
bool IsContinued(absl::string_view line) {
  size_t backslashes = 0;
  while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

// The text `\xHH` or `\c` stands for; removes it from `*rest`, which starts with a backslash.
char Unescape(absl::string_view* rest) {
  rest->remove_prefix(1);
  if (rest->empty()) return '\\';
  if (rest->size() >= 3 && (*rest)[0] == 'x' && absl::ascii_isxdigit(static_cast<unsigned char>((*rest)[1])) &&
      absl::ascii_isxdigit(static_cast<unsigned char>((*rest)[2]))) {
    const char byte = absl::HexStringToBytes(std::string(rest->substr(1, 2)))[0];
    rest->remove_prefix(3);
    return byte;
  }
  const char c = (*rest)[0];
  rest->remove_prefix(1);
  return c;
}

// Length of the IPv6 address or network that `text` starts with; 0 if it starts with none.
size_t Ipv6Length(absl::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), [](unsigned char c) {
    return !absl::ascii_isxdigit(c) && c != ':' && c != '.' && c != '/';
  });
  const auto length = static_cast<size_t>(end - text.begin());
  return std::count(text.begin(), end, ':') >= 2 ? length : 0;
}

}  // namespace

bool SudoersLines::Next(size_t limit, std::string* line, size_t* number, bool* cut) {
  line->clear();
  *cut = false;
  bool continued = false;
  while (!rest_.empty()) {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    absl::string_view physical = absl::StripSuffix(rest_.substr(0, end), "\r");
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    if (!continued) *number = number_;
    const absl::string_view text = StripComment(physical);
    const bool commented = text.size() != physical.size();
    const absl::string_view trimmed = absl::StripTrailingAsciiWhitespace(text);
    continued = !commented && IsContinued(trimmed);
    const absl::string_view part = continued ? trimmed.substr(0, trimmed.size() - 1) : text;
    const size_t room = limit - std::min(limit, line->size());
    *cut = *cut || part.size() > room;
    line->append(part.data(), std::min(part.size(), room));
    if (continued) continue;
    if (!absl::StripAsciiWhitespace(*line).empty()) return true;
    line->clear();
  }
  return !absl::StripAsciiWhitespace(*line).empty();
}

void SudoersCursor::SkipBlanks() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

bool SudoersCursor::AtEnd() {
  SkipBlanks();
  return rest_.empty();
}

bool SudoersCursor::Consume(char c) {
  SkipBlanks();
  if (rest_.empty() || rest_[0] != c) return false;
  rest_.remove_prefix(1);
  return true;
}

absl::string_view SudoersCursor::Peek() {
  SkipBlanks();
  return rest_;
}

absl::Status SudoersCursor::Quoted(std::string* word) {
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_[0] != '"') {
    if (rest_[0] == '\\') {
      word->push_back(Unescape(&rest_));
      continue;
    }
    word->push_back(rest_[0]);
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) return absl::InvalidArgumentError("a quote that does not end");
  rest_.remove_prefix(1);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SudoersCursor::Word() {
  constexpr absl::string_view kDelimiters = " \t,:=!()";
  SkipBlanks();
  std::string word;
  if (const size_t address = Ipv6Length(rest_); address > 0) {
    word = std::string(rest_.substr(0, address));
    rest_.remove_prefix(address);
    return word;
  }
  for (const absl::string_view prefix : {absl::string_view("%:"), absl::string_view("%")}) {
    if (!absl::ConsumePrefix(&rest_, prefix)) continue;
    word = std::string(prefix);
    break;
  }
  while (!rest_.empty() && !absl::StrContains(kDelimiters, rest_[0])) {
    if (rest_[0] == '"') {
      ROLLCALL_RETURN_IF_ERROR(Quoted(&word));
    } else if (rest_[0] == '\\') {
      word.push_back(Unescape(&rest_));
    } else {
      word.push_back(rest_[0]);
      rest_.remove_prefix(1);
    }
  }
  if (word.empty()) return absl::InvalidArgumentError("a name is missing");
  return word;
}

absl::StatusOr<std::string> SudoersCursor::Command() {
  SkipBlanks();
  std::string command;
  bool expression = false;
  while (!rest_.empty()) {
    const char c = rest_[0];
    const bool word_starts = command.empty() || IsBlank(command.back());
    if (word_starts && c == '^') expression = true;
    if (!expression && (c == ',' || c == ':' || c == '=')) break;
    if (c == '\\' && rest_.size() > 1) {
      if (expression || !absl::StrContains(absl::string_view(",:=\\# \t"), rest_[1])) command.push_back(c);
      command.push_back(rest_[1]);
      rest_.remove_prefix(2);
      continue;
    }
    // As sudo does, blanks between arguments become one.
    if (!IsBlank(c) || expression) {
      command.push_back(c);
    } else if (!word_starts) {
      command.push_back(' ');
    }
    rest_.remove_prefix(1);
    if (c == '$' && (rest_.empty() || absl::StrContains(absl::string_view(" \t,:="), rest_[0]))) expression = false;
  }
  absl::StripTrailingAsciiWhitespace(&command);
  if (command.empty()) return absl::InvalidArgumentError("a command is missing");
  return command;
}

absl::StatusOr<std::string> SudoersCursor::Path() {
  SkipBlanks();
  std::string path;
  while (!rest_.empty() && !IsBlank(rest_[0])) {
    if (rest_[0] == '"') {
      ROLLCALL_RETURN_IF_ERROR(Quoted(&path));
    } else if (rest_[0] == '\\') {
      path.push_back(Unescape(&rest_));
    } else {
      path.push_back(rest_[0]);
      rest_.remove_prefix(1);
    }
  }
  if (path.empty()) return absl::InvalidArgumentError("a path is missing");
  if (!AtEnd()) return absl::InvalidArgumentError("text behind the path");
  return path;
}

absl::string_view SudoersCursor::Name() {
  SkipBlanks();
  size_t length = 0;
  while (length < rest_.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(rest_[length])) || rest_[length] == '_')) {
    ++length;
  }
  const absl::string_view name = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return name;
}

}  // namespace rollcall
