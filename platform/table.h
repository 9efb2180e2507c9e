// Tables for people, in plain text.
#ifndef ROLLCALL_PLATFORM_TABLE_H_
#define ROLLCALL_PLATFORM_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// Text that is safe on a terminal: control characters, terminal escapes and characters
// that change the writing direction become visible escapes (`\n`, `\x1b`, `\u202e`),
// malformed UTF-8 becomes U+FFFD. Collected text is written by others.
std::string Printable(absl::string_view utf8);

// Columns the text takes on a terminal: 2 for East Asian wide characters and most emoji,
// 0 for combining marks. Expects Printable text.
size_t DisplayWidth(absl::string_view utf8);

// The text cut to at most `width` columns, the last one an ellipsis if anything was cut.
std::string FitToWidth(absl::string_view utf8, size_t width);

// Columns of the terminal behind a descriptor; 0 if it is none, for "do not cut".
size_t TerminalWidth(int fd);

// Aligned columns under one header line. Columns that hold only numbers are flush right.
class Table {
 public:
  explicit Table(std::vector<std::string> header);

  // Missing cells are empty; cells beyond the header are dropped.
  void AddRow(std::vector<std::string> cells);

  bool empty() const { return rows_.empty(); }
  size_t rows() const { return rows_.size(); }

  // Lines that fit into `width` columns, titles giving way before cells and the widest
  // columns first; 0 is no limit. No trailing spaces; ends with a newline.
  std::string Render(size_t width = 0) const;

 private:
  std::vector<size_t> ColumnWidths(size_t width) const;
  std::vector<bool> NumericColumns() const;

  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TABLE_H_
