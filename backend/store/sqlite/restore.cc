#include "backend/store/sqlite/restore.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/bucket_unit.h"
#include "backend/store/sqlite/purge.h"
#include "backend/store/sqlite/row_values.h"
#include "platform/status_macros.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

#define ROLLCALL_ASSET " WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3 AND kind = ?4 AND asset_key = ?5"
#define ROLLCALL_FACTS "fingerprint, collected_at, received_at, clock_suspect, collector_version, payload"

// The version that began then. ?7 is when its unit was last seen.
constexpr char kThere[] = "SELECT " ROLLCALL_FACTS ", last_seen, ended_at, end_reason FROM version" ROLLCALL_ASSET
                          " AND valid_from = ?6"
                          " UNION ALL SELECT " ROLLCALL_FACTS
                          ", max(valid_from, ?7), NULL, 0 FROM record" ROLLCALL_ASSET " AND valid_from = ?6";
// When the past version before it ended, when the one after it began, and when the current one began.
constexpr char kNeighbours[] = "SELECT (SELECT ended_at FROM version" ROLLCALL_ASSET
                               " AND valid_from < ?6 ORDER BY valid_from DESC LIMIT 1),"
                               " (SELECT valid_from FROM version" ROLLCALL_ASSET
                               " AND valid_from > ?6 ORDER BY valid_from LIMIT 1),"
                               " (SELECT valid_from FROM record" ROLLCALL_ASSET ")";
constexpr char kInsertCurrent[] = "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?7, ?8, ?9, ?12, ?6, ?10, ?11, ?13)";
constexpr char kInsertPast[] =
    "INSERT INTO version VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?12, ?10, ?11, ?13, ?14, ?15, ?16)";

#undef ROLLCALL_FACTS
#undef ROLLCALL_ASSET

absl::Status Refused(absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("a version cannot be put back: ", why));
}

// Whether the row of kThere is what was kept. A version that was current may have been seen again since, or have
// ended.
bool IsSame(const Statement& there, const StoredVersion& kept) {
  const absl::string_view fingerprint(reinterpret_cast<const char*>(kept.fingerprint.data()), kept.fingerprint.size());
  const bool same_content = there.ColumnBlob(0) == fingerprint && there.ColumnInt(1) == ToNanos(kept.collected_at) &&
                            there.ColumnInt(2) == ToNanos(kept.received_at) &&
                            (there.ColumnInt(3) != 0) == kept.clock_suspect &&
                            there.ColumnText(4) == kept.collector_version && there.ColumnBlob(5) == kept.payload;
  if (!kept.ended_at.has_value()) return same_content && there.ColumnInt(6) >= ToNanos(kept.last_seen);
  return same_content && !there.ColumnIsNull(7) && there.ColumnInt(6) == ToNanos(kept.last_seen) &&
         there.ColumnInt(7) == ToNanos(*kept.ended_at) && there.ColumnInt(8) == kept.end_reason;
}

struct Neighbours {
  std::optional<int64_t> ended_before;
  // The next version, current or past.
  std::optional<int64_t> begins_after;
};

// The neighbours that leave room for a version; FailedPrecondition if they do not.
absl::StatusOr<Neighbours> FindRoom(Connection* db, const BucketUnit& unit, const StoredVersion& version) {
  Statement row = db->Prepare(kNeighbours);
  const int64_t valid_from = ToNanos(version.valid_from);
  ROLLCALL_RETURN_IF_ERROR(unit.BindKey(row, version).Int(valid_from).Step().status());
  Neighbours neighbours;
  if (!row.ColumnIsNull(0)) neighbours.ended_before = row.ColumnInt(0);
  if (!row.ColumnIsNull(1)) neighbours.begins_after = row.ColumnInt(1);
  if (!row.ColumnIsNull(2)) {
    const int64_t current = row.ColumnInt(2);
    if (current < valid_from && !version.ended_at.has_value()) return Refused("an older one is current");
    if (current < valid_from && !IsSampleKind(version.kind)) return Refused("the current one overlaps it");
    if (current > valid_from) neighbours.begins_after = std::min(neighbours.begins_after.value_or(current), current);
  }
  // Samples that came late lie within others.
  if (IsSampleKind(version.kind)) return neighbours;
  const int64_t end = ToNanos(version.ended_at.value_or(version.last_seen));
  if (neighbours.ended_before.value_or(valid_from) > valid_from) return Refused("the one before it overlaps it");
  if (neighbours.begins_after.value_or(end) < end) return Refused("the one after it overlaps it");
  return neighbours;
}

