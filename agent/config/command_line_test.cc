#include "agent/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings = AllSettings({{"os_packages", absl::Hours(6), absl::Minutes(2)}});
  return settings;
}

CommandLine Parse(const std::vector<std::string>& words) { return ParseCommandLine(words, Settings()); }

TEST(ParseCommandLineTest, Commands) {
  const struct {
    std::vector<std::string> words;
    AgentCommand command;
  } cases[] = {{{}, AgentCommand::kRun},
               {{"run"}, AgentCommand::kRun},
               {{"--check-config"}, AgentCommand::kCheckConfig},
               {{"run", "--check-config"}, AgentCommand::kCheckConfig},
               {{"collect"}, AgentCommand::kCollect},
               {{"status"}, AgentCommand::kStatus},
               {{"health"}, AgentCommand::kHealth},
               {{"spool", "inspect"}, AgentCommand::kSpool},
               {{"completion", "fish"}, AgentCommand::kCompletion},
               {{"--print-settings-markdown"}, AgentCommand::kPrintSettings}};
  for (const auto& c : cases) {
    const CommandLine line = Parse(c.words);
    EXPECT_FALSE(line.exit_code.has_value()) << line.text;
    EXPECT_EQ(line.command, c.command);
  }
}

TEST(ParseCommandLineTest, SettingsAreFlagsBeforeAndAfterTheCommand) {
  const CommandLine line = Parse({"--root", "/a", "run", "--config", "/c.yaml", "--backend-addresses", "a:1",
                                  "--backend-addresses=b:2", "--collectors-os-packages-enabled=false"});
  ASSERT_FALSE(line.exit_code.has_value()) << line.text;
  EXPECT_EQ(line.config_path, "/c.yaml");
  EXPECT_EQ(line.settings.size(), 3u);
  EXPECT_THAT(line.settings.at("root"), ElementsAre("/a"));
  EXPECT_THAT(line.settings.at("backend.addresses"), ElementsAre("a:1", "b:2"));
  EXPECT_THAT(line.settings.at("collectors.os_packages.enabled"), ElementsAre("false"));
}

TEST(ParseCommandLineTest, Spool) {
  CommandLine line = Parse({"spool", "inspect", "--state-dir", "/s"});
  ASSERT_FALSE(line.exit_code.has_value()) << line.text;
  EXPECT_EQ(line.spool_action, CommandLine::SpoolAction::kInspect);
  EXPECT_EQ(line.spool_format, "table");
  EXPECT_THAT(line.settings.at("state_dir"), ElementsAre("/s"));
  line = Parse({"spool", "verify", "--format", "json"});
  EXPECT_EQ(line.spool_action, CommandLine::SpoolAction::kVerify);
  EXPECT_EQ(line.spool_format, "json");
  line = Parse({"--config", "/c.yaml", "spool", "drain", "--timeout", "90s"});
  ASSERT_FALSE(line.exit_code.has_value()) << line.text;
  EXPECT_EQ(line.spool_action, CommandLine::SpoolAction::kDrain);
  EXPECT_EQ(line.drain_timeout, absl::Seconds(90));
  EXPECT_EQ(Parse({"spool", "drain"}).drain_timeout, absl::Minutes(1));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"spool"},
                                             {"spool", "eat"},
                                             {"spool", "drain", "--timeout", "soon"},
                                             {"spool", "drain", "--timeout", "-1s"},
                                             {"spool", "drain", "--timeout", "0"},
                                             {"spool", "drain", "--timeout", "inf"},
                                             {"spool", "drain", "--timeout", ""},
                                             {"spool", "drain", "--timeout="},
                                             {"spool", "inspect", "--timeout", "1s"},
                                             {"spool", "inspect", "--format", "jsonl"}}) {
    EXPECT_EQ(Parse(words).exit_code, kUsageExitCode) << words.back();
  }
  line = Parse({"spool", "--help"});
  EXPECT_EQ(line.exit_code, 0);
  for (const char* action : {"inspect", "verify", "drain"}) EXPECT_THAT(line.text, HasSubstr(action));
  EXPECT_THAT(Parse({"spool", "drain", "--help"}).text, HasSubstr("--timeout"));
}

TEST(ParseCommandLineTest, Collect) {
  const CommandLine line =
      Parse({"collect", "--collector", "ports", "--collector", "host", "--root", "/x", "--format", "table"});
  ASSERT_FALSE(line.exit_code.has_value()) << line.text;
  EXPECT_THAT(line.collectors, ElementsAre("ports", "host"));
  EXPECT_THAT(line.settings.at("root"), ElementsAre("/x"));
  EXPECT_EQ(line.format, "table");
  EXPECT_TRUE(Parse({"collect", "--list"}).list);
  EXPECT_EQ(Parse({"collect"}).format, "jsonl");
}

TEST(ParseCommandLineTest, StatusAndHealth) {
  EXPECT_TRUE(Parse({"status", "--json"}).json);
  EXPECT_TRUE(Parse({"health", "--live"}).live);
  EXPECT_THAT(Parse({"health", "--status-socket", "/s"}).settings.at("status_socket"), ElementsAre("/s"));
}

TEST(ParseCommandLineTest, WrongUsageIsTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"bogus"},
                                                                                     {"--bogus"},
                                                                                     {"collect", "--format", "xml"},
                                                                                     {"collect", "--collector"},
                                                                                     {"completion"},
                                                                                     {"completion", "tcsh"},
                                                                                     {"run", "collect"},
                                                                                     {"collect", "ports"},
                                                                                     {"run", "--live"}}) {
    const CommandLine line = Parse(words);
    EXPECT_EQ(line.exit_code, kUsageExitCode) << words[0];
    EXPECT_FALSE(line.text.empty());
  }
}

TEST(ParseCommandLineTest, HelpAndVersionAreZero) {
  const CommandLine help = Parse({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.text, HasSubstr("--backend-addresses HOST:PORT"));
  EXPECT_THAT(help.text, HasSubstr("collect"));
  EXPECT_EQ(help.text.find("print-settings-markdown"), std::string::npos);
  EXPECT_EQ(Parse({"--version"}).exit_code, 0);
  EXPECT_THAT(Parse({"--version"}).text, HasSubstr("rollcall-agent "));
  EXPECT_THAT(Parse({"collect", "--help"}).text, HasSubstr("--collector"));
}

TEST(CompletionScriptTest, KnowsEveryFlag) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = CompletionScript(shell, Settings());
    EXPECT_THAT(script, HasSubstr("collect")) << shell;
    for (const Setting& setting : Settings()) EXPECT_THAT(script, HasSubstr(FlagName(setting.name))) << shell;
  }
}

}  // namespace
}  // namespace rollcall
