// Where a command writes, and in which form.
#ifndef ROLLCALL_CLI_SCREEN_H_
#define ROLLCALL_CLI_SCREEN_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "platform/table.h"

namespace rollcall {

enum class OutputFormat { kTable, kJson, kCsv };

enum class Color { kPlain, kBold, kGreen, kYellow, kRed, kDim };

// Output of one command. Colours and cutting to the terminal's width happen only when
// the output is a terminal. Not thread-safe.
class Screen {
 public:
  // `width` 0: do not cut.
  Screen(std::ostream* out, OutputFormat format, bool wide, size_t width, bool color)
      : out_(out), format_(format), wide_(wide), width_(width), color_(color) {}

  OutputFormat format() const { return format_; }
  // The reader asked for every column.
  bool wide() const { return wide_; }

  // Rows under a header, in the format chosen (CSV for kCsv, table otherwise).
  void Rows(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
  // One message as a line of JSON.
  absl::Status Json(const google::protobuf::Message& message);
  template <typename Messages>
  absl::Status JsonLines(const Messages& messages) {
    for (const auto& message : messages) {
      if (absl::Status status = Json(message); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  // A bold line above a table; nothing in CSV.
  void Title(absl::string_view text);
  // A line of text; shown as Printable.
  void Line(absl::string_view text);
  void Raw(absl::string_view text);
  // `text` in a colour, if colours are on. Only for text of our own.
  std::string Paint(absl::string_view text, Color color) const;

 private:
  std::ostream* out_;
  OutputFormat format_;
  bool wide_;
  size_t width_;
  bool color_;
};

// One CSV line (RFC 4180) with its line end.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_SCREEN_H_
