#include "agent/config/load_config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/config/config_file.h"
#include "agent/config/setting_values.h"

namespace rollcall {
namespace {

absl::Status MistakesStatus(const std::vector<std::string>& mistakes) {
  if (mistakes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
}

absl::Status ApplyFile(const std::vector<Setting>& settings, const ConfigSources& sources, LoadedConfig* loaded) {
  const absl::StatusOr<std::vector<FileSetting>> found = ParseConfigFile(*sources.file, sources.file_name, settings);
  if (!found.ok()) return found.status();
  std::vector<std::string> mistakes;
  for (const FileSetting& item : *found) {
    const std::string origin = absl::StrCat(sources.file_name, ":", item.line);
    const absl::Status status = StoreSetting(*item.setting, item.values, &loaded->config);
    if (!status.ok()) mistakes.push_back(absl::StrCat(origin, ": ", item.setting->name, ": ", status.message()));
    loaded->origins[item.setting->name] = origin;
  }
  return MistakesStatus(mistakes);
}

absl::Status ApplyEnvironment(const std::vector<Setting>& settings, const ConfigSources& sources,
                              LoadedConfig* loaded) {
  std::vector<std::string> mistakes;
  for (const Setting& setting : settings) {
    const std::string name = EnvironmentName(setting.name);
    const std::optional<std::string> value = sources.environment(name);
    if (!value.has_value()) continue;
    const absl::Status status = StoreSetting(setting, {*value}, &loaded->config);
    if (!status.ok()) mistakes.push_back(absl::StrCat(name, ": ", status.message()));
    loaded->origins[setting.name] = name;
  }
  return MistakesStatus(mistakes);
}

absl::Status ApplyFlags(const std::vector<Setting>& settings, const ConfigSources& sources, LoadedConfig* loaded) {
  std::vector<std::string> mistakes;
  for (const Setting& setting : settings) {
    const auto given = sources.flags.find(setting.name);
    if (given == sources.flags.end()) continue;
    const std::string name = absl::StrCat("--", FlagName(setting.name));
    const absl::Status status = StoreSetting(setting, given->second, &loaded->config);
    if (!status.ok()) mistakes.push_back(absl::StrCat(name, ": ", status.message()));
    loaded->origins[setting.name] = name;
  }
  return MistakesStatus(mistakes);
}

// `FILE:LINE: NAME` or `--flag`: where to look for a value that contradicts another.
std::string Place(const LoadedConfig& loaded, const std::string& name) {
  const auto origin = loaded.origins.find(name);
  return origin == loaded.origins.end() ? name : absl::StrCat(origin->second, ": ", name);
}

absl::Status CheckTogether(LoadedConfig* loaded) {
  std::vector<std::string> mistakes;
  for (auto& [name, collector] : loaded->config.collectors) {
    if (collector.timeout <= collector.interval) continue;
    const std::string setting = absl::StrCat("collectors.", name, ".timeout");
    if (loaded->origins.find(setting) == loaded->origins.end()) {
      collector.timeout = collector.interval;
      continue;
    }
    mistakes.push_back(
        absl::StrCat(Place(*loaded, setting), ": longer than the interval, ", DurationText(collector.interval)));
  }
  if (loaded->config.backend_proxy.empty() && !loaded->config.backend_proxy_credentials.empty()) {
    mistakes.push_back(absl::StrCat(Place(*loaded, "backend.proxy_credentials"), ": set without backend.proxy"));
  }
  if (loaded->config.watchdog_soft_memory > loaded->config.watchdog_max_memory) {
    mistakes.push_back(absl::StrCat(Place(*loaded, "watchdog.soft_memory"), ": larger than watchdog.max_memory, ",
                                    BytesText(loaded->config.watchdog_max_memory)));
  }
  return MistakesStatus(mistakes);
}

// A double-quoted YAML scalar. Values have no control characters.
std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string YamlValue(const Setting& setting, const std::string& text) {
  if (setting.type == SettingType::kAddresses) {
    std::vector<std::string> quoted;
    for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) quoted.push_back(Quoted(part));
    return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
  }
  const bool plain =
      setting.type != SettingType::kText && setting.type != SettingType::kPath && setting.type != SettingType::kProxy;
  return plain ? text : Quoted(text);
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(const std::vector<Setting>& settings, const ConfigSources& sources) {
  LoadedConfig loaded;
  loaded.config = DefaultConfig(settings);
  if (sources.file.has_value()) {
    if (absl::Status status = ApplyFile(settings, sources, &loaded); !status.ok()) return status;
  }
  if (absl::Status status = ApplyEnvironment(settings, sources, &loaded); !status.ok()) return status;
  if (absl::Status status = ApplyFlags(settings, sources, &loaded); !status.ok()) return status;
  if (absl::Status status = CheckTogether(&loaded); !status.ok()) return status;
  return loaded;
}

absl::Status CheckDaemonConfig(const AgentConfig& config) {
  std::vector<std::string> missing;
  if (config.backend_addresses.empty()) missing.push_back("backend.addresses");
  if (config.tls_ca.empty()) missing.push_back("tls.ca");
  if (config.tls_cert.empty()) missing.push_back("tls.cert");
  if (config.tls_key.empty()) missing.push_back("tls.key");
  if (missing.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("not set and needed to run: ", absl::StrJoin(missing, ", "),
                                                 " (in the configuration file, as flags or in the environment)"));
}

std::string ConfigYaml(const std::vector<Setting>& settings, const LoadedConfig& loaded) {
  AgentConfig config = loaded.config;
  std::string out;
  std::vector<std::string> open;  // the sections the last line was in
  for (const Setting& setting : settings) {
    std::vector<std::string> path = absl::StrSplit(setting.name, '.');
    const std::string leaf = std::move(path.back());
    path.pop_back();
    for (size_t depth = 0; depth < path.size(); ++depth) {
      if (depth < open.size() && open[depth] == path[depth]) continue;
      open.resize(depth);
      absl::StrAppend(&out, std::string(2 * depth, ' '), path[depth], ":\n");
      open.push_back(path[depth]);
    }
    open.resize(path.size());
    const auto origin = loaded.origins.find(setting.name);
    absl::StrAppend(&out, std::string(2 * path.size(), ' '), leaf, ": ",
                    YamlValue(setting, SettingText(setting, config)), "  # ",
                    origin == loaded.origins.end() ? "default" : origin->second, "\n");
  }
  return out;
}

}  // namespace rollcall
