#include "backend/store/sqlite/agents.h"

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/row_values.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

enum IdentityField { kHostId = 1, kBootId = 2 };

// Former values kept per agent and field. A machine reboots a few times between two contacts of
// its clone at most; older values prove nothing any more.
constexpr int kFormerValues = 16;

// Whether the identity, moving from `old_value` to `new_value`, goes back to where it had been. Notes
// that it left `old_value`.
absl::StatusOr<bool> NoteIdentityChange(Connection* db, int64_t agent_id, IdentityField field,
                                        absl::string_view old_value, absl::string_view new_value, int64_t at) {
  if (new_value.empty() || old_value.empty() || new_value == old_value) return false;
  bool returned = false;
  {
    Statement seen = db->Prepare("SELECT 1 FROM former_identity WHERE agent_id = ? AND field = ? AND value = ?");
    ROLLCALL_ASSIGN_OR_RETURN(returned, seen.Int(agent_id).Int(field).Text(new_value).Step());
  }
  ROLLCALL_RETURN_IF_ERROR(db->Prepare("INSERT INTO former_identity VALUES (?, ?, ?, ?) "
                                       "ON CONFLICT DO UPDATE SET left_at = excluded.left_at")
                               .Int(agent_id)
                               .Int(field)
                               .Text(old_value)
                               .Int(at)
                               .Run());
  ROLLCALL_RETURN_IF_ERROR(
      db->Prepare("DELETE FROM former_identity WHERE agent_id = ?1 AND field = ?2 AND value NOT IN "
                  "(SELECT value FROM former_identity WHERE agent_id = ?1 AND field = ?2 "
                  "ORDER BY left_at DESC, value LIMIT ?3)")
          .Int(agent_id)
          .Int(field)
          .Int(kFormerValues)
          .Run());
  return returned;
}

// Whether this contact shows a second machine behind the identity.
absl::StatusOr<bool> LooksCloned(Connection* db, int64_t agent_id, const AgentContact& contact) {
  std::string host_id;
  std::string boot_id;
  {
    Statement before = db->Prepare("SELECT host_id, boot_id FROM agent WHERE agent_id = ?");
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, before.Int(agent_id).Step());
    if (!row) return absl::DataLossError("agent row vanished");
    host_id = std::string(before.ColumnText(0));
    boot_id = std::string(before.ColumnText(1));
  }
  const int64_t at = ToNanos(contact.at);
  ROLLCALL_ASSIGN_OR_RETURN(const bool host_returned,
                            NoteIdentityChange(db, agent_id, kHostId, host_id, contact.host_id, at));
  ROLLCALL_ASSIGN_OR_RETURN(const bool boot_returned,
                            NoteIdentityChange(db, agent_id, kBootId, boot_id, contact.boot_id, at));
  return host_returned || boot_returned;
}

AgentRow AgentFromRow(const Statement& row, absl::string_view tenant) {
  AgentRow agent;
  agent.contact.agent = {std::string(tenant), std::string(row.ColumnText(0))};
  agent.enrolled_at = FromNanos(row.ColumnInt(1));
  agent.contacted = !row.ColumnIsNull(2);
  if (!agent.contacted) return agent;
  agent.first_contact = FromNanos(row.ColumnInt(2));
  agent.last_contact = FromNanos(row.ColumnInt(3));
  agent.contact.at = agent.last_contact;
  agent.contact.agent_version = std::string(row.ColumnText(4));
  agent.contact.host_id = std::string(row.ColumnText(5));
  agent.contact.boot_id = std::string(row.ColumnText(6));
  agent.contact.hosting_service = std::string(row.ColumnText(7));
  agent.contact.region = std::string(row.ColumnText(8));
  agent.contact.epoch = row.ColumnUnsigned(9);
  agent.contact.clock_offset = absl::Nanoseconds(row.ColumnInt(10));
  agent.clone_suspected =
      !row.ColumnIsNull(11) && agent.last_contact - FromNanos(row.ColumnInt(11)) < kCloneSuspicionPeriod;
  return agent;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadTenants(Connection* db) {
  std::vector<std::string> names;
  Statement row = db->Prepare("SELECT name FROM tenant ORDER BY name");
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return names;
    names.push_back(std::string(row.ColumnText(0)));
  }
}

