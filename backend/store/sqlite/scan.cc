#include "backend/store/sqlite/scan.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "backend/store/scan_cursor.h"
#include "backend/store/sqlite/agents.h"
#include "backend/store/sqlite/row_values.h"
#include "backend/store/sqlite/units.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// A unit whose rows are read.
struct UnitRow {
  UnitIds ids;
  AgentName agent;
  std::string collector;
  int scope_type = 0;
  std::string scope_id;
  int64_t last_complete_at = kNeverComplete;

  auto Position() const { return std::tie(agent.agent_id, collector, scope_type, scope_id); }
};

constexpr char kAllUnits[] =
    "SELECT a.name, u.tenant_id, u.agent_id, u.unit_id, u.collector, u.scope_type, u.scope_id,"
    " ifnull(u.last_complete_at, -9223372036854775808)"
    " FROM tenant t JOIN agent a USING (tenant_id) JOIN unit u USING (agent_id)"
    " WHERE t.name = ? AND a.name >= ? ORDER BY a.name, u.collector, u.scope_type, u.scope_id";
constexpr char kUnitsOfAgent[] =
    "SELECT a.name, u.tenant_id, u.agent_id, u.unit_id, u.collector, u.scope_type, u.scope_id,"
    " ifnull(u.last_complete_at, -9223372036854775808)"
    " FROM tenant t JOIN agent a USING (tenant_id) JOIN unit u USING (agent_id)"
    " WHERE t.name = ? AND a.name = ? ORDER BY a.name, u.collector, u.scope_type, u.scope_id";

UnitRow UnitFromRow(const Statement& row, absl::string_view tenant) {
  UnitRow unit;
  unit.agent = {std::string(tenant), std::string(row.ColumnText(0))};
  unit.ids = {row.ColumnInt(1), row.ColumnInt(2), row.ColumnInt(3)};
  unit.collector = std::string(row.ColumnText(4));
  unit.scope_type = static_cast<int>(row.ColumnInt(5));
  unit.scope_id = std::string(row.ColumnText(6));
  unit.last_complete_at = row.ColumnInt(7);
  return unit;
}

// Calls `visit(unit)` for the units of the tenant's agents from `from_agent` on, or of one agent,
// in scan order, until it gives false.
template <typename Visit>
absl::Status ForEachUnit(Connection* db, const char* sql, absl::string_view tenant, absl::string_view agent,
                         Visit visit) {
  Statement rows = db->Prepare(sql);
  rows.Text(tenant).Text(agent);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    ROLLCALL_ASSIGN_OR_RETURN(const bool go_on, visit(UnitFromRow(rows, tenant)));
    if (!go_on) return absl::OkStatus();
  }
}

// Columns of a version of that table, in the order VersionFromRow reads them. A current row has no end. first_seen is
// written once; versions it may have counted were deleted since.
#define ROLLCALL_COLUMNS(table)                                                                                 \
  "kind, asset_key, fingerprint, collected_at, received_at, CASE WHEN first_seen >= valid_from THEN first_seen" \
  " ELSE max(first_seen, min(valid_from, ifnull((SELECT o.valid_from FROM version o WHERE o.tenant_id = ?1"     \
  " AND o.agent_id = ?2 AND o.unit_id = ?3 AND o.kind = " table ".kind AND o.asset_key = " table                \
  ".asset_key"                                                                                                  \
  " ORDER BY o.valid_from LIMIT 1), valid_from))) END, valid_from, clock_suspect, collector_version, payload"
#define ROLLCALL_CURRENT "SELECT " ROLLCALL_COLUMNS("record") ", max(valid_from, ?4), NULL, 0 FROM record"
#define ROLLCALL_PAST "SELECT " ROLLCALL_COLUMNS("version") ", last_seen, ended_at, end_reason FROM version"
#define ROLLCALL_UNIT " WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3"
// After (?5, ?6), and up to kind ?7.
#define ROLLCALL_RANGE ROLLCALL_UNIT " AND (kind, asset_key) > (?5, ?6) AND kind <= ?7"

constexpr char kScanCurrent[] = ROLLCALL_CURRENT ROLLCALL_RANGE " ORDER BY kind, asset_key LIMIT ?8";
constexpr char kScanAt[] =
    ROLLCALL_CURRENT ROLLCALL_RANGE " AND valid_from <= ?9 UNION ALL " ROLLCALL_PAST ROLLCALL_RANGE
                                    " AND valid_from <= ?9 AND ended_at > ?9 ORDER BY kind, asset_key LIMIT ?8";
