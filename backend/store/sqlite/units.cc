#include "backend/store/sqlite/units.h"

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/agents.h"
#include "backend/store/sqlite/row_values.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

SetDigest DigestFromColumns(const Statement& row, int first) {
  pb::SetDigest wire;
  wire.set_low(row.ColumnUnsigned(first));
  wire.set_high(row.ColumnUnsigned(first + 1));
  wire.set_count(row.ColumnUnsigned(first + 2));
  return SetDigest(wire);
}

absl::StatusOr<UnitInfo> UnitFromRow(const Statement& row, absl::string_view tenant) {
  UnitInfo unit;
  unit.agent = {std::string(tenant), std::string(row.ColumnText(0))};
  unit.collector = std::string(row.ColumnText(1));
  unit.scope.set_type(static_cast<pb::Scope::Type>(row.ColumnInt(2)));
  unit.scope.set_id(std::string(row.ColumnText(3)));
  unit.epoch = row.ColumnUnsigned(4);
  unit.generation = row.ColumnUnsigned(5);
  unit.digest = DigestFromColumns(row, 6);
  if (!row.ColumnIsNull(9)) unit.last_complete_at = FromNanos(row.ColumnInt(9));
  unit.last_run_received_at = FromNanos(row.ColumnInt(10));
  const absl::string_view result = row.ColumnBlob(11);
  if (!unit.last_run.ParseFromArray(result.data(), static_cast<int>(result.size()))) {
    return absl::DataLossError(absl::StrCat("run result of unit ", unit.collector, " cannot be decoded"));
  }
  return unit;
}

}  // namespace

absl::StatusOr<UnitState> FindOrCreateUnit(Connection* db, const PreparedBatch& batch) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<AgentIds> agent, FindAgentIds(db, batch.agent));
  if (!agent.has_value()) return absl::NotFoundError(absl::StrCat("agent ", batch.agent.agent_id, " is not enrolled"));
  UnitState unit;
  unit.ids.tenant_id = agent->tenant_id;
  unit.ids.agent_id = agent->agent_id;
  {
    Statement row = db->Prepare(
        "SELECT unit_id, epoch, generation, digest_low, digest_high, digest_count, last_complete_at,"
        " run_result IS NOT NULL FROM unit WHERE agent_id = ? AND collector = ? AND scope_type = ? AND scope_id = ?");
    row.Int(agent->agent_id).Text(batch.collector).Int(batch.scope.type()).Text(batch.scope.id());
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (found) {
      unit.ids.unit_id = row.ColumnInt(0);
      unit.epoch = row.ColumnUnsigned(1);
      unit.generation = row.ColumnUnsigned(2);
      unit.digest = DigestFromColumns(row, 3);
      if (!row.ColumnIsNull(6)) unit.last_complete_at = row.ColumnInt(6);
      unit.has_run = row.ColumnInt(7) != 0;
      return unit;
    }
  }
  Statement insert = db->Prepare(
      "INSERT INTO unit (tenant_id, agent_id, collector, scope_type, scope_id, epoch, generation, digest_low,"
      " digest_high, digest_count) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0) RETURNING unit_id");
  insert.Int(agent->tenant_id)
      .Int(agent->agent_id)
      .Text(batch.collector)
      .Int(batch.scope.type())
      .Text(batch.scope.id());
  ROLLCALL_ASSIGN_OR_RETURN(const bool inserted, insert.Step());
  if (!inserted) return absl::InternalError("inserted unit has no row number");
  unit.ids.unit_id = insert.ColumnInt(0);
  ROLLCALL_RETURN_IF_ERROR(insert.Run());
  return unit;
}