absl::Status InsertTenant(Connection* db, absl::string_view tenant, absl::Time at) {
  if (tenant.empty()) return absl::InvalidArgumentError("its name is empty");
  return db->Prepare("INSERT INTO tenant (name, added_at) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .Text(tenant)
      .Int(ToNanos(at))
      .Run();
}

absl::Status InsertAgent(Connection* db, const AgentName& agent, absl::Time at) {
  if (agent.agent_id.empty()) return absl::InvalidArgumentError("its id is empty");
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<int64_t> tenant_id, FindTenantId(db, agent.tenant));
  if (!tenant_id.has_value()) return absl::NotFoundError(absl::StrCat("no tenant ", agent.tenant));
  return db->Prepare("INSERT INTO agent (tenant_id, name, enrolled_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .Int(*tenant_id)
      .Text(agent.agent_id)
      .Int(ToNanos(at))
      .Run();
}

absl::StatusOr<bool> AgentExists(Connection* db, const AgentName& agent) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<AgentIds> ids, FindAgentIds(db, agent));
  return ids.has_value();
}

absl::Status UpdateContact(Connection* db, const AgentContact& contact) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<AgentIds> ids, FindAgentIds(db, contact.agent));
  if (!ids.has_value()) return absl::NotFoundError("not enrolled");
  ROLLCALL_ASSIGN_OR_RETURN(const bool cloned, LooksCloned(db, ids->agent_id, contact));
  Statement update = db->Prepare(
      "UPDATE agent SET first_contact = ifnull(first_contact, ?1), last_contact = ?1, agent_version = ?2, host_id = ?3,"
      " boot_id = ?4, hosting_service = ?5, region = ?6, epoch = ?7, clock_offset = ?8,"
      " clone_seen_at = iif(?9, ?1, clone_seen_at) WHERE agent_id = ?10");
  return update.Int(ToNanos(contact.at))
      .Text(contact.agent_version)
      .Text(contact.host_id)
      .Text(contact.boot_id)
      .Text(contact.hosting_service)
      .Text(contact.region)
      .Unsigned(contact.epoch)
      .Int(absl::ToInt64Nanoseconds(contact.clock_offset))
      .Int(cloned ? 1 : 0)
      .Int(ids->agent_id)
      .Run();
}

absl::StatusOr<std::vector<AgentRow>> ReadAgents(Connection* db, absl::string_view tenant) {
  Statement rows = db->Prepare(
      "SELECT a.name, enrolled_at, first_contact, last_contact, agent_version, host_id, boot_id, hosting_service,"
      " region, epoch, clock_offset, clone_seen_at"
      " FROM agent a JOIN tenant t USING (tenant_id) WHERE t.name = ? ORDER BY a.name");
  rows.Text(tenant);
  std::vector<AgentRow> agents;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return agents;
    agents.push_back(AgentFromRow(rows, tenant));
  }
}

absl::StatusOr<std::optional<int64_t>> FindTenantId(Connection* db, absl::string_view tenant) {
  Statement row = db->Prepare("SELECT tenant_id FROM tenant WHERE name = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Text(tenant).Step());
  return found ? std::optional<int64_t>(row.ColumnInt(0)) : std::nullopt;
}

absl::StatusOr<std::optional<AgentIds>> FindAgentIds(Connection* db, const AgentName& agent) {
  Statement row = db->Prepare(
      "SELECT tenant_id, agent_id FROM agent JOIN tenant t USING (tenant_id) WHERE t.name = ? AND agent.name = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Text(agent.tenant).Text(agent.agent_id).Step());
  if (!found) return std::optional<AgentIds>();
  return std::optional<AgentIds>(AgentIds{row.ColumnInt(0), row.ColumnInt(1)});
}

}  // namespace rollcall
