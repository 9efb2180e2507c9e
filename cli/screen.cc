#include "cli/screen.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/record_json.h"

namespace rollcall {

void Screen::Rows(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  if (format_ == OutputFormat::kCsv) {
    *out_ << CsvLine(header);
    for (const auto& row : rows) *out_ << CsvLine(row);
    return;
  }
  Table table(header);
  for (const auto& row : rows) table.AddRow(row);
  const std::string text = table.Render(wide_ ? 0 : width_);
  const size_t first = text.find('\n');
  *out_ << Paint(text.substr(0, first), Color::kBold) << text.substr(first);
}

absl::Status Screen::Json(const google::protobuf::Message& message) {
  const auto line = ToJsonLine(message);
  if (!line.ok()) return line.status();
  *out_ << *line << '\n';
  return absl::OkStatus();
}

void Screen::Title(absl::string_view text) {
  if (format_ == OutputFormat::kTable) *out_ << Paint(Printable(text), Color::kBold) << '\n';
}

void Screen::Line(absl::string_view text) { *out_ << Printable(text) << '\n'; }

void Screen::Raw(absl::string_view text) { *out_ << text; }

std::string Screen::Paint(absl::string_view text, Color color) const {
  if (!color_ || color == Color::kPlain) return std::string(text);
  absl::string_view code;
  switch (color) {
    case Color::kPlain:
      break;
    case Color::kBold:
      code = "1";
      break;
    case Color::kGreen:
      code = "32";
      break;
    case Color::kYellow:
      code = "33";
      break;
    case Color::kRed:
      code = "31";
      break;
    case Color::kDim:
      code = "2";
      break;
  }
  return absl::StrCat("\033[", code, "m", text, "\033[0m");
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    const bool quote = cells[i].find_first_of(",\"\r\n") != std::string::npos;
    absl::StrAppend(&line, quote ? "\"" : "", absl::StrReplaceAll(cells[i], {{"\"", "\"\""}}), quote ? "\"" : "");
  }
  return line + "\r\n";
}

}  // namespace rollcall
