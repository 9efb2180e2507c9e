#include "agent/config/load_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings = AllSettings({{"ports", absl::Minutes(5), absl::Minutes(1)}});
  return settings;
}

class LoadConfigTest : public ::testing::Test {
 protected:
  LoadConfigTest() {
    sources_.file_name = "agent.yaml";
    sources_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto it = environment_.find(name);
      return it == environment_.end() ? std::nullopt : std::optional<std::string>(it->second);
    };
  }

  std::string Error() {
    const auto loaded = LoadConfig(Settings(), sources_);
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(loaded.status().message());
  }

  ConfigSources sources_;
  std::map<std::string, std::string> environment_;
};

TEST_F(LoadConfigTest, NothingGivenIsTheDefaults) {
  const auto loaded = LoadConfig(Settings(), sources_);
  ASSERT_EQ(loaded.status(), absl::OkStatus());
  EXPECT_EQ(loaded->config.root, "/");
  EXPECT_EQ(loaded->config.collectors.at("ports").interval, absl::Minutes(5));
  EXPECT_TRUE(loaded->origins.empty());
}

TEST_F(LoadConfigTest, FlagBeatsEnvironmentBeatsFile) {
  sources_.file = "root: /file\nregion: file\nhosting_service: file\n";
  environment_ = {{"ROLLCALL_ROOT", "/environment"}, {"ROLLCALL_REGION", "environment"}};
  sources_.flags = {{"root", {"/flag"}}};
  const auto loaded = LoadConfig(Settings(), sources_);
  ASSERT_EQ(loaded.status(), absl::OkStatus());
  EXPECT_EQ(loaded->config.root, "/flag");
  EXPECT_EQ(loaded->config.region, "environment");
  EXPECT_EQ(loaded->config.hosting_service, "file");
  EXPECT_EQ(loaded->origins.at("root"), "--root");
  EXPECT_EQ(loaded->origins.at("region"), "ROLLCALL_REGION");
  EXPECT_EQ(loaded->origins.at("hosting_service"), "agent.yaml:3");
}

TEST_F(LoadConfigTest, EverySettingIsAFlagAndAVariable) {
  for (const Setting& setting : Settings()) {
    const std::string value = setting.type == SettingType::kAddresses ? "h:1"
                              : !setting.max.empty()                  ? setting.max
                              : !setting.choices.empty()              ? setting.choices.back()
                              : setting.type == SettingType::kBool    ? "true"
                              : setting.type == SettingType::kPath    ? "/p"
                              : setting.type == SettingType::kProxy   ? "http://p:1"
                                                                      : "t";
    // Large values of one need large values of the other, and credentials a proxy.
    sources_.flags = {
        {"collectors.ports.interval", {"168h"}}, {"watchdog.max_memory", {"4GiB"}}, {"backend.proxy", {"http://p:1"}}};
    environment_ = {{EnvironmentName(setting.name), value}};
    sources_.flags.erase(setting.name);
    auto loaded = LoadConfig(Settings(), sources_);
    ASSERT_EQ(loaded.status(), absl::OkStatus()) << setting.name;
    EXPECT_EQ(loaded->origins.at(setting.name), EnvironmentName(setting.name));
    environment_.clear();
    sources_.flags[setting.name] = {value};
    loaded = LoadConfig(Settings(), sources_);
    ASSERT_EQ(loaded.status(), absl::OkStatus()) << setting.name;
    EXPECT_EQ(loaded->origins.at(setting.name), "--" + FlagName(setting.name));
  }
}

TEST_F(LoadConfigTest, ListsFromEverySource) {
  sources_.file = "backend: {addresses: [a:1]}\n";
  EXPECT_THAT(LoadConfig(Settings(), sources_)->config.backend_addresses, ElementsAre("a:1"));
  environment_ = {{"ROLLCALL_BACKEND_ADDRESSES", "b:2,c:3"}};
  EXPECT_THAT(LoadConfig(Settings(), sources_)->config.backend_addresses, ElementsAre("b:2", "c:3"));
  sources_.flags = {{"backend.addresses", {"d:4", "e:5"}}};
  EXPECT_THAT(LoadConfig(Settings(), sources_)->config.backend_addresses, ElementsAre("d:4", "e:5"));
}

