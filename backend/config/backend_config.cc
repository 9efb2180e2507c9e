#include "backend/config/backend_config.h"

#include <algorithm>
#include <functional>
#include <set>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "platform/log.h"
#include "platform/yaml_document.h"

namespace rollcall {
namespace {

constexpr size_t kMaxMistakes = 20;

struct Number {
  uint64_t BackendConfig::*field;
  uint64_t min;
  uint64_t max;
};
struct Interval {
  absl::Duration BackendConfig::*field;
  absl::Duration min;
  absl::Duration max;
};
struct Text {
  std::string BackendConfig::*field;
};
// Printable ASCII without space and plus, which the ledger's keys have between their parts.
struct Name {
  std::string BackendConfig::*field;
  size_t max;
};
struct Address {
  std::string BackendConfig::*field;
  bool may_be_empty;
};
struct Switch {
  bool BackendConfig::*field;
};
struct Level {
  std::string BackendConfig::*field;
};
using Target = std::variant<Number, Interval, Text, Name, Address, Switch, Level>;

struct Entry {
  BackendSetting setting;
  Target target;
};

const std::vector<Entry>& Entries() {
  using C = BackendConfig;
  static const std::vector<Entry>& entries = *new std::vector<Entry>{
      {{"data_dir", "Folder with database, authority and certificates, made by `rollcall-backend init`."},
       Text{&C::data_dir}},
      {{"listen", "HOST:PORT agents, and people with certificates, connect to; port 0 is a free one."},
       Address{&C::listen, false}},
      {{"people_listen", "HOST:PORT people with tokens connect to; not listened on if not set."},
       Address{&C::people_listen, true}},
      {{"policy", "Agreement (textproto) that says how long data is kept; the installed one if not set."},
       Text{&C::policy}},
      {{"region",
        "Where the data is, as certificates of deletion say it; of tenants that come to be known at this start."},
       Name{&C::region, 128}},
      {{"ledger_name", "Name of the ledger's key and checkpoints; it stays with the key made at the first start."},
       Name{&C::ledger_name, 255}},
      {{"key_folder",
        "Folder of the tenants' keys, which wrap the data keys of the archive; keys/kek in the data folder if not set. "
        "Better on another disk, and never in the data's backups."},
       Text{&C::key_folder}},
      {{"enforce_retention",
        "true has the backend archive and delete what the agreement says is to go. Off by default: see "
        "docs/retention.md for what is still missing."},
       Switch{&C::enforce_retention}},
      {{"retention_interval", "How often what is due is looked for, which reads all that is stored."},
       Interval{&C::retention_interval, absl::Seconds(10), absl::Hours(6)}},
      {{"metrics_address", "HOST:PORT on loopback for Prometheus; not served if not set."},
       Address{&C::metrics_address, true}},
      {{"port_file", "File the port is written to once connections are accepted."}, Text{&C::port_file}},
      {{"log_level", "debug, info, warning or error."}, Level{&C::log_level}},
      {{"apply_threads", "Threads that write what agents send."}, Number{&C::apply_threads, 1, 64}},
      {{"query_threads", "Threads that answer operators."}, Number{&C::query_threads, 1, 64}},
      {{"max_sessions", "Agents connected at the same time; each takes about 120 KiB."},
       Number{&C::max_sessions, 1, 1'000'000}},
      {{"max_handshakes_per_second", "Sessions opened in a second; others are told when to come back."},
       Number{&C::max_handshakes_per_second, 1, 100'000}},
      {{"poll_above_sessions",
        "With more agents connected than this, idle ones are sent away to poll, down to seven eighths of it; 0 is "
        "never."},
       Number{&C::poll_above_sessions, 0, 1'000'000}},
      {{"poll_interval", "When agents that poll come back."},
       Interval{&C::poll_interval, absl::Seconds(1), absl::Hours(6)}},
      {{"queue_mebibytes", "Memory for batches that wait to be written, over all threads."},
       Number{&C::queue_mebibytes, 8, 65536}},
      {{"max_inflight_mebibytes",
        "Memory for all that was received and is not written; windows are lowered from three quarters on, and beyond "
        "it agents are told to come back later."},
       Number{&C::max_inflight_mebibytes, 16, 131072}},
      {{"max_connection_age", "Agents are asked to connect anew at this age, to spread over the backends."},
       Interval{&C::max_connection_age, absl::Minutes(15), absl::Hours(24 * 7)}},
      {{"reuse_port", "true lets several backends serve one address and one data folder; the kernel deals agents out."},
       Switch{&C::reuse_port}},
      {{"second_redaction", "false leaves it to agents to replace secrets in what they send."},
       Switch{&C::second_redaction}},
      {{"heartbeat_interval", "How often an agent says that it is there, and what is unchanged."},
       Interval{&C::heartbeat_interval, absl::Seconds(1), absl::Hours(1)}},
      {{"shutdown_timeout", "Time to write what was received before the backend stops."},
       Interval{&C::shutdown_timeout, absl::Seconds(1), absl::Minutes(10)}},
  };
  return entries;
}

const Entry* FindEntry(absl::string_view name) {
  for (const Entry& entry : Entries()) {
    if (entry.setting.name == name) return &entry;
  }
  return nullptr;
}

absl::Status CheckAddress(absl::string_view value, bool may_be_empty) {
  if (value.empty() && may_be_empty) return absl::OkStatus();
  const size_t colon = value.rfind(':');
  uint32_t port = 0;
  const bool valid = colon != absl::string_view::npos && colon > 0 &&
                     absl::SimpleAtoi(value.substr(colon + 1), &port) && port <= 65535;
  return valid ? absl::OkStatus()
               : absl::InvalidArgumentError(absl::StrCat("expected HOST:PORT, got ", QuotedSetting(value)));
}

struct Storer {
  const std::string& value;
  BackendConfig* config;

  absl::Status operator()(const Number& target) const {
    uint64_t number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < target.min || number > target.max) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected a number from ", target.min, " to ", target.max, ", got ", QuotedSetting(value)));
    }
    config->*target.field = number;
    return absl::OkStatus();
  }
  absl::Status operator()(const Interval& target) const {
    absl::Duration duration;
    if (!absl::ParseDuration(value, &duration) || duration < target.min || duration > target.max) {
      return absl::InvalidArgumentError(absl::StrCat("expected a time from ", absl::FormatDuration(target.min), " to ",
                                                     absl::FormatDuration(target.max), ", such as 90s, got ",
                                                     QuotedSetting(value)));
    }
    config->*target.field = duration;
    return absl::OkStatus();
  }
  absl::Status operator()(const Text& target) const {
    config->*target.field = value;
    return absl::OkStatus();
  }
  absl::Status operator()(const Name& target) const {
    const bool valid =
        !value.empty() && value.size() <= target.max &&
        std::all_of(value.begin(), value.end(), [](char c) { return absl::ascii_isgraph(c) && c != '+'; });
    if (!valid) {
      return absl::InvalidArgumentError(absl::StrCat("expected 1 to ", target.max,
                                                     " printable ASCII characters without space and plus, got ",
                                                     QuotedSetting(value)));
    }
    config->*target.field = value;
    return absl::OkStatus();
  }
  absl::Status operator()(const Address& target) const {
    if (absl::Status status = CheckAddress(value, target.may_be_empty); !status.ok()) return status;
    config->*target.field = value;
    return absl::OkStatus();
  }
  absl::Status operator()(const Switch& target) const {
    if (value != "true" && value != "false") {
      return absl::InvalidArgumentError(absl::StrCat("expected true or false, got ", QuotedSetting(value)));
    }
    config->*target.field = value == "true";
    return absl::OkStatus();
  }
  absl::Status operator()(const Level& target) const {
    if (!ParseLogLevel(value).ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected debug, info, warning or error, got ", QuotedSetting(value)));
    }
    config->*target.field = value;
    return absl::OkStatus();
  }
};

struct Printer {
  const BackendConfig& config;
  std::string operator()(const Number& target) const { return absl::StrCat(config.*target.field); }
  std::string operator()(const Interval& target) const { return absl::FormatDuration(config.*target.field); }
  std::string operator()(const Text& target) const { return config.*target.field; }
  std::string operator()(const Name& target) const { return config.*target.field; }
  std::string operator()(const Address& target) const { return config.*target.field; }
  std::string operator()(const Switch& target) const { return config.*target.field ? "true" : "false"; }
  std::string operator()(const Level& target) const { return config.*target.field; }
};

std::string KnownNames() {
  return absl::StrJoin(Entries(), ", ", [](std::string* out, const Entry& entry) {
    out->append(entry.setting.name.data(), entry.setting.name.size());
  });
}

void ApplyNodes(const YAML::Node& root, absl::string_view file_name, BackendConfig* config,
                std::vector<std::string>* mistakes) {
  const auto mistake = [&](const YAML::Node& node, absl::string_view what) {
    mistakes->push_back(absl::StrCat(file_name, ":", YamlLine(node), ": ", what));
  };
  if (root.IsNull()) return;
  if (!root.IsMap()) return mistake(root, "expected `setting: value` lines");
  std::set<std::string> seen;
  for (const auto& pair : root) {
    if (mistakes->size() >= kMaxMistakes) return;
    if (!pair.first.IsScalar()) {
      mistake(pair.first, "a setting's name must be a word");
      continue;
    }
    const std::string name = pair.first.Scalar();
    if (FindEntry(name) == nullptr) {
      mistake(pair.first, absl::StrCat(QuotedSetting(name), ": no such setting; there are ", KnownNames()));
    } else if (!pair.second.IsScalar()) {
      mistake(pair.second, absl::StrCat(name, ": expected one value"));
    } else if (!seen.insert(name).second) {
      mistake(pair.first, absl::StrCat(name, ": is set twice"));
    } else if (absl::Status status = StoreBackendSetting(name, pair.second.Scalar(), config); !status.ok()) {
      mistake(pair.second, absl::StrCat(name, ": ", status.message()));
    }
  }
}

}  // namespace

const std::vector<BackendSetting>& BackendSettings() {
  static const std::vector<BackendSetting>& settings = *[] {
    auto* all = new std::vector<BackendSetting>();
    for (const Entry& entry : Entries()) all->push_back(entry.setting);
    return all;
  }();
  return settings;
}

std::string BackendFlag(absl::string_view setting) {
  return absl::StrCat("--", absl::StrReplaceAll(setting, {{"_", "-"}}));
}

std::string BackendEnvironment(absl::string_view setting) {
  return absl::StrCat("ROLLCALL_", absl::AsciiStrToUpper(setting));
}

absl::Status StoreBackendSetting(absl::string_view name, const std::string& value, BackendConfig* config) {
  const Entry* entry = FindEntry(name);
  if (entry == nullptr) return absl::InvalidArgumentError("no such setting");
  return std::visit(Storer{value, config}, entry->target);
}

absl::Status CheckBackendConfig(const BackendConfig& config) {
  // Who fills the queue is made to wait; only what comes on top of it is turned away.
  if (config.max_inflight_mebibytes > config.queue_mebibytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("max_inflight_mebibytes: expected more than queue_mebibytes, which is ", config.queue_mebibytes,
                   ", got ", config.max_inflight_mebibytes));
}

std::string BackendSettingText(absl::string_view name, const BackendConfig& config) {
  const Entry* entry = FindEntry(name);
  return entry == nullptr ? "" : std::visit(Printer{config}, entry->target);
}

absl::Status ApplyConfigFile(absl::string_view bytes, absl::string_view file_name, BackendConfig* config) {
  const absl::StatusOr<YAML::Node> root = ParseYamlDocument(bytes, file_name);
  if (!root.ok()) return root.status();
  std::vector<std::string> mistakes;
  ApplyNodes(*root, file_name, config, &mistakes);
  if (mistakes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
}

}  // namespace rollcall
