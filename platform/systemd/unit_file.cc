#include "platform/systemd/unit_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/utf8.h"

namespace rollcall {
namespace {

constexpr absl::string_view kWhiteSpace = " \t\n\r";
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

absl::string_view Strip(absl::string_view text) {
  const size_t start = text.find_first_not_of(kWhiteSpace);
  if (start == absl::string_view::npos) return "";
  return text.substr(start, text.find_last_not_of(kWhiteSpace) - start + 1);
}

absl::string_view StripLeading(absl::string_view text) {
  const size_t start = text.find_first_not_of(kWhiteSpace);
  return start == absl::string_view::npos ? "" : text.substr(start);
}

// Takes the next line off `text`, without its end: LF, CR or NUL, or each of several once, so
// that CR LF is one end.
absl::string_view TakeLine(absl::string_view* text, bool* has_nul) {
  constexpr absl::string_view kEnds("\n\r\0", 3);
  const size_t end = std::min(text->find_first_of(kEnds), text->size());
  const absl::string_view line = text->substr(0, end);
  text->remove_prefix(end);
  std::string ends;
  while (!text->empty() && kEnds.find(text->front()) != absl::string_view::npos) {
    const char c = text->front();
    if (ends.find(c) != std::string::npos) break;
    ends.push_back(c);
    text->remove_prefix(1);
    if (c == '\0') {
      *has_nul = true;
      break;
    }
  }
  return line;
}

// Whether the line goes on: it ends with a backslash that no other escapes.
bool IsContinued(absl::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  const size_t backslashes = line.size() - (last == absl::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

class Parser {
 public:
  UnitFile Parse(absl::string_view text) {
    text = absl::StripPrefix(text, kByteOrderMark);
    bool has_nul = false;
    while (!text.empty()) {
      const absl::string_view line = StripLeading(TakeLine(&text, &has_nul));
      ++line_;
      if (has_nul && !nul_reported_) {
        AddProblem("a NUL byte");
        nul_reported_ = true;
      }
      // Comments do not end a line that goes on.
      if (absl::StartsWith(line, "#") || absl::StartsWith(line, ";")) continue;
      TakePart(line);
    }
    if (!joined_.empty()) TakeJoined();
    return std::move(file_);
  }

 private:
  // One line of the file, part of a joined line or all of it.
  void TakePart(absl::string_view line) {
    if (joined_.size() + line.size() > kMaxUnitLineBytes) {
      if (!overlong_) AddProblem(absl::StrCat("longer than ", kMaxUnitLineBytes, " bytes"));
      overlong_ = true;
      joined_.clear();
    }
    const bool continued = IsContinued(line);
    if (continued) line.remove_suffix(1);
    if (!overlong_) absl::StrAppend(&joined_, line, continued ? " " : "");
    if (continued) return;
    if (!overlong_) TakeJoined();
    overlong_ = false;
    joined_.clear();
  }

  void TakeJoined() {
    const absl::string_view line = Strip(joined_);
    if (line.empty()) return;
    if (!IsUtf8(line)) AddProblem("not UTF-8");
    if (line.front() == '[') return TakeSection(line);
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) return AddProblem("neither a section nor an assignment");
    const absl::string_view key = Strip(line.substr(0, equals));
    if (key.empty()) return AddProblem("no key before `=`");
    if (section_.empty()) {
      if (!section_damaged_) AddProblem("an assignment before any section");
      return;
    }
    if (file_.assignments.size() >= kMaxUnitAssignments) {
      if (!full_) AddProblem(absl::StrCat("more than ", kMaxUnitAssignments, " assignments"));
      full_ = true;
      return;
    }
    file_.assignments.push_back({section_, std::string(key), std::string(Strip(line.substr(equals + 1))), line_});
  }

  void TakeSection(absl::string_view line) {
    section_damaged_ = line.back() != ']' || line.size() < 3;
    if (section_damaged_) {
      // What follows must not be taken for part of the section before.
      section_.clear();
      return AddProblem("a section without a name or its `]`");
    }
    section_ = std::string(line.substr(1, line.size() - 2));
  }

  void AddProblem(absl::string_view what) {
    ++file_.problem_count;
    if (file_.problems.size() >= kMaxUnitFileProblems) return;
    file_.problems.push_back(absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", what)));
  }

  UnitFile file_;
  size_t line_ = 0;
  std::string section_;
  bool section_damaged_ = false;
  std::string joined_;
  bool overlong_ = false;
  bool full_ = false;
  bool nul_reported_ = false;
};

}  // namespace

UnitFile ParseUnitFile(absl::string_view text) { return Parser().Parse(text); }

bool UnitBoolean(absl::string_view value, bool fallback) {
  constexpr std::array<absl::string_view, 6> kTrue = {"1", "yes", "y", "true", "t", "on"};
  constexpr std::array<absl::string_view, 6> kFalse = {"0", "no", "n", "false", "f", "off"};
  const auto is = [value](absl::string_view word) { return absl::EqualsIgnoreCase(value, word); };
  if (std::any_of(kTrue.begin(), kTrue.end(), is)) return true;
  if (std::any_of(kFalse.begin(), kFalse.end(), is)) return false;
  return fallback;
}

}  // namespace rollcall
