#include "collectors/environment/shell_assignments.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall {
namespace {

// Words after which another command may begin.
constexpr std::array<absl::string_view, 11> kReservedWords = {"if", "then", "elif", "else", "while", "until",
                                                              "do", "{",    "}",    "!",    "time"};
// Words of one command kept; no assignment of interest has more before it.
constexpr size_t kMaxWords = 4'096;

bool IsReserved(absl::string_view word) {
  return std::find(kReservedWords.begin(), kReservedWords.end(), word) != kReservedWords.end();
}

// A word without its quotes.
struct Word {
  std::string text;
  // Where the first unquoted `=` is; nothing before it may be quoted in an assignment.
  size_t equals = std::string::npos;
  bool quoted_before_equals = false;
};

// Splits a script into commands and these into words.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  Variables ReadAll() {
    while (at_ < text_.size()) ReadNext();
    EndCommand();
    return std::move(result_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void ReadNext() {
    const char c = Peek();
    if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '\\' && Peek(1) == '\n') {
      at_ += 2;
    } else if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '\n') {
      ++at_;
      EndCommand();
      SkipHereDocuments();
    } else if (c == '<' && Peek(1) == '<') {
      ReadHereDocument();
    } else if (c == '(' && Peek(1) == '(' && SkipArithmetic()) {
      EndCommand();
    } else if (absl::StrContains(";&|()<>", c)) {
      ++at_;
      // A redirection belongs to its command.
      if (c != '<' && c != '>') EndCommand();
    } else {
      ReadWord();
    }
  }

  // `((...))`, in which `<<` is no here-document. Stays where it is if it is something else, such as two subshells.
  bool SkipArithmetic() {
    // So that all tries together are linear.
    if (tried_in_vain_ > text_.size()) return false;
    const size_t begin = at_;
    if (SkipNested('(', ')', false) && text_[at_ - 2] == ')') return true;
    tried_in_vain_ += std::exchange(at_, begin) - begin;
    return false;
  }

  // `<<END` or `<<-END`; its text begins at the next line. `<<<` takes a word.
  void ReadHereDocument() {
    at_ += 2;
    if (Peek() == '<') {
      ++at_;
      return;
    }
    const bool tabs = Peek() == '-';
    if (tabs) ++at_;
    while (Peek() == ' ' || Peek() == '\t') ++at_;
    Word end;
    if (ReadWordText(&end)) here_documents_.emplace_back(std::move(end.text), tabs);
  }

  void SkipHereDocuments() {
    for (const auto& [end, tabs] : here_documents_) {
      bool ended = false;
      while (at_ < text_.size() && !ended) {
        const size_t newline = std::min(text_.find('\n', at_), text_.size());
        absl::string_view line = text_.substr(at_, newline - at_);
        at_ = std::min(newline + 1, text_.size());
        while (tabs && absl::StartsWith(line, "\t")) line.remove_prefix(1);
        ended = line == end;
      }
      // The shell reads on to the end of the file, too.
      if (!ended) ++result_.left_out;
    }
    here_documents_.clear();
  }

  void ReadWord() {
    Word word;
    bool whole = ReadWordText(&word);
    const bool array = Peek() == '(' && !word.text.empty() && word.text.back() == '=';
    if (array) whole = SkipNested('(', ')', false) && whole;
    if (!whole) ++result_.left_out;
    if (whole && !array && words_.size() < kMaxWords) words_.push_back(std::move(word));
  }

  // False, at the end of the text, if a quote does not end.
  bool ReadWordText(Word* word) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (absl::StrContains(" \t\r\n;&|()<>", c)) break;
      if (word->equals == std::string::npos && absl::StrContains("'\"\\", c)) word->quoted_before_equals = true;
      if (c == '\'') {
        if (!ReadQuoted(word)) return false;
      } else if (c == '"') {
        if (!ReadDoubleQuoted(word)) return false;
      } else if (c == '\\') {
        ++at_;
        if (at_ < text_.size() && text_[at_] != '\n') word->text.push_back(text_[at_]);
        at_ = std::min(at_ + 1, text_.size());
      } else if (c == '`' || c == '$') {
        if (!ReadExpansion(word, false)) return false;
      } else {
        if (c == '=' && word->equals == std::string::npos) word->equals = word->text.size();
        word->text.push_back(c);
        ++at_;
      }
    }
    return true;
  }

  bool ReadQuoted(Word* word) {
    const size_t end = text_.find('\'', at_ + 1);
    const size_t begin = std::exchange(at_, std::min(end, text_.size() - 1) + 1) + 1;
    if (end == absl::string_view::npos) return false;
    word->text.append(text_.data() + begin, end - begin);
    return true;
  }

  bool ReadDoubleQuoted(Word* word) {
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '`' || c == '$') {
        if (!ReadExpansion(word, true)) return false;
        continue;
      }
      if (c == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        if (!absl::StrContains("\"\\$`\n", text_[at_])) word->text.push_back('\\');
        if (text_[at_] == '\n') {
          ++at_;
          continue;
        }
      }
      word->text.push_back(text_[at_]);
      ++at_;
    }
    return false;
  }

  // `$NAME` as it is; `$(...)`, `${...}` and backquotes whole, as they are.
  bool ReadExpansion(Word* word, bool in_double_quotes) {
    const size_t begin = at_;
    bool whole = true;
    if (Peek() == '`') {
      const size_t end = text_.find('`', at_ + 1);
      whole = end != absl::string_view::npos;
      at_ = whole ? end + 1 : text_.size();
    } else if (Peek(1) == '(') {
      ++at_;
      whole = SkipNested('(', ')', false);
    } else if (Peek(1) == '{') {
      ++at_;
      whole = SkipNested('{', '}', in_double_quotes);
    } else {
      ++at_;
    }
    word->text.append(text_.data() + begin, at_ - begin);
    return whole;
  }

  // From an opening bracket to behind the one that closes it, past quoted text and comments of commands.
  // `"${NAME:-it's}"`: there a `'` is no quote.
  bool SkipNested(char open, char close, bool in_double_quotes) {
    size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\') {
        at_ = std::min(at_ + 1, text_.size());
      } else if (c == '"' || (c == '\'' && !in_double_quotes)) {
        SkipQuoted(c);
      } else if (c == '#' && open == '(' && absl::StrContains(" \t\n(;&|", text_[at_ - 2])) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == open) {
        ++depth;
      } else if (c == close && --depth == 0) {
        return true;
      }
    }
    return false;
  }

  // To behind the quote that ends it.
  void SkipQuoted(char quote) {
    while (at_ < text_.size() && text_[at_] != quote) at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
  }

  void EndCommand() {
    size_t first = 0;
    while (first < words_.size() && IsReserved(words_[first].text)) ++first;
    size_t next = first;
    while (next < words_.size() && IsAssignment(words_[next])) ++next;
    if (next == words_.size()) {
      AddAll(first);
    } else if (next == first && Exports(&next)) {
      AddAll(next);
    }
    words_.clear();
  }

  static bool IsAssignment(const Word& word) {
    return word.equals != std::string::npos && !word.quoted_before_equals && IsName(NameOf(word));
  }

  // Shell syntax only: whether the name may be told is decided later.
  static bool IsName(absl::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; }) &&
           !absl::ascii_isdigit(static_cast<unsigned char>(name.front()));
  }

  static absl::string_view NameOf(const Word& word) {
    absl::string_view name = absl::string_view(word.text).substr(0, word.equals);
    // `NAME+=VALUE`
    if (absl::EndsWith(name, "+")) name.remove_suffix(1);
    return name;
  }

  // Whether the command at `*next` puts variables into the environment; then moves on to the
  // first word that is none of its options.
  bool Exports(size_t* next) const {
    const std::string& command = words_[*next].text;
    const bool declares = command == "declare" || command == "typeset";
    if (command != "export" && !declares) return false;
    bool exports = !declares;
    for (++*next; *next < words_.size(); ++*next) {
      const std::string& option = words_[*next].text;
      if (option.empty() || (option[0] != '-' && option[0] != '+')) break;
      if (declares && option[0] == '-' && absl::StrContains(option, 'x')) exports = true;
      if (!declares && (absl::StrContains(option, 'n') || absl::StrContains(option, 'f'))) return false;
    }
    return exports;
  }

  void AddAll(size_t first) {
    for (size_t i = first; i < words_.size(); ++i) {
      if (!IsAssignment(words_[i])) continue;
      result_.Add(NameOf(words_[i]), absl::string_view(words_[i].text).substr(words_[i].equals + 1));
    }
  }

  const absl::string_view text_;
  size_t at_ = 0;
  // Bytes looked at for the end of an arithmetic command that was none.
  size_t tried_in_vain_ = 0;
  std::vector<Word> words_;
  std::vector<std::pair<std::string, bool>> here_documents_;
  Variables result_;
};

}  // namespace

Variables ParseShellAssignments(absl::string_view text) { return Reader(text).ReadAll(); }

}  // namespace rollcall
