#include "cli/cli_config.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
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

constexpr absl::string_view kPemBegin = "-----BEGIN CERTIFICATE-----\n";
constexpr absl::string_view kPemEnd = "-----END CERTIFICATE-----\n";

bool IsBelow(char c, absl::string_view more) {
  return absl::ascii_isalnum(c) || more.find(c) != absl::string_view::npos;
}

// Of such text every line can be written as it is, indented.
bool IsPemText(absl::string_view text) {
  return absl::StartsWith(text, kPemBegin) && absl::EndsWith(text, kPemEnd) && !absl::StrContains(text, "\n ") &&
         !absl::StrContains(text, "\n\n") &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsBelow(c, "+/=- \n"); });
}

bool IsToken(absl::string_view text) {
  return text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) { return IsBelow(c, "._-"); });
}

absl::Status ReadTls(absl::string_view file, absl::string_view prefix, const YAML::Node& tls, CliConfig* config) {
  if (!tls.IsMap()) return At(file, tls, absl::StrCat(prefix, "tls: expected ca, cert and key below it"));
  const Targets targets = {
      {"ca", &config->ca}, {"ca_data", &config->ca_data}, {"cert", &config->cert}, {"key", &config->key}};
  const std::string below = absl::StrCat(prefix, "tls.");
  const absl::Status status =
      ReadMap(file, below, tls, targets, "ca, ca_data, cert, key",
              [](const std::string&, const YAML::Node&) -> absl::StatusOr<bool> { return false; });
  if (!status.ok()) return status;
  if (!config->ca_data.empty() && !IsPemText(config->ca_data)) {
    return At(file, tls["ca_data"], absl::StrCat(below, "ca_data: expected certificates in PEM"));
  }
  if (!config->ca_data.empty() && !config->ca.empty()) {
    return At(file, tls["ca_data"], absl::StrCat(below, "ca_data: give it or ca, not both"));
  }
  return absl::OkStatus();
}

