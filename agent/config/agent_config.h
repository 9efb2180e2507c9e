// What the agent can be told, as plain data.
#ifndef ROLLCALL_AGENT_CONFIG_AGENT_CONFIG_H_
#define ROLLCALL_AGENT_CONFIG_AGENT_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace rollcall {

struct CollectorConfig {
  bool enabled = true;
  absl::Duration interval;
  absl::Duration timeout;
};

// Meaning, default and limits of every field are in the table in settings.cc, and in
// docs/configuration.md, which is made from it.
struct AgentConfig {
  std::string root;
  std::string state_dir;
  std::string status_socket;
  std::string hosting_service;
  std::string region;
  bool cloud_facts = true;
  std::string log_level;
  absl::Duration first_inventory_within;

  std::vector<std::string> backend_addresses;
  std::string backend_server_name;
  absl::Duration backend_first_contact_within;
  absl::Duration backend_max_backoff;
  std::string backend_proxy;
  std::string backend_proxy_credentials;

  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;

  uint64_t spool_max_bytes = 0;
  uint64_t watchdog_soft_memory = 0;
  uint64_t watchdog_max_memory = 0;
  uint64_t watchdog_max_cpu_percent = 0;

  bool watch_enabled = true;
  bool watch_process_events = true;

  // By name; one for every collector there is.
  std::map<std::string, CollectorConfig> collectors;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_CONFIG_AGENT_CONFIG_H_
