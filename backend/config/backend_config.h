// The backend's settings: one table for flags, environment, file and documentation.
#ifndef ROLLCALL_BACKEND_CONFIG_BACKEND_CONFIG_H_
#define ROLLCALL_BACKEND_CONFIG_BACKEND_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

struct BackendConfig {
  std::string data_dir = "/var/lib/rollcall-backend";
  std::string listen = "0.0.0.0:8444";
  // Where people with tokens connect, HOST:PORT; nowhere if empty.
  std::string people_listen;
  // Agreement to keep; the one installed with the program if empty.
  std::string policy;
  // Where the data is, as certificates of deletion say it.
  std::string region = "local";
  // Name of the ledger's key and checkpoints.
  std::string ledger_name = "rollcall/ledger";
  // Folder of the keys that wrap data keys; in the data folder if empty.
  std::string key_folder;
  absl::Duration retention_interval = absl::Minutes(15);
  bool enforce_retention = false;
  // HOST:PORT on loopback; no metrics if empty.
  std::string metrics_address;
  // Where the chosen port is written once the backend accepts connections; nowhere if empty.
  std::string port_file;
  std::string log_level = "info";
  uint64_t apply_threads = 2;
  uint64_t query_threads = 2;
  uint64_t max_sessions = 10000;
  uint64_t max_handshakes_per_second = 200;
  // Sessions beyond which agents poll; 0 is never.
  uint64_t poll_above_sessions = 8000;
  absl::Duration poll_interval = absl::Minutes(5);
  uint64_t queue_mebibytes = 64;
  uint64_t max_inflight_mebibytes = 128;
  absl::Duration max_connection_age = absl::Hours(4);
  bool reuse_port = false;
  bool second_redaction = true;
  absl::Duration heartbeat_interval = absl::Minutes(3);
  absl::Duration shutdown_timeout = absl::Seconds(25);
};

struct BackendSetting {
  // Key in the file; the flag is `--` with hyphens, the variable `ROLLCALL_` in capitals.
  absl::string_view name;
  absl::string_view help;
};

// In the order of the documentation.
const std::vector<BackendSetting>& BackendSettings();
std::string BackendFlag(absl::string_view setting);         // data_dir -> --data-dir
std::string BackendEnvironment(absl::string_view setting);  // data_dir -> ROLLCALL_DATA_DIR

// Sets one setting from text. InvalidArgument says what was expected; the caller says where
// the text came from.
absl::Status StoreBackendSetting(absl::string_view name, const std::string& value, BackendConfig* config);

// Whether the settings go together. InvalidArgument says which do not.
absl::Status CheckBackendConfig(const BackendConfig& config);

// The setting's value as it would be written in a file.
std::string BackendSettingText(absl::string_view name, const BackendConfig& config);

// Applies a YAML file of `setting: value` lines. InvalidArgument lists every mistake, one a
// line, as `FILE:LINE: SETTING: what is wrong`. Pure.
absl::Status ApplyConfigFile(absl::string_view bytes, absl::string_view file_name, BackendConfig* config);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_CONFIG_BACKEND_CONFIG_H_
