#include "cli/cli_config.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

absl::Status At(absl::string_view file, const YAML::Mark& mark, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", mark.line + 1, ": ", message));
}

absl::Status ReadText(absl::string_view file, const std::string& key, const YAML::Node& value, std::string* out) {
  if (!value.IsScalar()) return At(file, value.Mark(), absl::StrCat(key, ": expected a text"));
  *out = value.Scalar();
  return absl::OkStatus();
}

absl::Status ReadTls(absl::string_view file, const YAML::Node& tls, CliConfig* config) {
  if (!tls.IsMap()) return At(file, tls.Mark(), "tls: expected ca, cert and key below it");
  for (const auto& entry : tls) {
    const std::string key = entry.first.Scalar();
    std::string* target = key == "ca"     ? &config->ca
                          : key == "cert" ? &config->cert
                          : key == "key"  ? &config->key
                                          : nullptr;
    if (target == nullptr) {
      return At(file, entry.first.Mark(), absl::StrCat("tls.", key, ": unknown setting; there are ca, cert, key"));
    }
    if (absl::Status status = ReadText(file, "tls." + key, entry.second, target); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<CliConfig> FromNode(const YAML::Node& root, absl::string_view file) {
  CliConfig config;
  if (root.IsNull()) return config;
  if (!root.IsMap()) return At(file, root.Mark(), "expected settings, one `name: value` per line");
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    absl::Status status;
    if (key == "server") {
      status = ReadText(file, key, entry.second, &config.server);
    } else if (key == "server_name") {
      status = ReadText(file, key, entry.second, &config.server_name);
    } else if (key == "tls") {
      status = ReadTls(file, entry.second, &config);
    } else {
      status = At(file, entry.first.Mark(), absl::StrCat(key, ": unknown setting; there are server, server_name, tls"));
    }
    if (!status.ok()) return status;
  }
  return config;
}

}  // namespace

absl::StatusOr<CliConfig> ParseCliConfig(absl::string_view yaml, absl::string_view file) {
  try {
    return FromNode(YAML::Load(std::string(yaml)), file);
  } catch (const YAML::Exception& error) {
    return At(file, error.mark, error.msg);
  }
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