absl::StatusOr<std::optional<ReportedUnit>> FindReportedUnit(Connection* db, const UnitName& name) {
  Statement row = db->Prepare(
      "SELECT u.tenant_id, u.agent_id, unit_id, u.epoch, generation, digest_low, digest_high, digest_count,"
      " last_complete_at, received_at, run_result FROM tenant t JOIN agent a USING (tenant_id)"
      " JOIN unit u USING (agent_id) WHERE t.name = ? AND a.name = ? AND collector = ? AND scope_type = ?"
      " AND scope_id = ? AND run_result IS NOT NULL");
  row.Text(name.agent.tenant).Text(name.agent.agent_id).Text(name.collector);
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Int(name.scope.type()).Text(name.scope.id()).Step());
  if (!found) return std::optional<ReportedUnit>();
  ReportedUnit unit;
  unit.state.ids = {row.ColumnInt(0), row.ColumnInt(1), row.ColumnInt(2)};
  unit.state.has_run = true;
  unit.state.epoch = row.ColumnUnsigned(3);
  unit.state.generation = row.ColumnUnsigned(4);
  unit.state.digest = DigestFromColumns(row, 5);
  if (!row.ColumnIsNull(8)) unit.state.last_complete_at = row.ColumnInt(8);
  unit.last_run_received_at = FromNanos(row.ColumnInt(9));
  const absl::string_view result = row.ColumnBlob(10);
  if (!unit.last_run.ParseFromArray(result.data(), static_cast<int>(result.size()))) {
    return absl::DataLossError(absl::StrCat("run result of unit ", name.collector, " cannot be decoded"));
  }
  return std::optional<ReportedUnit>(std::move(unit));
}

absl::Status UpdateUnit(Connection* db, const UnitState& unit, const pb::RunResult& result, absl::Time received_at) {
  const std::string bytes = result.SerializeAsString();
  Statement update = db->Prepare(
      "UPDATE unit SET epoch = ?, generation = ?, digest_low = ?, digest_high = ?, digest_count = ?, received_at = ?,"
      " run_result = ?, last_complete_at = ? WHERE unit_id = ?");
  update.Unsigned(unit.epoch)
      .Unsigned(unit.generation)
      .Unsigned(unit.digest.low())
      .Unsigned(unit.digest.high())
      .Unsigned(unit.digest.count())
      .Int(ToNanos(received_at))
      .Blob(bytes);
  if (unit.last_complete_at == kNeverComplete) {
    update.Null();
  } else {
    update.Int(unit.last_complete_at);
  }
  return update.Int(unit.ids.unit_id).Run();
}

absl::Status AddToKindCount(Connection* db, int64_t unit_id, int kind, int64_t difference) {
  if (difference == 0) return absl::OkStatus();
  return db
      ->Prepare(
          "INSERT INTO unit_kind VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET records = records +"
          " excluded.records")
      .Int(unit_id)
      .Int(kind)
      .Int(difference)
      .Run();
}

absl::StatusOr<std::vector<UnitInfo>> ReadUnits(Connection* db, absl::string_view tenant, absl::string_view agent_id) {
  Statement rows = db->Prepare(
      "SELECT a.name, collector, scope_type, scope_id, u.epoch, generation, digest_low, digest_high, digest_count,"
      " last_complete_at, received_at, run_result"
      " FROM tenant t JOIN agent a USING (tenant_id) JOIN unit u USING (agent_id)"
      " WHERE t.name = ?1 AND (?2 = '' OR a.name = ?2) AND run_result IS NOT NULL"
      " ORDER BY a.name, collector, scope_type, scope_id");
  rows.Text(tenant).Text(agent_id);
  std::vector<UnitInfo> units;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return units;
    ROLLCALL_ASSIGN_OR_RETURN(UnitInfo unit, UnitFromRow(rows, tenant));
    units.push_back(std::move(unit));
  }
}

absl::StatusOr<std::vector<Store::KindCount>> ReadKindCounts(Connection* db, absl::string_view tenant) {
  Statement rows = db->Prepare(
      "SELECT a.name, k.kind, sum(k.records) FROM tenant t JOIN agent a USING (tenant_id) JOIN unit u USING (agent_id)"
      " JOIN unit_kind k USING (unit_id) WHERE t.name = ? AND k.records > 0 GROUP BY a.name, k.kind ORDER BY 1, 2");
  rows.Text(tenant);
  std::vector<Store::KindCount> counts;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return counts;
    counts.push_back({std::string(rows.ColumnText(0)), static_cast<int>(rows.ColumnInt(1)), rows.ColumnUnsigned(2)});
  }
}

}  // namespace rollcall
