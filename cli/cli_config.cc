#include "cli/cli_config.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/yaml_document.h"

namespace rollcall {
namespace {

using Targets = std::vector<std::pair<std::string, std::string*>>;

absl::Status At(absl::string_view file, const YAML::Node& node, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", YamlLine(node), ": ", message));
}

// Reads the texts of a map into `targets`; entries that are none of those go to `other`, which says
// whether it knew the key.
template <typename Other>
absl::Status ReadMap(absl::string_view file, absl::string_view prefix, const YAML::Node& map, const Targets& targets,
                     absl::string_view known, Other other) {
  std::set<std::string> seen;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar()) return At(file, entry.first, "expected the name of a setting");
    const std::string key = entry.first.Scalar();
    const std::string name = absl::StrCat(prefix, key);
    if (!seen.insert(key).second) return At(file, entry.first, absl::StrCat(QuotedSetting(name), ": given twice"));
    bool is_text = false;
    for (const auto& [target_key, target] : targets) {
      if (target_key != key) continue;
      if (!entry.second.IsScalar()) return At(file, entry.second, absl::StrCat(name, ": expected a text"));
      *target = entry.second.Scalar();
      is_text = true;
    }
    if (is_text) continue;
    const absl::StatusOr<bool> taken = other(key, entry.second);
    if (!taken.ok()) return taken.status();
    if (!*taken) {
      return At(file, entry.first, absl::StrCat(QuotedSetting(name), ": unknown setting; there are ", known));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadTls(absl::string_view file, const YAML::Node& tls, CliConfig* config) {
  if (!tls.IsMap()) return At(file, tls, "tls: expected ca, cert and key below it");
  const Targets targets = {{"ca", &config->ca}, {"cert", &config->cert}, {"key", &config->key}};
  return ReadMap(file, "tls.", tls, targets, "ca, cert, key",
                 [](const std::string&, const YAML::Node&) -> absl::StatusOr<bool> { return false; });
}

absl::StatusOr<CliConfig> FromNode(const YAML::Node& root, absl::string_view file) {
  CliConfig config;
  if (root.IsNull()) return config;
  if (!root.IsMap()) return At(file, root, "expected settings, one `name: value` per line");
  const Targets targets = {{"server", &config.server}, {"server_name", &config.server_name}};
  const absl::Status status = ReadMap(file, "", root, targets, "server, server_name, tls",
                                      [&](const std::string& key, const YAML::Node& value) -> absl::StatusOr<bool> {
                                        if (key != "tls") return false;
                                        if (absl::Status status = ReadTls(file, value, &config); !status.ok())
                                          return status;
                                        return true;
                                      });
  if (!status.ok()) return status;
  return config;
}

}  // namespace

absl::StatusOr<CliConfig> ParseCliConfig(absl::string_view yaml, absl::string_view file) {
  const absl::StatusOr<YAML::Node> root = ParseYamlDocument(yaml, file);
  if (!root.ok()) return root.status();
  return FromNode(*root, file);
}

absl::Status CheckComplete(const CliConfig& config) {
  const struct {
    const std::string& value;
    absl::string_view name;
  } kNeeded[] = {{config.server, "server"}, {config.ca, "ca"}, {config.cert, "cert"}, {config.key, "key"}};
  for (const auto& needed : kNeeded) {
    if (needed.value.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("no ", needed.name, " is set: give --", needed.name,
                                                     ", or a configuration file with --config or ROLLCALL_CONFIG"));
    }
  }
  return absl::OkStatus();
}

}  // namespace rollcall
