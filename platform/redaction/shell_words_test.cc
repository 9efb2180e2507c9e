#include "platform/redaction/shell_words.h"

#include "gtest/gtest.h"

namespace rollcall {
namespace {

using Words = std::vector<std::string>;

std::vector<Words> Split(absl::string_view line) {
  std::vector<Words> commands;
  for (const ShellCommand& command : SplitShell(line)) {
    Words& words = commands.emplace_back();
    for (const ShellWord& word : command.words) {
      EXPECT_LE(word.begin, word.end);
      EXPECT_LE(word.end, line.size());
      words.push_back(word.text);
    }
  }
  return commands;
}

TEST(ShellWordsTest, SplitsCommandsAndWords) {
  const std::vector<std::pair<std::string, std::vector<Words>>> cases = {
      {"", {}},
      {" \t\n;;", {}},
      {"a b  c", {{"a", "b", "c"}}},
      {"a 'b c' \"d e\"", {{"a", "b c", "d e"}}},
      {"a b'c'\"d\"e", {{"a", "bcde"}}},
      {"a \\'b \"\\\"c\"", {{"a", "'b", "\"c"}}},
      {"a; b && c | d || e & f", {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}}},
      {"x=$(a b)", {{"x=$"}, {"a", "b"}}},
      {"don't stop", {{"don't", "stop"}}},
      {"a ''", {{"a", ""}}},
      {"trailing\\", {{"trailing\\"}}},
  };
  for (const auto& [line, commands] : cases) EXPECT_EQ(Split(line), commands) << line;
}

TEST(ShellWordsTest, KnowsPipes) {
  const std::vector<ShellCommand> commands = SplitShell("a | b || c");
  ASSERT_EQ(commands.size(), 3u);
  EXPECT_TRUE(commands[0].piped);
  EXPECT_FALSE(commands[1].piped);
}

TEST(ShellWordsTest, QuotingIsTheInverse) {
  for (const char* word : {"", "plain", "a b", "it's", "\"q\"", "a;b|c&d", "back\\slash", "(x)", "''", "new\nline"}) {
    EXPECT_EQ(Split(QuoteShellWord(word)), std::vector<Words>{Words{word}}) << word;
  }
}

}  // namespace
}  // namespace rollcall
