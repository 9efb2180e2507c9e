#include "backend/setting_flags.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/pki/credential_files.h"

namespace rollcall {

void AddSettingFlags(CLI::App* command, const std::vector<absl::string_view>& names, SettingFlags* flags) {
  command->add_option("--config", flags->config_file, "YAML file with settings")->envname("ROLLCALL_CONFIG");
  const BackendConfig defaults;
  for (const BackendSetting& setting : BackendSettings()) {
    if (!names.empty() && std::find(names.begin(), names.end(), setting.name) == names.end()) continue;
    auto& [value, option] = flags->values[std::string(setting.name)];
    option = command->add_option(BackendFlag(setting.name), value, std::string(setting.help));
    option->envname(BackendEnvironment(setting.name))->take_last();
    option->default_str(BackendSettingText(setting.name, defaults));
  }
}

absl::StatusOr<BackendConfig> LoadBackendConfig(const SettingFlags& flags) {
  BackendConfig config;
  if (!flags.config_file.empty()) {
    absl::StatusOr<std::string> bytes = ReadSmallFile(flags.config_file);
    if (!bytes.ok()) return bytes.status();
    if (absl::Status status = ApplyConfigFile(*bytes, flags.config_file, &config); !status.ok()) return status;
  }
  for (const BackendSetting& setting : BackendSettings()) {
    const auto flag = flags.values.find(std::string(setting.name));
    if (flag == flags.values.end() || flag->second.second->count() == 0) continue;
    const absl::Status status = StoreBackendSetting(setting.name, flag->second.first, &config);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(BackendFlag(setting.name), ": ", status.message()));
    }
  }
  if (absl::Status status = CheckBackendConfig(config); !status.ok()) return status;
  if (config.policy.empty()) config.policy = ROLLCALL_DEFAULT_POLICY;
  return config;
}

}  // namespace rollcall
