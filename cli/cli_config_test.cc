#include "cli/cli_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(CliConfig, ReadsEverySetting) {
  const auto config =
      ParseCliConfig("server: b:1\nserver_name: n\ntls:\n  ca: /ca\n  cert: /cert\n  key: /key\n", "f.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "b:1");
  EXPECT_EQ(config->server_name, "n");
  EXPECT_EQ(config->ca, "/ca");
  EXPECT_EQ(config->cert, "/cert");
  EXPECT_EQ(config->key, "/key");
  EXPECT_TRUE(CheckComplete(*config).ok());
}

TEST(CliConfig, NamesFileLineAndKey) {
  const struct {
    const char* yaml;
    const char* want;
  } kCases[] = {
      {"server: b:1\nsrever_name: n\n", "f.yaml:2: 'srever_name': unknown setting"},
      {"server: b:1\ntls:\n  crt: x\n", "f.yaml:3: 'tls.crt': unknown setting"},
      {"server: [1]\n", "f.yaml:1: server: expected a text"},
      {"tls: x\n", "f.yaml:1: tls: expected"},
      {"- a\n", "f.yaml:1: expected settings"},
      {"server: \"unfinished\nx", "f.yaml:"},
      {"server: b:1\nserver: c:1\n", "f.yaml:2: 'server': given twice"},
      {"tls:\n  ca: a\n  ca: b\n", "f.yaml:3: 'tls.ca': given twice"},
      {"? [x]\n: y\n", "f.yaml:1: expected the name of a setting"},
      {"server: b:1\n---\nserver: c:1\n", "f.yaml:2: expected one document"},
  };
  for (const auto& c : kCases) {
    const auto config = ParseCliConfig(c.yaml, "f.yaml");
    ASSERT_FALSE(config.ok()) << c.yaml;
    EXPECT_THAT(std::string(config.status().message()), HasSubstr(c.want));
  }
}

TEST(CliConfig, SaysWhatIsMissing) {
  EXPECT_THAT(std::string(CheckComplete({.server = "b:1"}).message()), HasSubstr("no ca is set"));
}

}  // namespace
}  // namespace rollcall
