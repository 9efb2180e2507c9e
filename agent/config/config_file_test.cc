#include "agent/config/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings =
      AllSettings({{"os_packages", absl::Hours(6), absl::Minutes(2)}, {"ports", absl::Minutes(5), absl::Minutes(1)}});
  return settings;
}

absl::StatusOr<std::vector<FileSetting>> Parse(absl::string_view text) {
  return ParseConfigFile(text, "/etc/rollcall/agent.yaml", Settings());
}

TEST(ParseConfigFileTest, GivesSettingsWithTheirLines) {
  const auto found = Parse(
      "# comment\n"
      "root: /host\n"
      "backend:\n"
      "  addresses:\n"
      "    - a:1\n"
      "    - b:2\n"
      "collectors:\n"
      "  ports: {enabled: false}\n"
      "  os_packages:\n");
  ASSERT_EQ(found.status(), absl::OkStatus());
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].setting->name, "root");
  EXPECT_EQ((*found)[0].line, 2);
  EXPECT_THAT((*found)[0].values, ElementsAre("/host"));
  EXPECT_EQ((*found)[1].setting->name, "backend.addresses");
  EXPECT_THAT((*found)[1].values, ElementsAre("a:1", "b:2"));
  EXPECT_EQ((*found)[2].setting->name, "collectors.ports.enabled");
  EXPECT_EQ((*found)[2].line, 8);
}

TEST(ParseConfigFileTest, EmptyFilesSayNothing) {
  for (const absl::string_view text : {"", "\n", "# only a comment\n", "---\n", "~\n"}) {
    const auto found = Parse(text);
    ASSERT_EQ(found.status(), absl::OkStatus()) << text;
    EXPECT_TRUE(found->empty()) << text;
  }
}

TEST(ParseConfigFileTest, MistakesNameFileLineAndField) {
  const struct {
    absl::string_view text;
    absl::string_view error;
  } cases[] = {
      {"root: /\nbackend:\n  adresses: [a:1]\n",
       "/etc/rollcall/agent.yaml:3: backend.adresses: no such setting; did you mean 'addresses'?"},
      {"collectors:\n  prots: {enabled: true}\n", ":2: collectors.prots: no such setting; did you mean 'ports'?"},
      {"quux_of_all: 1\n", ":1: quux_of_all: no such setting"},
      {"<<: {root: /}\n", ":1: <<: no such setting"},
      {"backend: a:1\n", ":1: backend: expected settings below it, got a value"},
      {"tls:\n  ca: {x: y}\n", ":2: tls.ca: expected a value, got settings below it"},
      {"root:\n", ":1: root: expected a value, got none"},
      {"root: /a\nroot: /b\n", ":2: root: given twice"},
      {"backend:\n  addresses: [[a:1]]\n", ":2: backend.addresses: expected a list of plain values"},
      {"- root\n", ":1: expected settings as NAME: VALUE"},
      {"root: /\n---\nroot: /b\n", "expected one document"},
      {"root: [unclosed\n", "not YAML: "},
      {"a: *nowhere\n", "not YAML: "},
      {"? [a, b]\n: c\n", ":1: expected the name of a setting"},
      {"\troot: /\n", "not YAML: "},
  };
  for (const auto& c : cases) {
    const auto found = Parse(c.text);
    ASSERT_EQ(found.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(std::string(found.status().message()), HasSubstr(std::string(c.error)));
  }
}

TEST(ParseConfigFileTest, ListsAllMistakesAtOnce) {
  const auto found = Parse("rot: /\nregoin: x\n");
  EXPECT_THAT(std::string(found.status().message()), HasSubstr(":1: rot: no such setting; did you mean 'root'?\n"));
  EXPECT_THAT(std::string(found.status().message()), HasSubstr(":2: regoin: no such setting; did you mean 'region'?"));
}

TEST(ParseConfigFileTest, SurvivesHostileInput) {
  EXPECT_FALSE(Parse(std::string(kMaxConfigBytes + 1, ' ')).ok());
  EXPECT_FALSE(Parse(std::string(100000, '[')).ok());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "k" + std::to_string(i) + ": x\n";
  const std::string message(Parse(many).status().message());
  EXPECT_LT(message.size(), 4096u);
  std::string bomb = "a: &a [x,x]\n";
  for (char c = 'b'; c < 'z'; ++c)
    bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ",*" + char(c - 1) + "]\n";
  EXPECT_FALSE(Parse(bomb).ok());
}

TEST(NearestWordTest, SuggestsOnlyTypingMistakes) {
  const std::vector<std::string> words = {"interval", "timeout", "enabled"};
  EXPECT_EQ(NearestWord("intervall", words), "interval");
  EXPECT_EQ(NearestWord("time_out", words), "timeout");
  EXPECT_EQ(NearestWord("colour", words), "");
  EXPECT_EQ(NearestWord(std::string(1000, 'x'), words), "");
}

}  // namespace
}  // namespace rollcall
