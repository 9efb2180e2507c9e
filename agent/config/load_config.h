// The agent's configuration from file, environment and flags.
#ifndef ROLLCALL_AGENT_CONFIG_LOAD_CONFIG_H_
#define ROLLCALL_AGENT_CONFIG_LOAD_CONFIG_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/config/agent_config.h"
#include "agent/config/settings.h"

namespace rollcall {

// Where values come from; a flag wins over the environment, which wins over the file.
struct ConfigSources {
  // Name for messages, and the bytes; nullopt if there is no file.
  std::string file_name;
  std::optional<std::string> file;
  // Value of an environment variable; nullopt if it is not set.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  // By setting name; only flags that were given.
  std::map<std::string, std::vector<std::string>> flags;
};

struct LoadedConfig {
  AgentConfig config;
  // By setting name: `file:LINE`, `ROLLCALL_...` or `--flag`; absent for defaults.
  std::map<std::string, std::string> origins;
};

// InvalidArgument lists every mistake of the first source that has any, one a line.
absl::StatusOr<LoadedConfig> LoadConfig(const std::vector<Setting>& settings, const ConfigSources& sources);

// What only the daemon needs: backend addresses and the three TLS files.
absl::Status CheckDaemonConfig(const AgentConfig& config);

// The effective configuration as a YAML file, with the origin of each value as a comment.
std::string ConfigYaml(const std::vector<Setting>& settings, const LoadedConfig& loaded);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_CONFIG_LOAD_CONFIG_H_