// Settings below `prefix`; entries that are none go to `other`.
template <typename Other>
absl::Status ReadSettings(absl::string_view file, absl::string_view prefix, const YAML::Node& map, Other other,
                          absl::string_view more, CliConfig* config) {
  const Targets targets = {{"server", &config->server},
                           {"server_name", &config->server_name},
                           {"tenant", &config->tenant},
                           {"token", &config->token}};
  absl::Status status =
      ReadMap(file, prefix, map, targets, absl::StrCat("server, server_name, tenant, token, tls", more),
              [&](const std::string& key, const YAML::Node& value) -> absl::StatusOr<bool> {
                if (key != "tls") return other(key, value);
                if (absl::Status read = ReadTls(file, prefix, value, config); !read.ok()) return read;
                return true;
              });
  if (!status.ok()) return status;
  if (!IsToken(config->token)) {
    return At(file, map["token"],
              absl::StrCat(prefix, "token: expected one as the backend makes them, rct1.ID.SECRET"));
  }
  if (!config->token.empty() && !(config->cert.empty() && config->key.empty())) {
    return At(file, map["token"], absl::StrCat(prefix, "token: give it or a certificate, not both"));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> NothingElse(const std::string&, const YAML::Node&) { return false; }

absl::Status ReadContexts(absl::string_view file, const YAML::Node& contexts, CliConfigFile* config) {
  if (!contexts.IsMap()) return At(file, contexts, "contexts: expected names, each with its settings below it");
  for (const auto& entry : contexts) {
    if (!entry.first.IsScalar()) return At(file, entry.first, "contexts: expected the name of a context");
    const std::string name = entry.first.Scalar();
    if (absl::Status status = CheckContextName(name); !status.ok()) {
      return At(file, entry.first, absl::StrCat("contexts: ", status.message()));
    }
    const std::string prefix = absl::StrCat("contexts.", name, ".");
    const auto [it, is_new] = config->contexts.try_emplace(name);
    if (!is_new) return At(file, entry.first, absl::StrCat("contexts.", name, ": given twice"));
    if (!entry.second.IsMap()) {
      return At(file, entry.second, absl::StrCat("contexts.", name, ": expected settings below it"));
    }
    const absl::Status status = ReadSettings(file, prefix, entry.second, &NothingElse, "", &it->second);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadCurrent(absl::string_view file, const YAML::Node& current, CliConfigFile* config) {
  if (!current.IsScalar()) return At(file, current, "current_context: expected a text");
  config->current_context = current.Scalar();
  return absl::OkStatus();
}

absl::StatusOr<CliConfigFile> FileFromNode(const YAML::Node& root, absl::string_view file) {
  CliConfigFile config;
  if (root.IsNull()) return config;
  if (!root.IsMap()) return At(file, root, "expected settings, one `name: value` per line");
  const auto other = [&](const std::string& key, const YAML::Node& value) -> absl::StatusOr<bool> {
    if (key != "contexts" && key != "current_context") return false;
    const absl::Status status =
        key == "contexts" ? ReadContexts(file, value, &config) : ReadCurrent(file, value, &config);
    if (!status.ok()) return status;
    return true;
  };
  const absl::Status status = ReadSettings(file, "", root, other, ", current_context, contexts", &config.flat);
  if (!status.ok()) return status;
  if (!config.current_context.empty() && config.contexts.count(config.current_context) == 0) {
    return At(file, root["current_context"],
              absl::StrCat("current_context: ", QuotedSetting(config.current_context), " is none of the contexts"));
  }
  return config;
}

// In double quotes, so that it is a text whatever it looks like.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') quoted += '\\';
    if (byte >= 0x20 && byte != 0x7f) {
      quoted += c;
    } else {
      absl::StrAppend(&quoted, "\\x", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return quoted + "\"";
}

void AppendSettings(const CliConfig& config, const std::string& indent, std::string* yaml) {
  const auto text = [&](const std::string& before, absl::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(yaml, indent, before, name, ": ", Quoted(value), "\n");
  };
  text("", "server", config.server);
  text("", "server_name", config.server_name);
  text("", "tenant", config.tenant);
  text("", "token", config.token);
  if (config.ca.empty() && config.ca_data.empty() && config.cert.empty() && config.key.empty()) return;
  absl::StrAppend(yaml, indent, "tls:\n");
  text("  ", "ca", config.ca);
  text("  ", "cert", config.cert);
  text("  ", "key", config.key);
  if (config.ca_data.empty()) return;
  absl::StrAppend(yaml, indent, "  ca_data: |\n");
  for (const absl::string_view line : absl::StrSplit(config.ca_data, '\n', absl::SkipEmpty())) {
    absl::StrAppend(yaml, indent, "    ", line, "\n");
  }
}

}  // namespace

absl::StatusOr<CliConfig> ParseCliConfig(absl::string_view yaml, absl::string_view file) {
  const absl::StatusOr<YAML::Node> root = ParseYamlDocument(yaml, file);
  if (!root.ok()) return root.status();
  CliConfig config;
  if (root->IsNull()) return config;
  if (!root->IsMap()) return At(file, *root, "expected settings, one `name: value` per line");
  const absl::Status status = ReadSettings(file, "", *root, &NothingElse, "", &config);
  if (!status.ok()) return status;
  return config;
}

absl::StatusOr<CliConfigFile> ParseCliConfigFile(absl::string_view yaml, absl::string_view file) {
  const absl::StatusOr<YAML::Node> root = ParseYamlDocument(yaml, file);
  if (!root.ok()) return root.status();
  return FileFromNode(*root, file);
}

std::string FormatCliConfigFile(const CliConfigFile& file) {
  std::string yaml =
      "# Settings of rollcall(1), kept by `rollcall login` and `rollcall context`; comments are not kept.\n";
  AppendSettings(file.flat, "", &yaml);
  if (!file.current_context.empty()) absl::StrAppend(&yaml, "current_context: ", Quoted(file.current_context), "\n");
  if (!file.contexts.empty()) absl::StrAppend(&yaml, "contexts:\n");
  for (const auto& [name, config] : file.contexts) {
    std::string settings;
    AppendSettings(config, "    ", &settings);
    absl::StrAppend(&yaml, "  ", Quoted(name), settings.empty() ? ": {}\n" : ":\n", settings);
  }
  return yaml;
}

absl::Status CheckContextName(absl::string_view name) {
  const bool valid = !name.empty() && name.size() <= 128 && absl::ascii_isalnum(name.front()) &&
                     std::all_of(name.begin(), name.end(), [](char c) { return IsBelow(c, "._@:-"); });
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("name context ", QuotedSetting(name),
                   ": it must be 1 to 128 letters, digits and ._@:-, a letter or digit first"));
}

void OverlaySettings(const CliConfig& given, CliConfig* config) {
  const auto overlay = [](const std::string& value, std::string* target) {
    if (!value.empty()) *target = value;
  };
  if (!given.cert.empty() || !given.key.empty()) config->token.clear();
  if (!given.ca.empty()) config->ca_data.clear();
  overlay(given.server, &config->server);
  overlay(given.server_name, &config->server_name);
  overlay(given.ca, &config->ca);
  overlay(given.cert, &config->cert);
  overlay(given.key, &config->key);
  overlay(given.tenant, &config->tenant);
}

absl::StatusOr<CliConfig> ChooseSettings(const CliConfigFile& file, const std::string& context,
                                         const CliConfig& given) {
  const std::string& name = context.empty() ? file.current_context : context;
  CliConfig config = file.flat;
  if (!name.empty()) {
    const auto it = file.contexts.find(name);
    if (it == file.contexts.end()) {
      return absl::NotFoundError(
          absl::StrCat("use context ", QuotedSetting(name), ": there is none; see `rollcall context list`"));
    }
    config = it->second;
  }
  OverlaySettings(given, &config);
  return config;
}

absl::Status CheckComplete(const CliConfig& config) {
  const bool has_token = !config.token.empty();
  const struct {
    bool missing;
    absl::string_view name;
  } kNeeded[] = {{config.server.empty(), "server"},
                 {config.ca.empty() && config.ca_data.empty(), "ca"},
                 {config.cert.empty() && !has_token, "cert"},
                 {config.key.empty() && !has_token, "key"}};
  for (const auto& needed : kNeeded) {
    if (needed.missing) {
      return absl::InvalidArgumentError(absl::StrCat("no ", needed.name, " is set: see `rollcall login`, or give --",
                                                     needed.name,
                                                     ", or a configuration file with --config or ROLLCALL_CONFIG"));
    }
  }
  return absl::OkStatus();
}

}  // namespace rollcall
