#include "backend/store/sqlite/retract.h"

#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "backend/store/retracted_run.h"
#include "backend/store/sqlite/row_values.h"
#include "backend/store/sqlite/units.h"
#include "platform/status_macros.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

// Records of one version of a unit's collector.
#define ROLLCALL_WRITTEN_BY \
  " FROM record WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3 AND collector_version = ?4"

constexpr char kCount[] = "SELECT count(*)" ROLLCALL_WRITTEN_BY;
constexpr char kRead[] = "SELECT kind, asset_key, fingerprint" ROLLCALL_WRITTEN_BY;
// As RecordWriter does: last seen with the unit's last COMPLETE run (?5), never ended before that (?6) and
// never at its very beginning.
constexpr char kCopy[] =
    "INSERT INTO version SELECT tenant_id, agent_id, unit_id, kind, asset_key, valid_from, fingerprint, collected_at,"
    " received_at, first_seen, clock_suspect, collector_version, payload, max(valid_from, ?5),"
    " max(?6, ?5, valid_from + 1), ?7" ROLLCALL_WRITTEN_BY;
constexpr char kDelete[] = "DELETE" ROLLCALL_WRITTEN_BY;

#undef ROLLCALL_WRITTEN_BY

Statement& Bind(Statement& statement, const UnitState& unit, absl::string_view collector_version) {
  const UnitIds& ids = unit.ids;
  return statement.Int(ids.tenant_id).Int(ids.agent_id).Int(ids.unit_id).Text(collector_version);
}

// Takes the records out of the unit's digest, which has no samples, and out of its counts. Returns how many
// there are.
absl::StatusOr<uint64_t> Discount(Connection* db, absl::string_view collector_version, UnitState* unit) {
  std::map<int, int64_t> kinds;
  uint64_t count = 0;
  {
    Statement rows = db->Prepare(kRead);
    Bind(rows, *unit, collector_version);
    while (true) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
      if (!row) break;
      AssetKey key;
      Fingerprint fingerprint;
      ROLLCALL_RETURN_IF_ERROR(rows.ColumnBytes(1, &key));
      ROLLCALL_RETURN_IF_ERROR(rows.ColumnBytes(2, &fingerprint));
      const int kind = static_cast<int>(rows.ColumnInt(0));
      if (!IsSampleKind(kind)) unit->digest.Remove(key, fingerprint);
      ++kinds[kind];
      ++count;
    }
  }
  for (const auto& [kind, records] : kinds) {
    ROLLCALL_RETURN_IF_ERROR(AddToKindCount(db, unit->ids.unit_id, kind, -records));
  }
  return count;
}

}  // namespace

absl::StatusOr<uint64_t> CountRecordsWrittenBy(Connection* db, const UnitName& name,
                                               absl::string_view collector_version) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<ReportedUnit> reported, FindReportedUnit(db, name));
  if (!reported.has_value()) return 0;
  Statement row = db->Prepare(kCount);
  ROLLCALL_RETURN_IF_ERROR(Bind(row, reported->state, collector_version).Step().status());
  return row.ColumnUnsigned(0);
}

absl::StatusOr<uint64_t> RetractRecords(Connection* db, const UnitName& name, absl::string_view collector_version,
                                        absl::Time at) {
  ROLLCALL_ASSIGN_OR_RETURN(std::optional<ReportedUnit> reported, FindReportedUnit(db, name));
  if (!reported.has_value()) return 0;
  UnitState& unit = reported->state;
  const SetDigest whole = unit.digest;
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t count, Discount(db, collector_version, &unit));
  if (count == 0) return 0;
  Statement copy = db->Prepare(kCopy);
  ROLLCALL_RETURN_IF_ERROR(Bind(copy, unit, collector_version)
                               .Int(unit.last_complete_at)
                               .Int(ToNanos(at))
                               .Int(pb::StoredRecord::RETRACTED)
                               .Run());
  Statement remove = db->Prepare(kDelete);
  ROLLCALL_RETURN_IF_ERROR(Bind(remove, unit, collector_version).Run());
  const uint64_t missing = whole.count() - unit.digest.count();
  if (missing > 0) NoteRetraction(collector_version, missing, &reported->last_run);
  ROLLCALL_RETURN_IF_ERROR(UpdateUnit(db, unit, reported->last_run, reported->last_run_received_at));
  return count;
}

}  // namespace rollcall
