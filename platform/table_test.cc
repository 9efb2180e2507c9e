#include "platform/table.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

TEST(PrintableTest, NeutralisesWhatATerminalWouldObey) {
  const struct {
    absl::string_view in;
    absl::string_view out;
  } cases[] = {
      {"nginx", "nginx"},
      {"", ""},
      {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
      {"\x1b[2Jgone", "\\x1b[2Jgone"},
      {absl::string_view("a\0b", 3), "a\\x00b"},
      {"\xc2\x9b"
       "31m",
       "\\x9b31m"},                             // C1 control sequence introducer
      {"exe\xe2\x80\xaegpj", "exe\\u202egpj"},  // right-to-left override
      {"caf\xc3\xa9 \xe6\x9c\x8d", "caf\xc3\xa9 \xe6\x9c\x8d"},
      {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},                  // overlong NUL
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // surrogate
      {"cut \xe6\x9c", "cut \xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const auto& c : cases) EXPECT_EQ(Printable(c.in), c.out) << c.in;
}

TEST(DisplayWidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("caf\xc3\xa9"), 4u);
  EXPECT_EQ(DisplayWidth("\xe6\x9c\x8d\xe5\x8a\xa1"), 4u);  // two CJK ideographs
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);                 // combining acute
  EXPECT_EQ(DisplayWidth("\xf0\x9f\x90\xa7"), 2u);          // penguin
}

TEST(FitToWidthTest, CutsAtCharacterBoundaries) {
  EXPECT_EQ(FitToWidth("short", 5), "short");
  EXPECT_EQ(FitToWidth("longer", 5), "long\xe2\x80\xa6");
  EXPECT_EQ(FitToWidth("\xe6\x9c\x8d\xe5\x8a\xa1", 3), "\xe6\x9c\x8d\xe2\x80\xa6");
  EXPECT_EQ(FitToWidth("\xe6\x9c\x8d\xe5\x8a\xa1", 2), "\xe2\x80\xa6");
  EXPECT_EQ(FitToWidth("x", 0), "");
}

TEST(TableTest, AlignsTextLeftAndNumbersRight) {
  Table table({"NAME", "PORT"});
  table.AddRow({"nginx", "80"});
  table.AddRow({"postgres", "5432"});
  table.AddRow({"none"});
  EXPECT_EQ(table.Render(),
            "NAME      PORT\n"
            "nginx       80\n"
            "postgres  5432\n"
            "none\n");
}

TEST(TableTest, AColumnWithOneWordIsText) {
  Table table({"V"});
  table.AddRow({"1.2-3"});
  table.AddRow({"latest"});
  EXPECT_EQ(table.Render(), "V\n1.2-3\nlatest\n");
}

TEST(TableTest, WideCharactersKeepColumnsAligned) {
  Table table({"NAME", "X"});
  table.AddRow({"\xe6\x9c\x8d\xe5\x8a\xa1", "a"});
  table.AddRow({"abcd", "b"});
  EXPECT_EQ(table.Render(), "NAME  X\n\xe6\x9c\x8d\xe5\x8a\xa1  a\nabcd  b\n");
}

TEST(TableTest, FitsIntoTheTerminalByCuttingTheWidestColumn) {
  Table table({"PID", "COMMAND", "USER"});
  table.AddRow({"1", std::string(200, 'x'), "root"});
  for (const size_t width : {40u, 60u, 100u}) {
    for (const absl::string_view line : absl::StrSplit(table.Render(width), '\n')) {
      EXPECT_LE(DisplayWidth(line), width);
    }
  }
  EXPECT_NE(table.Render(40).find("root"), std::string::npos);
  EXPECT_EQ(table.Render(0).find("\xe2\x80\xa6"), std::string::npos);
}

TEST(TableTest, TitlesGiveWayBeforeCells) {
  Table table({"A_LONG_TITLE", "COMMAND"});
  table.AddRow({"abcdefgh", "abcdefghij"});
  EXPECT_EQ(table.Render(20), "A_LONG_\xe2\x80\xa6  COMMAND\nabcdefgh  abcdefghij\n");
}

TEST(TableTest, HostileCellsStayOnTheirLine) {
  Table table({"NAME"});
  table.AddRow({"a\nb\x1b[31m"});
  EXPECT_EQ(table.Render(), "NAME\na\\nb\\x1b[31m\n");
}

TEST(TableTest, NoRowsIsJustTheHeader) {
  const Table table({"A", "B"});
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.Render(), "A  B\n");
}

TEST(TerminalWidthTest, AFileIsNoTerminal) {
  const ScopedFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(TerminalWidth(null.get()), 0u);
}

}  // namespace
}  // namespace rollcall
