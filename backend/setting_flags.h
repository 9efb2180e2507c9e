// The backend's settings on a command line.
#ifndef ROLLCALL_BACKEND_SETTING_FLAGS_H_
#define ROLLCALL_BACKEND_SETTING_FLAGS_H_

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/config/backend_config.h"

namespace rollcall {

// As given on the command line or in the environment. Stays where it is once flags were added.
struct SettingFlags {
  std::string config_file;
  std::map<std::string, std::pair<std::string, CLI::Option*>> values;
};

// Adds --config and a flag, with its variable in the environment, for each of the settings named, or for all.
void AddSettingFlags(CLI::App* command, const std::vector<absl::string_view>& names, SettingFlags* flags);

// Once the command line was parsed: defaults, then the file, then environment and flags. InvalidArgument names flag, or
// file, line and setting; else errors of reading the file.
absl::StatusOr<BackendConfig> LoadBackendConfig(const SettingFlags& flags);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_SETTING_FLAGS_H_
