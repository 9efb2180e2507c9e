// The words of sudoers(5): logical lines, and a cursor over one of them.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_TEXT_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Splits text into lines with comments gone and continuations joined.
class SudoersLines {
 public:
  explicit SudoersLines(absl::string_view text) : rest_(text) {}

  // The next line that is not empty; false at the end. At most `limit` bytes of it are kept, and `*cut` says whether
  // there were more. `*number` is that of its first physical line, from 1. `#include` and `#includedir` are directives,
  // `#` before a digit is a user id; any other `#` outside quotes starts a comment.
  bool Next(size_t limit, std::string* line, size_t* number, bool* cut);

 private:
  absl::string_view rest_;
  size_t number_ = 0;
};

// Reads a logical line from left to right. Not for use after the line is gone.
class SudoersCursor {
 public:
  explicit SudoersCursor(absl::string_view line) : rest_(line) {}

  // Whether nothing but blanks is left.
  bool AtEnd();
  // Skips blanks, then `c` if it is next.
  bool Consume(char c);
  // Skips blanks; what is left, to look ahead.
  absl::string_view Peek();
  // What is left, blanks included.
  absl::string_view PeekRaw() const { return rest_; }
  void Skip(size_t bytes) { rest_.remove_prefix(bytes); }

  // A word of a list of users, groups, hosts or aliases; ends before an unescaped blank or one of `,:=!()`. A quoted
  // part may hold any of these. IPv6 addresses and `%:group` keep their colons. InvalidArgument if there is none, or
  // if a quote is open.
  absl::StatusOr<std::string> Word();
  // A command with its arguments; ends before an unescaped `,`, `:` or `=`. A regular expression (`^...$`) may hold any
  // of these. Escapes of `,:=\#` are undone, those of wildcards stay; blanks between
  // arguments become one.
  absl::StatusOr<std::string> Command();
  // Everything up to a blank, with quotes and escapes undone: the path of an include.
  absl::StatusOr<std::string> Path();
  // A run of letters, digits and `_`, such as the name of an alias, tag or option; may be empty.
  absl::string_view Name();

 private:
  void SkipBlanks();
  absl::Status Quoted(std::string* word);

  absl::string_view rest_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SUDOERS_TEXT_H_
