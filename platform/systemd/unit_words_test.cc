#include "platform/systemd/unit_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(UnitWordsTest, SplitsAtWhiteSpaceOutsideOfQuotes) {
  EXPECT_THAT(SplitUnitWords("  a \t b 'c d' \"e f\" g\"h i\"j '' ").words,
              ElementsAre("a", "b", "c d", "e f", "gh ij", ""));
  EXPECT_THAT(SplitUnitWords("").words, IsEmpty());
}

TEST(UnitWordsTest, ResolvesCEscapesInAndOutOfQuotes) {
  EXPECT_THAT(SplitUnitWords(R"(a\x41\102\n "\t\"" '\'' \s\\ \u00e9\U0001f600)").words,
              ElementsAre("aAB\n", "\t\"", "'", " \\", "\xC3\xA9\xF0\x9F\x98\x80"));
}

TEST(UnitWordsTest, AnEscapeThatMeansNothingStaysAsItIs) {
  EXPECT_THAT(SplitUnitWords(R"(\d \x4 \x00 \777 \uD800 \U00110000 end\)").words,
              ElementsAre(R"(\d)", R"(\x4)", R"(\x00)", R"(\777)", R"(\uD800)", R"(\U00110000)", R"(end\)"));
}

TEST(UnitWordsTest, SpecifiersAndVariablesStay) {
  EXPECT_THAT(SplitUnitWords("%i %% $X ${Y}").words, ElementsAre("%i", "%%", "$X", "${Y}"));
}

TEST(UnitWordsTest, AnOpenQuoteKeepsTheWordsBefore) {
  const UnitWords words = SplitUnitWords("a b \"c d");
  EXPECT_THAT(words.words, ElementsAre("a", "b"));
  EXPECT_EQ(words.problem.message(), "a quote without its end");
}

TEST(UnitWordsTest, TooManyWordsAreCut) {
  std::string value;
  for (size_t i = 0; i <= kMaxUnitWords; ++i) absl::StrAppend(&value, "w ");
  const UnitWords words = SplitUnitWords(value);
  EXPECT_EQ(words.words.size(), kMaxUnitWords);
  EXPECT_TRUE(absl::IsResourceExhausted(words.problem));
  EXPECT_TRUE(absl::IsResourceExhausted(SplitUnitCommands(value).problem));
}

TEST(UnitCommandsTest, ExecStartPrefixesAreNotPartOfTheProgram) {
  const auto first = [](absl::string_view value) { return SplitUnitCommands(value).commands.at(0); };
  EXPECT_EQ(first("-/bin/a x"), (UnitCommand{"-", "/bin/a", {"x"}}));
  EXPECT_EQ(first("@/bin/a argv0 x"), (UnitCommand{"@", "/bin/a", {"x"}}));
  EXPECT_EQ(first(":/bin/a $X"), (UnitCommand{":", "/bin/a", {"$X"}}));
  EXPECT_EQ(first("+/bin/a"), (UnitCommand{"+", "/bin/a", {}}));
  EXPECT_EQ(first("!/bin/a"), (UnitCommand{"!", "/bin/a", {}}));
  EXPECT_EQ(first("!!/bin/a"), (UnitCommand{"!!", "/bin/a", {}}));
  EXPECT_EQ(first("-+@/bin/a zero one"), (UnitCommand{"-+@", "/bin/a", {"one"}}));
}

TEST(UnitCommandsTest, ASemicolonDividesCommandsUnlessEscapedOrQuoted) {
  const UnitCommands commands = SplitUnitCommands("/bin/a x ; -/bin/b \\; y;z ';' ;");
  EXPECT_THAT(commands.commands,
              ElementsAre(UnitCommand{"", "/bin/a", {"x"}}, UnitCommand{"-", "/bin/b", {";", "y;z", ";"}}));
  EXPECT_TRUE(commands.problem.ok());
}

TEST(UnitCommandsTest, AnOpenQuoteKeepsTheProgram) {
  const UnitCommands commands = SplitUnitCommands("/bin/a \"x");
  EXPECT_THAT(commands.commands, ElementsAre(UnitCommand{"", "/bin/a", {}}));
  EXPECT_FALSE(commands.problem.ok());
}

TEST(UnitEnvironmentTest, NamesOnlyAndOnlyValidOnes) {
  EXPECT_THAT(UnitEnvironmentNames(R"(A=1 "B_2=x y" 'C=a=b' 3D=4 E-F=5 =6 PASSED)"),
              ElementsAre("A", "B_2", "C", "PASSED"));
}

}  // namespace
}  // namespace rollcall
