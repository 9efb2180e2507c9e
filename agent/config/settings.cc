#include "agent/config/settings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "agent/config/setting_values.h"

namespace rollcall {
namespace {

using Type = SettingType;

std::vector<Setting> FixedSettings() {
  return {
      {"root",
       Type::kPath,
       "/",
       "Root of the host's files. A container sets where the host's root is mounted.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.root; }},
      {"state_dir",
       Type::kPath,
       "/var/lib/rollcall",
       "Where the spool and the agent's identity are kept, mode 0700. Must survive restarts.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.state_dir; }},
      {"status_socket",
       Type::kPath,
       "/run/rollcall/agent.sock",
       "Unix socket that answers `rollcall-agent status` and `health`. The agent opens no network port.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.status_socket; }},
      {"hosting_service",
       Type::kText,
       "",
       "The hosting service this host belongs to, such as `cvm:ins-1234`; the end of that service starts the "
       "retention clock of its data.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.hosting_service; }},
      {"region",
       Type::kText,
       "",
       "The region this host is in, such as `ap-singapore`.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.region; }},
      {"cloud_facts",
       Type::kBool,
       "true",
       "What the disk and the firmware say about the machine's cloud is read: provider, instance id, region, zone and "
       "type. Without it, the machine id identifies the host. The network is never asked.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.cloud_facts; }},
      {"log_level",
       Type::kChoice,
       "info",
       "Least important messages that are logged.",
       "",
       "",
       {"debug", "info", "warning", "error"},
       [](AgentConfig& c) { return &c.log_level; }},
      {"first_inventory_within",
       Type::kDuration,
       "30s",
       "The first runs of the collectors after the start are spread over this time.",
       "0s",
       "1h",
       {},
       [](AgentConfig& c) { return &c.first_inventory_within; }},
      {"backend.addresses",
       Type::kAddresses,
       "",
       "Backends to report to. One of them, drawn at random, is this agent's; the others are tried while it cannot be "
       "reached, and within an hour it is tried again. Required to run the daemon.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.backend_addresses; }},
      {"backend.server_name",
       Type::kText,
       "",
       "Name the backend's certificate must be for, where it is not the host name in the address.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.backend_server_name; }},
      {"backend.first_contact_within",
       Type::kDuration,
       "30s",
       "The first connection is made at a random time within this after the start.",
       "0s",
       "1h",
       {},
       [](AgentConfig& c) { return &c.backend_first_contact_within; }},
      {"backend.max_backoff",
       Type::kDuration,
       "5m",
       "Longest pause between two attempts to reach a backend; pauses are random and double from 1s up to this.",
       "1s",
       "1h",
       {},
       [](AgentConfig& c) { return &c.backend_max_backoff; }},
      {"backend.proxy",
       Type::kProxy,
       "",
       "HTTP proxy that opens the connection to the backend (CONNECT); TLS goes through it from end to end. Without "
       "it, connections are direct, whatever `http_proxy` and the like say. Hosts whose "
       "names end with one of those that `no_proxy` in the environment lists are reached directly.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.backend_proxy; }},
      {"backend.proxy_credentials",
       Type::kPath,
       "",
       "File with one line `USER:PASSWORD` for the proxy.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.backend_proxy_credentials; }},
      {"tls.ca",
       Type::kPath,
       "",
       "PEM file with the authorities that may sign the backend's certificate.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.tls_ca; }},
      {"tls.cert",
       Type::kPath,
       "",
       "PEM file with the agent's certificate chain; it carries the agent's id.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.tls_cert; }},
      {"tls.key",
       Type::kPath,
       "",
       "PEM file with the certificate's private key.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.tls_key; }},
      {"spool.max_bytes",
       Type::kBytes,
       "64MiB",
       "Most disk space for what the backend has not acknowledged. When it is full, runs that wait are folded into "
       "fewer; then samples go, the oldest first; then whole collectors' batches, which are sent again complete.",
       "8MiB",
       "16GiB",
       {},
       [](AgentConfig& c) { return &c.spool_max_bytes; }},
      {"watchdog.soft_memory",
       Type::kBytes,
       "96MiB",
       "Resident memory above which free memory is given back to the system and runs become rarer.",
       "32MiB",
       "4GiB",
       {},
       [](AgentConfig& c) { return &c.watchdog_soft_memory; }},
      {"watchdog.max_memory",
       Type::kBytes,
       "160MiB",
       "Resident memory above which, for a minute without a break, the agent ends with exit code 75 to be started "
       "afresh.",
       "32MiB",
       "4GiB",
       {},
       [](AgentConfig& c) { return &c.watchdog_max_memory; }},
      {"watchdog.max_cpu_percent",
       Type::kNumber,
       "5",
       "Share of one core, averaged over five minutes, above which runs become rarer. The first inventory does not "
       "count.",
       "1",
       "100",
       {},
       [](AgentConfig& c) { return &c.watchdog_max_cpu_percent; }},
      {"watch.enabled",
       Type::kBool,
       "true",
       "Whether a change of a file that a collector reads makes it run at once. Otherwise changes are found by its "
       "next "
       "run.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.watch_enabled; }},
      {"watch.process_events",
       Type::kBool,
       "true",
       "Whether the kernel's process events are used, to see processes that start and end between two runs of "
       "`processes`.",
       "",
       "",
       {},
       [](AgentConfig& c) { return &c.watch_process_events; }},
  };
}

void AddCollectorSettings(const CollectorDefaults& collector, std::vector<Setting>* settings) {
  const std::string prefix = absl::StrCat("collectors.", collector.name, ".");
  const std::string name = collector.name;
  settings->push_back(
      {prefix + "enabled", Type::kBool, "true", "Whether the collector runs.", "", "", {}, [name](AgentConfig& c) {
         return &c.collectors[name].enabled;
       }});
  settings->push_back({prefix + "interval",
                       Type::kDuration,
                       DurationText(collector.interval),
                       "Time from the start of one run to the next.",
                       "1s",
                       "168h",
                       {},
                       [name](AgentConfig& c) { return &c.collectors[name].interval; }});
  settings->push_back({prefix + "timeout",
                       Type::kDuration,
                       DurationText(collector.timeout),
                       "A run that takes longer is ended and counts as partial. Not set, it is at most the interval.",
                       "1s",
                       "1h",
                       {},
                       [name](AgentConfig& c) { return &c.collectors[name].timeout; }});
}

std::string LimitsText(const Setting& setting) {
  if (!setting.choices.empty()) return absl::StrJoin(setting.choices, ", ");
  if (setting.min.empty() && setting.max.empty()) return "";
  return absl::StrCat(setting.min, " to ", setting.max);
}

}  // namespace

std::vector<Setting> AllSettings(const std::vector<CollectorDefaults>& collectors) {
  std::vector<Setting> settings = FixedSettings();
  for (const CollectorDefaults& collector : collectors) AddCollectorSettings(collector, &settings);
  return settings;
}

AgentConfig DefaultConfig(const std::vector<Setting>& settings) {
  AgentConfig config;
  for (const Setting& setting : settings) {
    // A default outside its own limits is a mistake in the table; the test of the table finds it.
    if (!setting.default_text.empty()) StoreSetting(setting, {setting.default_text}, &config).IgnoreError();
  }
  return config;
}

absl::Status StoreSetting(const Setting& setting, const std::vector<std::string>& values, AgentConfig* config) {
  const SettingField field = setting.field(*config);
  if (setting.type == Type::kAddresses) return StoreAddresses(values, std::get<std::vector<std::string>*>(field));
  if (values.size() != 1) return absl::InvalidArgumentError("expected one value, got a list");
  return StoreValue(setting, values[0], field);
}

std::string SettingText(const Setting& setting, AgentConfig& config) {
  const SettingField field = setting.field(config);
  if (const auto* text = std::get_if<std::string*>(&field)) return **text;
  if (const auto* list = std::get_if<std::vector<std::string>*>(&field)) return absl::StrJoin(**list, ",");
  if (const auto* duration = std::get_if<absl::Duration*>(&field)) return DurationText(**duration);
  if (const auto* flag = std::get_if<bool*>(&field)) return **flag ? "true" : "false";
  const uint64_t number = *std::get<uint64_t*>(field);
  return setting.type == Type::kBytes ? BytesText(number) : absl::StrCat(number);
}

std::string FlagName(absl::string_view setting_name) {
  return absl::StrReplaceAll(setting_name, {{".", "-"}, {"_", "-"}});
}

std::string EnvironmentName(absl::string_view setting_name) {
  return absl::StrCat("ROLLCALL_", absl::AsciiStrToUpper(absl::StrReplaceAll(setting_name, {{".", "_"}})));
}

std::string ValueName(const Setting& setting) {
  switch (setting.type) {
    case Type::kText:
      return "TEXT";
    case Type::kPath:
      return "PATH";
    case Type::kAddresses:
      return "HOST:PORT";
    case Type::kProxy:
      return "http://HOST:PORT";
    case Type::kNumber:
      return "NUMBER";
    case Type::kBytes:
      return "BYTES";
    case Type::kDuration:
      return "DURATION";
    case Type::kBool:
      return "true|false";
    case Type::kChoice:
      return absl::StrJoin(setting.choices, "|");
  }
  return "";
}

std::string SettingsMarkdown() {
  std::string out = "| Setting | Flag and variable | Type | Default | Limits | Meaning |\n|---|---|---|---|---|---|\n";
  std::vector<Setting> settings = FixedSettings();
  AddCollectorSettings({"NAME", absl::ZeroDuration(), absl::ZeroDuration()}, &settings);
  for (const Setting& setting : settings) {
    const bool per_collector = setting.type == Type::kDuration && absl::StartsWith(setting.name, "collectors.");
    const std::string value = per_collector                  ? "per collector"
                              : setting.default_text.empty() ? ""
                                                             : absl::StrCat("`", setting.default_text, "`");
    absl::StrAppend(&out, "| `", setting.name, "` | `--", FlagName(setting.name), "`<br>`",
                    EnvironmentName(setting.name), "` | ", absl::StrReplaceAll(ValueName(setting), {{"|", "\\|"}}),
                    " | ", value, " | ", LimitsText(setting), " | ", setting.help, " |\n");
  }
  return out;
}

}  // namespace rollcall
