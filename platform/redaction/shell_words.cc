#include "platform/redaction/shell_words.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "platform/redaction/byte_set.h"

namespace rollcall {
namespace {

// What a shell does not take as it is.
constexpr ByteSet kSyntax(" \t\n;&()|'\"\\");

class Splitter {
 public:
  explicit Splitter(absl::string_view line)
      : line_(line), last_single_(line.rfind('\'')), last_double_(line.rfind('"')) {}

  std::vector<ShellCommand> Split() {
    while (at_ < line_.size()) Step();
    EndWord();
    EndCommand(false);
    return std::move(commands_);
  }

 private:
  void Step() {
    const char c = line_[at_];
    switch (c) {
      case ' ':
      case '\t':
        EndWord();
        ++at_;
        return;
      case '\n':
      case ';':
      case '&':
      case '(':
      case ')':
        // `$(` begins a command too, and `&` inside a URL is quoted or ends the command.
        EndWord();
        EndCommand(false);
        ++at_;
        return;
      case '|':
        EndWord();
        EndCommand(at_ + 1 >= line_.size() || line_[at_ + 1] != '|');
        ++at_;
        return;
      case '\'':
        TakeQuoted(c, last_single_);
        return;
      case '"':
        TakeQuoted(c, last_double_);
        return;
      default:
        TakeBare(c);
    }
  }

  void BeginWord() {
    if (in_word_) return;
    in_word_ = true;
    word_.begin = at_;
    word_.text.clear();
  }

  void EndWord() {
    if (!in_word_) return;
    in_word_ = false;
    word_.end = at_;
    current_.words.push_back(std::move(word_));
  }

  void EndCommand(bool piped) {
    if (current_.words.empty()) return;
    current_.piped = piped;
    commands_.push_back(std::move(current_));
    current_ = ShellCommand();
  }

  void TakeBare(char c) {
    BeginWord();
    if (c == '\\' && at_ + 1 < line_.size()) c = line_[++at_];
    word_.text.push_back(c);
    ++at_;
    const size_t end = kSyntax.Find(line_, at_);
    word_.text.append(line_.data() + at_, end - at_);
    at_ = end;
  }

  void TakeQuoted(char quote, size_t last) {
    if (last == absl::string_view::npos || last <= at_) {
      TakeBare(quote);
      return;
    }
    BeginWord();
    for (++at_; at_ < line_.size() && line_[at_] != quote; ++at_) {
      const bool escape = quote == '"' && line_[at_] == '\\' && at_ + 1 < line_.size() &&
                          (line_[at_ + 1] == '"' || line_[at_ + 1] == '\\' || line_[at_ + 1] == '$');
      if (escape) ++at_;
      word_.text.push_back(line_[at_]);
    }
    if (at_ < line_.size()) ++at_;
  }

  absl::string_view line_;
  const size_t last_single_;
  const size_t last_double_;
  size_t at_ = 0;
  bool in_word_ = false;
  ShellWord word_;
  ShellCommand current_;
  std::vector<ShellCommand> commands_;
};

}  // namespace

std::vector<ShellCommand> SplitShell(absl::string_view line) { return Splitter(line).Split(); }

std::string QuoteShellWord(absl::string_view word) {
  const bool plain = !word.empty() && kSyntax.Find(word, 0) == word.size();
  if (plain) return std::string(word);
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

}  // namespace rollcall
