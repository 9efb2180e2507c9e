// How the CLI finds and authenticates to backends: settings, and contexts, which are settings with a name.
#ifndef ROLLCALL_CLI_CLI_CONFIG_H_
#define ROLLCALL_CLI_CLI_CONFIG_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

struct CliConfig {
  std::string server;       // HOST:PORT
  std::string server_name;  // expected in the server's certificate; the host of `server` if empty
  std::string ca;           // PEM file
  std::string cert;         // PEM files
  std::string key;
  std::string ca_data = {};  // PEM itself, in place of `ca`
  std::string token = {};    // in place of `cert` and `key`; a secret
  std::string tenant = {};   // where the caller has several; the command line's goes before it
  friend bool operator==(const CliConfig&, const CliConfig&) = default;
};

// A configuration file.
struct CliConfigFile {
  // Settings outside of contexts, in force where no context is chosen.
  CliConfig flat;
  // Empty, or a name in `contexts`.
  std::string current_context;
  std::map<std::string, CliConfig> contexts;
  friend bool operator==(const CliConfigFile&, const CliConfigFile&) = default;
};

// Reads YAML: server, server_name, tenant, token, tls.{ca,ca_data,cert,key}; a login file is one, too. InvalidArgument
// as `FILE:LINE: KEY: what is wrong`, which never repeats a token. Pure.
absl::StatusOr<CliConfig> ParseCliConfig(absl::string_view yaml, absl::string_view file);
// The same, and current_context, and contexts.NAME with the same settings below each. Pure.
absl::StatusOr<CliConfigFile> ParseCliConfigFile(absl::string_view yaml, absl::string_view file);
// YAML that ParseCliConfigFile reads back to the same, for what it has read or CheckContextName has passed. Pure.
std::string FormatCliConfigFile(const CliConfigFile& file);

// 1 to 128 of [A-Za-z0-9._@:-], beginning with a letter or digit. InvalidArgument otherwise. Pure.
absl::Status CheckContextName(absl::string_view name);

// What a command works with: the context of that name, or the file's current one if `context` is empty, or what is
// outside of contexts if there is none; and over it what `given` has (the command line and the environment): a
// certificate there takes the place of a token. NotFound if there is no such context. Pure.
absl::StatusOr<CliConfig> ChooseSettings(const CliConfigFile& file, const std::string& context, const CliConfig& given);
// Puts what `given` has over `config`, in the same way.
void OverlaySettings(const CliConfig& given, CliConfig* config);

// InvalidArgument naming the first setting that is missing, and how to give it.
absl::Status CheckComplete(const CliConfig& config);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_CLI_CONFIG_H_
