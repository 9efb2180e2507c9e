// How the CLI finds and authenticates to the backend.
#ifndef ROLLCALL_CLI_CLI_CONFIG_H_
#define ROLLCALL_CLI_CLI_CONFIG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

struct CliConfig {
  std::string server;       // HOST:PORT
  std::string server_name;  // expected in the server's certificate; the host of `server` if empty
  std::string ca;           // PEM files
  std::string cert;
  std::string key;
};

// Reads YAML: server, server_name, tls.{ca,cert,key}. InvalidArgument as `FILE:LINE: KEY: what is wrong`.
// Pure.
absl::StatusOr<CliConfig> ParseCliConfig(absl::string_view yaml, absl::string_view file);

// InvalidArgument naming the first setting that is missing, and how to give it.
absl::Status CheckComplete(const CliConfig& config);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_CLI_CONFIG_H_
