#include "agent/config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "agent/config/setting_values.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Setting> Settings() { return AllSettings({{"os_packages", absl::Hours(6), absl::Minutes(2)}}); }

const Setting& Find(const std::vector<Setting>& settings, absl::string_view name) {
  for (const Setting& setting : settings) {
    if (setting.name == name) return setting;
  }
  ADD_FAILURE() << "no setting " << name;
  return settings.front();
}

TEST(SettingsTableTest, DefaultsAndLimitsAreValidValues) {
  const std::vector<Setting> settings = Settings();
  std::set<std::string> names;
  for (const Setting& setting : settings) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_EQ(setting.type == SettingType::kChoice, !setting.choices.empty()) << setting.name;
    for (const std::string& text : {setting.default_text, setting.min, setting.max}) {
      if (text.empty()) continue;
      AgentConfig config;
      EXPECT_EQ(StoreSetting(setting, {text}, &config), absl::OkStatus()) << setting.name;
    }
  }
}

TEST(SettingsTableTest, DefaultsReadBackAsWritten) {
  const std::vector<Setting> settings = Settings();
  AgentConfig config = DefaultConfig(settings);
  for (const Setting& setting : settings) EXPECT_EQ(SettingText(setting, config), setting.default_text) << setting.name;
  EXPECT_EQ(config.collectors.at("os_packages").interval, absl::Hours(6));
  EXPECT_TRUE(config.collectors.at("os_packages").enabled);
}

TEST(SettingsTableTest, EverySettingHasItsOwnField) {
  const std::vector<Setting> settings = Settings();
  AgentConfig config;
  std::set<const void*> fields;
  for (const Setting& setting : settings) {
    const void* field = std::visit([](auto* p) -> const void* { return p; }, setting.field(config));
    EXPECT_TRUE(fields.insert(field).second) << setting.name;
  }
}

TEST(SettingsTableTest, NamesOfFlagsAndVariables) {
  EXPECT_EQ(FlagName("collectors.os_packages.interval"), "collectors-os-packages-interval");
  EXPECT_EQ(EnvironmentName("collectors.os_packages.interval"), "ROLLCALL_COLLECTORS_OS_PACKAGES_INTERVAL");
}

TEST(SettingsTableTest, DocumentationIsTheTable) {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/docs/configuration.md");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(text, HasSubstr(SettingsMarkdown())) << "docs/configuration.md is out of date: replace its table by the "
                                                      "output of rollcall-agent --print-settings-markdown";
}

struct ValueCase {
  absl::string_view setting;
  std::vector<std::string> values;
  absl::string_view error;  // empty: accepted
};

