// The one table of settings: files, flags, environment variables and the documentation all
// come from it.
#ifndef ROLLCALL_AGENT_CONFIG_SETTINGS_H_
#define ROLLCALL_AGENT_CONFIG_SETTINGS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/config/agent_config.h"

namespace rollcall {

enum class SettingType {
  kText,
  // Absolute path.
  kPath,
  // HOST:PORT, any number of them.
  kAddresses,
  // http://HOST:PORT.
  kProxy,
  kNumber,
  // 1048576, 512KiB, 64MiB, 1GiB.
  kBytes,
  // 90s, 5m, 12h30m.
  kDuration,
  // true or false.
  kBool,
  // One of `choices`.
  kChoice,
};

// Where a setting lives in an AgentConfig.
using SettingField = std::variant<std::string*, std::vector<std::string>*, uint64_t*, absl::Duration*, bool*>;

struct Setting {
  // Dotted path in the file: `tls.ca`.
  std::string name;
  SettingType type = SettingType::kText;
  // As it would be written in a file; empty for "not set".
  std::string default_text;
  // One sentence or two.
  std::string help;
  // Inclusive limits, written as values; empty for none.
  std::string min;
  std::string max;
  std::vector<std::string> choices;
  std::function<SettingField(AgentConfig&)> field;
};

// A collector's name and what its descriptor says.
struct CollectorDefaults {
  std::string name;
  absl::Duration interval;
  absl::Duration timeout;
};

// Every setting, in documentation order: the fixed ones, then three for each collector.
std::vector<Setting> AllSettings(const std::vector<CollectorDefaults>& collectors);

// All fields at their defaults.
AgentConfig DefaultConfig(const std::vector<Setting>& settings);

// Stores `values` (exactly one, but for address lists) in the setting's field. InvalidArgument
// names what was expected and what came ("expected HOST:PORT, got 'x'"), not the setting.
absl::Status StoreSetting(const Setting& setting, const std::vector<std::string>& values, AgentConfig* config);

// The field's value as it would be written in a file.
std::string SettingText(const Setting& setting, AgentConfig& config);

// `tls.ca` as `tls-ca` and `ROLLCALL_TLS_CA`.
std::string FlagName(absl::string_view setting_name);
std::string EnvironmentName(absl::string_view setting_name);

// What a person may write for the type: `HOST:PORT`, `PATH`.
std::string ValueName(const Setting& setting);

// The table of docs/configuration.md.
std::string SettingsMarkdown();

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_CONFIG_SETTINGS_H_