constexpr char kHistory[] =
    ROLLCALL_CURRENT ROLLCALL_UNIT " AND kind = ?5 AND asset_key = ?6 UNION ALL " ROLLCALL_PAST ROLLCALL_UNIT
                                   " AND kind = ?5 AND asset_key = ?6 ORDER BY valid_from";
constexpr char kKeys[] = "SELECT asset_key FROM record" ROLLCALL_UNIT
                         " AND kind = ?4 AND asset_key BETWEEN ?5 AND ?6"
                         " UNION SELECT asset_key FROM version" ROLLCALL_UNIT
                         " AND kind = ?4 AND asset_key BETWEEN ?5 AND ?6"
                         " ORDER BY 1 LIMIT ?7";

absl::StatusOr<StoredVersion> VersionFromRow(const Statement& row, const UnitRow& unit) {
  StoredVersion version;
  version.agent = unit.agent;
  version.collector = unit.collector;
  version.kind = static_cast<int>(row.ColumnInt(0));
  ROLLCALL_RETURN_IF_ERROR(row.ColumnBytes(1, &version.asset_key));
  ROLLCALL_RETURN_IF_ERROR(row.ColumnBytes(2, &version.fingerprint));
  version.collected_at = FromNanos(row.ColumnInt(3));
  version.received_at = FromNanos(row.ColumnInt(4));
  version.first_seen = FromNanos(row.ColumnInt(5));
  version.valid_from = FromNanos(row.ColumnInt(6));
  version.clock_suspect = row.ColumnInt(7) != 0;
  version.collector_version = std::string(row.ColumnText(8));
  version.payload = std::string(row.ColumnBlob(9));
  version.last_seen = FromNanos(row.ColumnInt(10));
  if (!row.ColumnIsNull(11)) version.ended_at = FromNanos(row.ColumnInt(11));
  version.end_reason = static_cast<pb::StoredRecord::EndReason>(row.ColumnInt(12));
  return version;
}

Statement& BindUnit(Statement& statement, const UnitRow& unit) {
  return statement.Int(unit.ids.tenant_id).Int(unit.ids.agent_id).Int(unit.ids.unit_id);
}

// Reads the pages of a scan: the rest of the cursor's unit, then the units after it.
class Scanner {
 public:
  Scanner(Connection* db, const ScanQuery& query, std::optional<ScanCursor> cursor, size_t limit)
      : db_(db), query_(query), cursor_(std::move(cursor)), limit_(limit) {}

  absl::StatusOr<ScanPage> Run() {
    const auto visit = [this](const UnitRow& unit) { return ReadUnit(unit); };
    if (query_.agent_ids.empty()) {
      const std::string from = cursor_.has_value() ? cursor_->agent_id : "";
      ROLLCALL_RETURN_IF_ERROR(ForEachUnit(db_, kAllUnits, query_.tenant, from, visit));
    }
    for (const std::string& agent : std::set<std::string>(query_.agent_ids.begin(), query_.agent_ids.end())) {
      if (cursor_.has_value() && agent < cursor_->agent_id) continue;
      if (!page_.next_cursor.empty()) break;
      ROLLCALL_RETURN_IF_ERROR(ForEachUnit(db_, kUnitsOfAgent, query_.tenant, agent, visit));
    }
    return std::move(page_);
  }

 private:
  // False when the page is full.
  absl::StatusOr<bool> ReadUnit(const UnitRow& unit) {
    int after_kind = query_.kind - 1;
    std::string after_key(sizeof(AssetKey) + 1, '\xff');  // behind every key of that kind
    if (cursor_.has_value()) {
      const auto position = std::tie(cursor_->agent_id, cursor_->collector, cursor_->scope_type, cursor_->scope_id);
      if (unit.Position() < position) return true;
      if (unit.Position() == position && cursor_->kind >= query_.kind) {
        after_kind = cursor_->kind;
        after_key.assign(reinterpret_cast<const char*>(cursor_->asset_key.data()), cursor_->asset_key.size());
      }
    }
    const int up_to_kind = query_.kind != 0 ? query_.kind : std::numeric_limits<int>::max();
    // One more than fits tells whether the page is the last.
    const size_t wanted = limit_ - page_.versions.size() + 1;
    Statement rows = db_->Prepare(query_.at.has_value() ? kScanAt : kScanCurrent);
    BindUnit(rows, unit).Int(unit.last_complete_at).Int(after_kind).Blob(after_key).Int(up_to_kind);
    rows.Int(static_cast<int64_t>(wanted));
    if (query_.at.has_value()) rows.Int(ToNanos(*query_.at));
    while (true) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
      if (!row) return true;
      if (page_.versions.size() == limit_) {
        page_.next_cursor = EncodeScanCursor(last_);
        return false;
      }
      ROLLCALL_ASSIGN_OR_RETURN(StoredVersion version, VersionFromRow(rows, unit));
      last_ = {unit.agent.agent_id, unit.collector, unit.scope_type, unit.scope_id, version.kind, version.asset_key};
      page_.versions.push_back(std::move(version));
    }
  }

  Connection* const db_;
  const ScanQuery& query_;
  const std::optional<ScanCursor> cursor_;
  const size_t limit_;
  ScanPage page_;
  ScanCursor last_;
};