TEST(StoreSettingTest, AcceptsAndRefuses) {
  const ValueCase cases[] = {
      {"root", {"/host"}, ""},
      {"root", {"host"}, "expected an absolute path, got 'host'"},
      {"root", {""}, "expected a value, got none"},
      {"root", {"/a\nb"}, "control characters"},
      {"root", {"/a", "/b"}, "expected one value, got a list"},
      {"region", {""}, ""},
      {"region", {"caf\xc3\xa9"}, "ASCII"},
      {"log_level", {"warning"}, ""},
      {"log_level", {"loud"}, "expected one of debug, info, warning, error, got 'loud'"},
      {"collectors.os_packages.enabled", {"true"}, ""},
      {"collectors.os_packages.enabled", {"yes"}, "expected true or false, got 'yes'"},
      {"spool.max_bytes", {"8MiB"}, ""},
      {"spool.max_bytes", {"8388608"}, ""},
      {"spool.max_bytes", {"8388607"}, "expected a value from 8MiB to 16GiB"},
      {"spool.max_bytes", {"17GiB"}, "expected a value from 8MiB to 16GiB"},
      {"spool.max_bytes", {"64MB"}, "expected a size"},
      {"spool.max_bytes", {"-1"}, "expected a size"},
      {"spool.max_bytes", {"18446744073709551615GiB"}, "expected a size"},
      {"watchdog.max_cpu_percent", {"100"}, ""},
      {"watchdog.max_cpu_percent", {"101"}, "expected a value from 1 to 100"},
      {"watchdog.max_cpu_percent", {"+5"}, "expected a whole number"},
      {"collectors.os_packages.interval", {"1h30m"}, ""},
      {"collectors.os_packages.interval", {"900ms"}, "expected a value from 1s to 168h"},
      {"collectors.os_packages.interval", {"inf"}, "expected a duration"},
      {"collectors.os_packages.interval", {"-5m"}, "expected a duration"},
      {"collectors.os_packages.interval", {"5"}, "expected a duration"},
      {"backend.addresses", {"a:1", "[::1]:65535"}, ""},
      {"backend.addresses", {"a:1, b:2"}, ""},
      {"backend.addresses", {"a:1,"}, "expected HOST:PORT, got ''"},
      {"backend.addresses", {"x"}, "expected HOST:PORT, got 'x'"},
      {"backend.addresses", {"x:0"}, "expected HOST:PORT"},
      {"backend.addresses", {"x:65536"}, "expected HOST:PORT"},
      {"backend.addresses", {":1"}, "expected HOST:PORT"},
      {"backend.addresses", {"::1:80"}, "expected HOST:PORT"},
      {"backend.addresses", {"https://x:1"}, "expected HOST:PORT"},
      {"backend.proxy", {"http://proxy.example.com:3128"}, ""},
      {"backend.proxy", {"http://[::1]:3128"}, ""},
      {"backend.proxy", {""}, ""},
      {"backend.proxy", {"proxy:3128"}, "expected http://HOST:PORT, got 'proxy:3128'"},
      {"backend.proxy", {"https://proxy:3128"}, "expected http://HOST:PORT"},
      {"backend.proxy", {"http://proxy"}, "expected http://HOST:PORT"},
      {"backend.proxy", {"http://proxy:3128/"}, "expected http://HOST:PORT"},
      {"backend.proxy", {"http://u:p@proxy:3128"}, "without credentials"},
  };
  const std::vector<Setting> settings = Settings();
  for (const ValueCase& c : cases) {
    AgentConfig config;
    const absl::Status status = StoreSetting(Find(settings, c.setting), c.values, &config);
    if (c.error.empty()) {
      EXPECT_EQ(status, absl::OkStatus()) << c.setting << " " << c.values[0];
    } else {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.setting << " " << c.values[0];
      EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(c.error))) << c.setting;
    }
  }
}

TEST(StoreSettingTest, APasswordInTheWrongPlaceIsNotRepeated) {
  AgentConfig config;
  const std::vector<Setting> settings = Settings();
  const absl::Status status = StoreSetting(Find(settings, "backend.proxy"), {"http://u:swordfish@proxy:3128"}, &config);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("swordfish")));
}

TEST(StoreSettingTest, ARefusedValueChangesNothing) {
  const std::vector<Setting> settings = Settings();
  AgentConfig config = DefaultConfig(settings);
  EXPECT_FALSE(StoreSetting(Find(settings, "spool.max_bytes"), {"1"}, &config).ok());
  EXPECT_EQ(config.spool_max_bytes, uint64_t{64} << 20);
  EXPECT_FALSE(StoreSetting(Find(settings, "backend.addresses"), {"a:1", "b"}, &config).ok());
  EXPECT_TRUE(config.backend_addresses.empty());
}

TEST(SettingValuesTest, TextOfBytesAndDurations) {
  EXPECT_EQ(BytesText(uint64_t{64} << 20), "64MiB");
  EXPECT_EQ(BytesText(1536), "1536");
  EXPECT_EQ(BytesText(0), "0");
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0s");
  EXPECT_EQ(*ParseDurationSetting(DurationText(absl::Minutes(90))), absl::Minutes(90));
}

}  // namespace
}  // namespace rollcall
