#include "collectors/environment/environment_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

namespace rollcall {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// One pass over the text.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  Variables ReadAll() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (IsBlank(c) || c == '\n') {
        ++at_;
      } else if (c == '#' || c == ';') {
        SkipComment();
      } else {
        ReadAssignment();
      }
    }
    return std::move(result_);
  }

 private:
  // A backslash at the end of a comment makes the next line part of it.
  void SkipComment() {
    while (at_ < text_.size() && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2 : 1;
  }

  void ReadAssignment() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    const absl::string_view line = text_.substr(at_, end - at_);
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      ++result_.left_out;
      at_ = end;
      return;
    }
    const absl::string_view name = absl::StripAsciiWhitespace(line.substr(0, equals));
    at_ += equals + 1;
    std::string value;
    if (ReadValue(&value)) {
      result_.Add(name, value);
    } else {
      ++result_.left_out;
    }
  }

  // Up to the end of its last line. False if a quote does not end.
  bool ReadValue(std::string* value) {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
    // Blanks at the end count only in quotes.
    size_t kept = 0;
    char quote = '\0';
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote == '\0' && c == '\n') break;
      if (c == '\\' && quote != '\'') {
        if (++at_ < text_.size() && text_[at_] != '\n') value->push_back(text_[at_]);
        kept = value->size();
      } else if (quote == '\0' ? c == '"' || c == '\'' : c == quote) {
        quote = quote == '\0' ? c : '\0';
        kept = value->size();
      } else {
        value->push_back(c);
        if (quote != '\0' || !IsBlank(c)) kept = value->size();
      }
    }
    value->resize(kept);
    return quote == '\0';
  }

  const absl::string_view text_;
  size_t at_ = 0;
  Variables result_;
};

}  // namespace

Variables ParseEnvironmentFile(absl::string_view text) { return Reader(text).ReadAll(); }

}  // namespace rollcall