TEST_F(LoadConfigTest, MistakesSayWhereTheyAre) {
  sources_.file = "root: /\nbackend:\n  addresses: x\n";
  EXPECT_EQ(Error(), "agent.yaml:3: backend.addresses: expected HOST:PORT, got 'x'");
  sources_.file.reset();
  environment_ = {{"ROLLCALL_LOG_LEVEL", "loud"}};
  EXPECT_THAT(Error(), HasSubstr("ROLLCALL_LOG_LEVEL: expected one of"));
  environment_.clear();
  sources_.flags = {{"spool.max_bytes", {"1"}}};
  EXPECT_THAT(Error(), HasSubstr("--spool-max-bytes: expected a value from"));
}

TEST_F(LoadConfigTest, ATimeoutLongerThanTheIntervalIsRefused) {
  sources_.file = "collectors:\n  ports:\n    interval: 30s\n    timeout: 40s\n";
  EXPECT_EQ(Error(), "agent.yaml:4: collectors.ports.timeout: longer than the interval, 30s");
}

TEST_F(LoadConfigTest, ADefaultTimeoutGivesWayToTheInterval) {
  sources_.file = "collectors: {ports: {interval: 30s}}\n";
  const auto loaded = LoadConfig(Settings(), sources_);
  ASSERT_EQ(loaded.status(), absl::OkStatus());
  EXPECT_EQ(loaded->config.collectors.at("ports").timeout, absl::Seconds(30));
}

TEST_F(LoadConfigTest, TheSoftLimitIsTheLowerOne) {
  sources_.file = "watchdog:\n  soft_memory: 64MiB\n  max_memory: 48MiB\n";
  EXPECT_EQ(Error(), "agent.yaml:2: watchdog.soft_memory: larger than watchdog.max_memory, 48MiB");
}

TEST_F(LoadConfigTest, CredentialsWithoutAProxyAreAMistake) {
  sources_.file = "backend:\n  proxy_credentials: /c\n";
  EXPECT_EQ(Error(), "agent.yaml:2: backend.proxy_credentials: set without backend.proxy");
  sources_.file = "backend:\n  proxy: http://p:3128\n  proxy_credentials: /c\n";
  const auto loaded = LoadConfig(Settings(), sources_);
  ASSERT_EQ(loaded.status(), absl::OkStatus());
  EXPECT_EQ(loaded->config.backend_proxy, "http://p:3128");
  EXPECT_EQ(loaded->config.backend_proxy_credentials, "/c");
  EXPECT_THAT(ConfigYaml(Settings(), *loaded), HasSubstr("  proxy: \"http://p:3128\"  # agent.yaml:2\n"));
}

TEST_F(LoadConfigTest, TheDaemonNeedsABackendAndCertificates) {
  const auto bare = LoadConfig(Settings(), sources_);
  EXPECT_THAT(std::string(CheckDaemonConfig(bare->config).message()),
              HasSubstr("backend.addresses, tls.ca, tls.cert, tls.key"));
  sources_.file = "backend: {addresses: a:1}\ntls: {ca: /a, cert: /b, key: /c}\n";
  EXPECT_EQ(CheckDaemonConfig(LoadConfig(Settings(), sources_)->config), absl::OkStatus());
}

TEST_F(LoadConfigTest, TheEffectiveConfigurationIsAConfigurationFile) {
  sources_.file =
      "region: 'quote \" and \\'\nbackend: {addresses: [a:1, b:2]}\ncollectors: {ports: {enabled: false}}\n";
  const auto loaded = LoadConfig(Settings(), sources_);
  ASSERT_EQ(loaded.status(), absl::OkStatus());
  const std::string yaml = ConfigYaml(Settings(), *loaded);
  EXPECT_THAT(yaml, HasSubstr("  addresses: [\"a:1\", \"b:2\"]  # agent.yaml:2\n"));
  EXPECT_THAT(yaml,
              HasSubstr("collectors:\n  ports:\n    enabled: false  # agent.yaml:3\n    interval: 5m  # default\n"));
  ConfigSources again = sources_;
  again.file = yaml;
  auto reloaded = LoadConfig(Settings(), again);
  ASSERT_EQ(reloaded.status(), absl::OkStatus());
  for (const Setting& setting : Settings()) {
    AgentConfig before = loaded->config;
    EXPECT_EQ(SettingText(setting, reloaded->config), SettingText(setting, before)) << setting.name;
  }
}

}  // namespace
}  // namespace rollcall
