#include "backend/store/sqlite/purge.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/bucket_unit.h"
#include "backend/store/sqlite/buckets.h"
#include "backend/store/sqlite/residue.h"
#include "backend/store/sqlite/row_values.h"
#include "backend/store/sqlite/staged_parts.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

#define ROLLCALL_ASSET " WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3 AND kind = ?4 AND asset_key = ?5"
// A version of that name with other facts is another one.
#define ROLLCALL_VERSION ROLLCALL_ASSET " AND valid_from = ?6"
#define ROLLCALL_AS_GIVEN ROLLCALL_VERSION " AND fingerprint = ?7 AND received_at = ?8"

constexpr char kDeleteCurrent[] =
    "DELETE FROM record" ROLLCALL_AS_GIVEN " AND max(valid_from, ?9) = ?10 RETURNING length(payload)";
constexpr char kDeletePast[] =
    "DELETE FROM version" ROLLCALL_AS_GIVEN " AND last_seen = ?9 AND ended_at = ?10 RETURNING length(payload)";
constexpr char kIsThere[] = "SELECT 1 FROM version" ROLLCALL_VERSION " UNION ALL SELECT 1 FROM record" ROLLCALL_VERSION;

#undef ROLLCALL_AS_GIVEN
#undef ROLLCALL_VERSION
#undef ROLLCALL_ASSET

// The bytes of the payload that was deleted; unset if the row is not there as given.
absl::StatusOr<std::optional<uint64_t>> DeleteAsGiven(Connection* db, const BucketUnit& unit,
                                                      const StoredVersion& version) {
  Statement remove = db->Prepare(version.ended_at.has_value() ? kDeletePast : kDeleteCurrent);
  unit.BindKey(remove, version).Int(ToNanos(version.valid_from)).Bytes(version.fingerprint);
  remove.Int(ToNanos(version.received_at));
  if (version.ended_at.has_value()) {
    remove.Int(ToNanos(version.last_seen)).Int(ToNanos(*version.ended_at));
  } else {
    remove.Int(unit.last_complete_at()).Int(ToNanos(version.last_seen));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const bool deleted, remove.Step());
  if (!deleted) return std::optional<uint64_t>();
  const uint64_t bytes = remove.ColumnUnsigned(0);
  ROLLCALL_RETURN_IF_ERROR(remove.Run());
  return std::optional<uint64_t>(bytes);
}

absl::StatusOr<bool> IsThere(Connection* db, const BucketUnit& unit, const StoredVersion& version) {
  Statement row = db->Prepare(kIsThere);
  return unit.BindKey(row, version).Int(ToNanos(version.valid_from)).Step();
}

absl::Status DeleteRow(Connection* db, const BucketRef& bucket, const BucketRow& row, BucketUnit* unit,
                       DeleteOutcome* outcome) {
  const StoredVersion& version = row.version;
  std::optional<uint64_t> bytes;
  if (unit->service() == bucket.key.hosting_service) {
    ROLLCALL_ASSIGN_OR_RETURN(bytes, DeleteAsGiven(db, *unit, version));
  }
  if (bytes.has_value()) {
    ++outcome->deleted;
    outcome->bytes += *bytes;
    if (!version.ended_at.has_value()) unit->Remove(version);
    return absl::OkStatus();
  }
  ROLLCALL_ASSIGN_OR_RETURN(const bool there, IsThere(db, *unit, version));
  ++(there ? outcome->changed : outcome->absent);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRow(const BucketRef& bucket, const BucketRow& row) {
  const StoredVersion& version = row.version;
  if (version.agent.tenant == bucket.tenant && CategoryOf(version.kind) == bucket.key.category &&
      DayRange::Of(bucket).Contains(ToNanos(version.last_seen))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("a row is not of the bucket");
}

absl::StatusOr<DeleteOutcome> DeleteBucketRows(Connection* db, const BucketRef& bucket, uint64_t fence,
                                               absl::Span<const BucketRow> rows, absl::FunctionRef<bool()> go_on) {
  if (rows.size() > kMaxBucketRows) return absl::InvalidArgumentError("more rows than fit one transaction");
  ROLLCALL_RETURN_IF_ERROR(PassFence(db, bucket.tenant, fence));
  DeleteOutcome outcome;
  std::unique_ptr<BucketUnit> unit;
  for (const BucketRow& row : rows) {
    ROLLCALL_RETURN_IF_ERROR(CheckRow(bucket, row));
    if (unit == nullptr || !unit->Has(row)) {
      if (unit != nullptr) ROLLCALL_RETURN_IF_ERROR(unit->Finish(db, true));
      ROLLCALL_ASSIGN_OR_RETURN(unit, BucketUnit::Find(db, row));
    }
    if (unit != nullptr) {
      ROLLCALL_RETURN_IF_ERROR(DeleteRow(db, bucket, row, unit.get(), &outcome));
    } else {
      ++outcome.absent;
    }
    ++outcome.handled;
    if (!go_on()) break;
  }
  if (unit != nullptr) ROLLCALL_RETURN_IF_ERROR(unit->Finish(db, true));
  if (outcome.deleted > 0) ROLLCALL_RETURN_IF_ERROR(NoteDeletion(db));
  return outcome;
}

absl::StatusOr<std::vector<StagedRun>> FindStagedRuns(Connection* db, const BucketRef& bucket) {
  const DayRange days = DayRange::Of(bucket);
  Statement parts = db->Prepare(
      "SELECT a.hosting_service, s.unit_id, s.run, s.body FROM tenant t JOIN agent a USING (tenant_id)"
      " JOIN unit u USING (agent_id) JOIN staged_part s USING (unit_id) WHERE t.name = ?");
  parts.Text(bucket.tenant);
  std::vector<StagedRun> runs;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, parts.Step());
    if (!row) return runs;
    if (ServiceOf(parts.ColumnText(0)) != bucket.key.hosting_service) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const PartBody body, DecodePart(parts.ColumnBlob(3)));
    const bool touched = std::any_of(body.records.begin(), body.records.end(), [&](const PreparedRecord& record) {
      return days.Contains(ToNanos(record.collected_at)) && CategoryOf(record.kind) == bucket.key.category;
    });
    if (touched) runs.push_back({parts.ColumnInt(1), std::string(parts.ColumnBlob(2))});
  }
}

absl::StatusOr<uint64_t> DropStagedRuns(Connection* db, const std::vector<StagedRun>& runs) {
  const int64_t before = db->total_changes();
  for (const StagedRun& run : runs) {
    Statement drop = db->Prepare("DELETE FROM staged_part WHERE unit_id = ? AND run = ?");
    ROLLCALL_RETURN_IF_ERROR(drop.Int(run.unit_id).Blob(run.run).Run());
  }
  const auto dropped = static_cast<uint64_t>(db->total_changes() - before);
  if (dropped > 0) ROLLCALL_RETURN_IF_ERROR(NoteDeletion(db));
  return dropped;
}

}  // namespace rollcall
