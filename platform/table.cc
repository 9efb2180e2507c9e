#include "platform/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rollcall {
namespace {

constexpr char32_t kMalformed = 0xfffd;
constexpr char kEllipsis[] = "\xe2\x80\xa6";
constexpr size_t kGap = 2;
// No column is cut below this, even if the line then is too long.
constexpr size_t kMinColumn = 6;

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode East Asian Width W and F, in the blocks that occur in names of files and software.
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x2705, 0x2705},
    {0x274c, 0x274c},   {0x2753, 0x2757},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f004, 0x1f004},
    {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

constexpr Range kZeroWidth[] = {{0x0300, 0x036f},   {0x0483, 0x0489},  {0x0591, 0x05bd}, {0x0610, 0x061a},
                                {0x064b, 0x065f},   {0x0e31, 0x0e31},  {0x0e34, 0x0e3a}, {0x1ab0, 0x1aff},
                                {0x1dc0, 0x1dff},   {0x20d0, 0x20ff},  {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
                                {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef}};

// Invisible characters, and those that reorder the text around them.
constexpr Range kInvisible[] = {{0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e},
                                {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

template <size_t N>
bool In(const Range (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges), [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// Decodes the character at `*at` and moves past it. Overlong forms, surrogates and
// truncated sequences are malformed and take one byte.
char32_t NextCharacter(absl::string_view text, size_t* at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const uint8_t lead = byte(*at);
  const size_t start = (*at)++;
  if (lead < 0x80) return lead;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return kMalformed;
  char32_t c = lead & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(start + i) & 0xc0) != 0x80) return kMalformed;
    c = (c << 6) | (byte(start + i) & 0x3f);
  }
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return kMalformed;
  *at = start + length;
  return c;
}

size_t CharacterWidth(char32_t c) {
  if (In(kZeroWidth, c)) return 0;
  return In(kWide, c) ? 2 : 1;
}

bool IsNumber(absl::string_view cell) {
  return !cell.empty() && std::all_of(cell.begin(), cell.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
  }) && absl::ascii_isdigit(static_cast<unsigned char>(cell.back()));
}

}  // namespace

std::string Printable(absl::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    const size_t start = at;
    const char32_t c = NextCharacter(utf8, &at);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned>(c));
    } else if (In(kInvisible, c)) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
    } else if (c == kMalformed) {
      out += "\xef\xbf\xbd";
    } else {
      absl::StrAppend(&out, utf8.substr(start, at - start));
    }
  }
  return out;
}

size_t DisplayWidth(absl::string_view utf8) {
  size_t width = 0;
  for (size_t at = 0; at < utf8.size();) width += CharacterWidth(NextCharacter(utf8, &at));
  return width;
}

std::string FitToWidth(absl::string_view utf8, size_t width) {
  if (width == 0) return "";
  size_t used = 0;
  size_t keep = 0;  // bytes that leave room for the ellipsis
  for (size_t at = 0; at < utf8.size();) {
    used += CharacterWidth(NextCharacter(utf8, &at));
    if (used + 1 <= width) keep = at;
    if (used > width) return absl::StrCat(utf8.substr(0, keep), kEllipsis);
  }
  return std::string(utf8);
}

size_t TerminalWidth(int fd) {
  if (isatty(fd) == 0) return 0;
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {
  for (std::string& title : header_) title = Printable(title);
}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(header_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::vector<bool> Table::NumericColumns() const {
  std::vector<bool> numeric(header_.size(), !rows_.empty());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) numeric[i] = numeric[i] && (row[i].empty() || IsNumber(row[i]));
  }
  return numeric;
}

std::vector<size_t> Table::ColumnWidths(size_t width) const {
  std::vector<size_t> widths;
  std::vector<size_t> contents(header_.size(), 0);
  for (const std::string& title : header_) widths.push_back(DisplayWidth(title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) contents[i] = std::max(contents[i], DisplayWidth(row[i]));
  }
  size_t total = widths.empty() ? 0 : kGap * (widths.size() - 1);
  for (size_t i = 0; i < widths.size(); ++i) {
    widths[i] = std::max(widths[i], contents[i]);
    total += widths[i];
  }
  if (width == 0) return widths;
  // What a title takes beyond its column's cells goes first.
  for (size_t i = 0; i < widths.size() && total > width; ++i) {
    const size_t needed = std::min(widths[i], std::max(contents[i], kMinColumn));
    const size_t spare = std::min(widths[i] - needed, total - width);
    widths[i] -= spare;
    total -= spare;
  }
  while (total > width) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kMinColumn) break;
    --*widest;
    --total;
  }
  return widths;
}

std::string Table::Render(size_t width) const {
  const std::vector<size_t> widths = ColumnWidths(width);
  const std::vector<bool> numeric = NumericColumns();
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = FitToWidth(cells[i], widths[i]);
      const std::string padding(widths[i] - std::min(widths[i], DisplayWidth(cell)), ' ');
      absl::StrAppend(&line, i > 0 ? "  " : "", numeric[i] ? padding : "", cell, numeric[i] ? "" : padding);
    }
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&out, line, "\n");
  };
  add_line(header_);
  for (const auto& row : rows_) add_line(row);
  return out;
}

}  // namespace rollcall
