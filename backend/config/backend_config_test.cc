#include "backend/config/backend_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(BackendConfig, FileSetsWhatItNames) {
  BackendConfig config;
  const absl::Status status = ApplyConfigFile(
      "# comment\n"
      "listen: 127.0.0.1:9000\n"
      "people_listen: '[::]:9001'\n"
      "max_sessions: 50\n"
      "shutdown_timeout: 1m\n"
      "log_level: debug\n"
      "reuse_port: true\n"
      "poll_above_sessions: 0\n",
      "b.yaml", &config);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(config.listen, "127.0.0.1:9000");
  EXPECT_EQ(config.people_listen, "[::]:9001");
  EXPECT_EQ(config.max_sessions, 50u);
  EXPECT_EQ(config.shutdown_timeout, absl::Minutes(1));
  EXPECT_TRUE(config.reuse_port);
  EXPECT_EQ(config.poll_above_sessions, 0u);
  EXPECT_EQ(config.apply_threads, 2u) << "the rest keeps its default";
}

TEST(BackendConfig, EveryMistakeIsNamedWithFileLineAndField) {
  BackendConfig config;
  const absl::Status status = ApplyConfigFile(
      "listn: x\n"
      "listen: nowhere\n"
      "max_sessions: -1\n"
      "policy: [a, b]\n"
      "log_level: loud\n"
      "log_level: info\n"
      "reuse_port: yes\n",
      "b.yaml", &config);
  const std::string text(status.message());
  EXPECT_THAT(text, HasSubstr("b.yaml:1: 'listn': no such setting"));
  EXPECT_THAT(text, HasSubstr("b.yaml:2: listen: expected HOST:PORT, got 'nowhere'"));
  EXPECT_THAT(text, HasSubstr("b.yaml:3: max_sessions: expected a number"));
  EXPECT_THAT(text, HasSubstr("b.yaml:4: policy: expected one value"));
  EXPECT_THAT(text, HasSubstr("b.yaml:5: log_level: expected debug"));
  EXPECT_THAT(text, HasSubstr("b.yaml:6: log_level: is set twice"));
  EXPECT_THAT(text, HasSubstr("b.yaml:7: reuse_port: expected true or false, got 'yes'"));
}

TEST(BackendConfig, BrokenFilesAreErrorsNotCrashes) {
  for (const char* text : {"a: [", "\t- x", "{", "- a\n- b", "? [x]\n: y", "&a [*a]", "x"}) {
    BackendConfig config;
    EXPECT_FALSE(ApplyConfigFile(text, "b.yaml", &config).ok()) << text;
  }
  BackendConfig config;
  EXPECT_TRUE(ApplyConfigFile("", "b.yaml", &config).ok());
  EXPECT_TRUE(ApplyConfigFile("# nothing\n", "b.yaml", &config).ok());
  EXPECT_FALSE(ApplyConfigFile(std::string(300 << 10, '#'), "b.yaml", &config).ok());
}

TEST(BackendConfig, TheQueueMustFitIntoWhatIsInFlight) {
  BackendConfig config;
  EXPECT_TRUE(CheckBackendConfig(config).ok());
  config.queue_mebibytes = config.max_inflight_mebibytes;
  EXPECT_THAT(std::string(CheckBackendConfig(config).message()), HasSubstr("max_inflight_mebibytes: expected more"));
}

TEST(BackendConfig, NamesHaveNoSpaceAndNoPlus) {
  BackendConfig config;
  for (const char* setting : {"region", "ledger_name"}) {
    EXPECT_TRUE(StoreBackendSetting(setting, "eu-frankfurt", &config).ok()) << setting;
    for (const std::string& bad : {std::string(), std::string("eu frankfurt"), std::string("a+b"),
                                   std::string("\xc3\xbc"), std::string("a\n"), std::string(300, 'a')}) {
      EXPECT_FALSE(StoreBackendSetting(setting, bad, &config).ok()) << setting << ' ' << bad;
    }
  }
  EXPECT_EQ(config.region, "eu-frankfurt");
  EXPECT_EQ(config.ledger_name, "eu-frankfurt");
}

TEST(BackendConfig, TextRoundTrips) {
  const BackendConfig config;
  for (const BackendSetting& setting : BackendSettings()) {
    BackendConfig copy;
    const std::string text = BackendSettingText(setting.name, config);
    EXPECT_TRUE(StoreBackendSetting(setting.name, text, &copy).ok()) << setting.name;
    EXPECT_EQ(BackendSettingText(setting.name, copy), text);
  }
  EXPECT_EQ(BackendFlag("data_dir"), "--data-dir");
  EXPECT_EQ(BackendEnvironment("data_dir"), "ROLLCALL_DATA_DIR");
}

}  // namespace
}  // namespace rollcall