// Kinds the unit has or had.
absl::StatusOr<std::vector<int>> KindsOf(Connection* db, const UnitRow& unit) {
  Statement rows = db->Prepare("SELECT kind FROM unit_kind WHERE unit_id = ?");
  rows.Int(unit.ids.unit_id);
  std::vector<int> kinds;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return kinds;
    kinds.push_back(static_cast<int>(rows.ColumnInt(0)));
  }
}

// Smallest and largest key that begins with the digits.
std::pair<std::string, std::string> KeyRange(absl::string_view prefix) {
  std::string low(prefix);
  std::string high(prefix);
  low.resize(2 * sizeof(AssetKey), '0');
  high.resize(2 * sizeof(AssetKey), 'f');
  return {absl::HexStringToBytes(low), absl::HexStringToBytes(high)};
}

}  // namespace

absl::StatusOr<ScanPage> ScanVersions(Connection* db, const ScanQuery& query, absl::string_view cursor, size_t limit) {
  if (limit == 0) return absl::InvalidArgumentError("limit is 0");
  ROLLCALL_ASSIGN_OR_RETURN(std::optional<ScanCursor> from, DecodeScanCursor(cursor));
  return Scanner(db, query, std::move(from), limit).Run();
}

absl::StatusOr<std::vector<AssetKey>> ReadAssetKeys(Connection* db, absl::string_view tenant, absl::string_view prefix,
                                                    size_t limit) {
  if (prefix.size() > 2 * sizeof(AssetKey) || !std::all_of(prefix.begin(), prefix.end(), absl::ascii_isxdigit)) {
    return absl::InvalidArgumentError("prefix is not 0 to 32 hex digits");
  }
  const auto [low, high] = KeyRange(prefix);
  std::set<AssetKey> keys;
  const auto read_unit = [&, &low = low, &high = high](const UnitRow& unit) -> absl::StatusOr<bool> {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<int> kinds, KindsOf(db, unit));
    for (const int kind : kinds) {
      Statement rows = db->Prepare(kKeys);
      BindUnit(rows, unit).Int(kind).Blob(low).Blob(high).Int(static_cast<int64_t>(limit));
      while (true) {
        ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
        if (!row) break;
        AssetKey key;
        ROLLCALL_RETURN_IF_ERROR(rows.ColumnBytes(0, &key));
        keys.insert(key);
      }
      while (keys.size() > limit) keys.erase(std::prev(keys.end()));
    }
    return true;
  };
  ROLLCALL_RETURN_IF_ERROR(ForEachUnit(db, kAllUnits, tenant, "", read_unit));
  return std::vector<AssetKey>(keys.begin(), keys.end());
}

absl::StatusOr<std::vector<StoredVersion>> ReadHistory(Connection* db, absl::string_view tenant, const AssetKey& key) {
  std::vector<StoredVersion> versions;
  const auto read_unit = [&](const UnitRow& unit) -> absl::StatusOr<bool> {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<int> kinds, KindsOf(db, unit));
    for (const int kind : kinds) {
      Statement rows = db->Prepare(kHistory);
      BindUnit(rows, unit).Int(unit.last_complete_at).Int(kind).Bytes(key);
      while (true) {
        ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
        if (!row) break;
        ROLLCALL_ASSIGN_OR_RETURN(StoredVersion version, VersionFromRow(rows, unit));
        versions.push_back(std::move(version));
      }
    }
    return true;
  };
  ROLLCALL_RETURN_IF_ERROR(ForEachUnit(db, kAllUnits, tenant, "", read_unit));
  std::stable_sort(versions.begin(), versions.end(),
                   [](const StoredVersion& a, const StoredVersion& b) { return a.valid_from < b.valid_from; });
  return versions;
}

}  // namespace rollcall