// Facts that both tables have.
Statement& BindVersion(Statement& insert, const BucketUnit& unit, const StoredVersion& version) {
  unit.BindKey(insert, version).Int(ToNanos(version.valid_from)).Bytes(version.fingerprint);
  insert.Int(ToNanos(version.collected_at)).Int(ToNanos(version.received_at)).Int(version.clock_suspect ? 1 : 0);
  return insert.Text(version.collector_version).Int(ToNanos(version.first_seen)).Blob(version.payload);
}

absl::Status InsertPast(Connection* db, const BucketUnit& unit, const StoredVersion& version, int64_t ended_at,
                        pb::StoredRecord::EndReason reason) {
  Statement insert = db->Prepare(kInsertPast);
  return BindVersion(insert, unit, version).Int(ToNanos(version.last_seen)).Int(ended_at).Int(reason).Run();
}

absl::Status InsertCurrent(Connection* db, const StoredVersion& version, const Neighbours& neighbours,
                           BucketUnit* unit) {
  const int64_t valid_from = ToNanos(version.valid_from);
  const int64_t last_seen = ToNanos(version.last_seen);
  if (!neighbours.begins_after.has_value() && std::max(valid_from, unit->last_complete_at()) == last_seen) {
    Statement insert = db->Prepare(kInsertCurrent);
    ROLLCALL_RETURN_IF_ERROR(BindVersion(insert, *unit, version).Run());
    unit->Add(version);
    return absl::OkStatus();
  }
  // As a current row it would have been seen by runs that did not see it.
  const int64_t ended_at = neighbours.begins_after.value_or(unit->last_complete_at());
  return InsertPast(db, *unit, version, std::max({ended_at, last_seen, valid_from + 1}),
                    neighbours.begins_after.has_value() ? pb::StoredRecord::CHANGED : pb::StoredRecord::GONE);
}

absl::Status RestoreRow(Connection* db, const StoredVersion& version, BucketUnit* unit, RestoreOutcome* outcome) {
  {
    Statement there = db->Prepare(kThere);
    unit->BindKey(there, version).Int(ToNanos(version.valid_from)).Int(unit->last_complete_at());
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, there.Step());
    if (found) {
      if (!IsSame(there, version)) return Refused("another one is in its place");
      ++outcome->present;
      return absl::OkStatus();
    }
  }
  ROLLCALL_ASSIGN_OR_RETURN(const Neighbours neighbours, FindRoom(db, *unit, version));
  ++outcome->restored;
  if (!version.ended_at.has_value()) return InsertCurrent(db, version, neighbours, unit);
  return InsertPast(db, *unit, version, ToNanos(*version.ended_at), version.end_reason);
}

}  // namespace

absl::StatusOr<RestoreOutcome> RestoreBucketRows(Connection* db, const BucketRef& bucket, uint64_t fence,
                                                 absl::Span<const BucketRow> rows) {
  if (rows.size() > kMaxBucketRows) return absl::InvalidArgumentError("more rows than fit one transaction");
  ROLLCALL_RETURN_IF_ERROR(PassFence(db, bucket.tenant, fence));
  RestoreOutcome outcome;
  std::unique_ptr<BucketUnit> unit;
  for (const BucketRow& row : rows) {
    ROLLCALL_RETURN_IF_ERROR(CheckRow(bucket, row));
    if (unit == nullptr || !unit->Has(row)) {
      if (unit != nullptr) ROLLCALL_RETURN_IF_ERROR(unit->Finish(db, false));
      ROLLCALL_ASSIGN_OR_RETURN(unit, BucketUnit::Find(db, row));
      if (unit == nullptr) return absl::NotFoundError(absl::StrCat("no unit ", row.version.collector));
      if (unit->service() != bucket.key.hosting_service) return Refused("its agent is of another service now");
    }
    ROLLCALL_RETURN_IF_ERROR(RestoreRow(db, row.version, unit.get(), &outcome));
  }
  if (unit != nullptr) ROLLCALL_RETURN_IF_ERROR(unit->Finish(db, false));
  return outcome;
}

}  // namespace rollcall
