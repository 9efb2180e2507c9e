// Tenants, agents and their contacts.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_AGENTS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_AGENTS_H_

#include <optional>
#include <vector>

#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

// Row numbers of an agent and its tenant.
struct AgentIds {
  int64_t tenant_id = 0;
  int64_t agent_id = 0;
};

// Each runs inside the caller's transaction and does what the Store method says.
// Names, sorted.
absl::StatusOr<std::vector<std::string>> ReadTenants(Connection* db);
absl::Status InsertTenant(Connection* db, absl::string_view tenant, absl::Time at);
absl::Status InsertAgent(Connection* db, const AgentName& agent, absl::Time at);
absl::StatusOr<bool> AgentExists(Connection* db, const AgentName& agent);
absl::Status UpdateContact(Connection* db, const AgentContact& contact);
absl::StatusOr<std::vector<AgentRow>> ReadAgents(Connection* db, absl::string_view tenant);

// Unset if there is no such tenant or agent.
absl::StatusOr<std::optional<int64_t>> FindTenantId(Connection* db, absl::string_view tenant);
absl::StatusOr<std::optional<AgentIds>> FindAgentIds(Connection* db, const AgentName& agent);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_AGENTS_H_
