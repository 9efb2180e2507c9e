#include "backend/store/sqlite/record_writer.h"

#include <algorithm>
#include <vector>

#include "backend/store/run_time.h"
#include "backend/store/sqlite/row_values.h"
#include "platform/status_macros.h"
#include "proto/kind_registry.h"

namespace rollcall {

RecordWriter::RecordWriter(Connection* db, UnitState* unit, const pb::RunResult& result, absl::Time received_at)
    : db_(db),
      unit_(unit),
      collector_version_(result.collector_version()),
      received_at_(ToNanos(received_at)),
      run_time_(ToNanos(RunTime(result, received_at))),
      starts_empty_(unit->digest.count() == 0) {}

Statement& RecordWriter::BindKey(Statement& statement, int kind, const AssetKey& key) const {
  const UnitIds& ids = unit_->ids;
  return statement.Int(ids.tenant_id).Int(ids.agent_id).Int(ids.unit_id).Int(kind).Bytes(key);
}

absl::Status RecordWriter::Found(const PreparedRecord& record) {
  if (IsSampleKind(record.kind)) return FoundSample(record);
  if (!found_.insert(record.asset_key).second) return absl::OkStatus();
  std::optional<Current> old;
  if (!starts_empty_) {
    ROLLCALL_ASSIGN_OR_RETURN(old, ReadCurrent(record.kind, record.asset_key));
  }
  if (!old.has_value()) {
    ROLLCALL_RETURN_IF_ERROR(Insert(record));
  } else {
    if (old->fingerprint == record.fingerprint) return absl::OkStatus();
    ROLLCALL_RETURN_IF_ERROR(Replace(record, *old));
    unit_->digest.Remove(record.asset_key, old->fingerprint);
  }
  unit_->digest.Add(record.asset_key, record.fingerprint);
  return absl::OkStatus();
}

absl::Status RecordWriter::FoundSample(const PreparedRecord& record) {
  // What the run has of one asset before is looked for among the rows.
  ROLLCALL_RETURN_IF_ERROR(Flush());
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<Current> latest, ReadCurrent(record.kind, record.asset_key));
  if (!latest.has_value()) return Insert(record);
  if (latest->fingerprint == record.fingerprint) return absl::OkStatus();
  if (ToNanos(record.collected_at) < latest->valid_from) return InsertPastSample(record, *latest);
  return Replace(record, *latest);
}

absl::Status RecordWriter::InsertPastSample(const PreparedRecord& record, const Current& successor) {
  const int64_t collected_at = ToNanos(record.collected_at);
  // What came late is of an instant, within the version of that time. The first of an instant counts.
  Statement insert = db_->Prepare(
      "INSERT OR IGNORE INTO version VALUES (?1, ?2, ?3, ?4, ?5, ?8, ?6, ?8, ?7, ?9, ?10, ?11, ?12, ?8, ?13, ?14)");
  ROLLCALL_RETURN_IF_ERROR(BindKey(insert, record.kind, record.asset_key)
                               .Bytes(record.fingerprint)
                               .Int(received_at_)
                               .Int(collected_at)
                               .Int(std::min(successor.first_seen, collected_at))
                               .Int(record.clock_suspect ? 1 : 0)
                               .Text(collector_version_)
                               .Blob(record.payload)
                               .Int(collected_at + 1)
                               .Int(pb::StoredRecord::CHANGED)
                               .Run());
  has_history_ = true;
  ++inserted_;
  return absl::OkStatus();
}

absl::Status RecordWriter::Missed(const AssetKey& key) {
  if (found_.contains(key)) return absl::OkStatus();
  std::vector<int> kinds;
  {
    Statement rows = db_->Prepare("SELECT kind FROM unit_kind WHERE unit_id = ? AND records > 0");
    rows.Int(unit_->ids.unit_id);
    while (true) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
      if (!row) break;
      kinds.push_back(static_cast<int>(rows.ColumnInt(0)));
    }
  }
  for (const int kind : kinds) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<Current> old, ReadCurrent(kind, key));
    if (old.has_value()) return Retire(key, *old);
  }
  return absl::OkStatus();
}

absl::Status RecordWriter::MissedAllOthers() {
  // The digest counts what the unit has now, but for samples, which nobody misses: if the run found
  // as many, it found them all.
  if (unit_->digest.count() == found_.size()) return absl::OkStatus();
  std::vector<std::pair<AssetKey, Current>> missed;
  {
    Statement rows = db_->Prepare(
        "SELECT kind, asset_key, fingerprint, first_seen, valid_from FROM record"
        " WHERE tenant_id = ? AND agent_id = ? AND unit_id = ?");
    rows.Int(unit_->ids.tenant_id).Int(unit_->ids.agent_id).Int(unit_->ids.unit_id);
    while (true) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
      if (!row) break;
      AssetKey key;
      ROLLCALL_RETURN_IF_ERROR(rows.ColumnBytes(1, &key));
      if (found_.contains(key)) continue;
      Current current;
      current.kind = static_cast<int>(rows.ColumnInt(0));
      if (IsSampleKind(current.kind)) continue;
      ROLLCALL_RETURN_IF_ERROR(rows.ColumnBytes(2, &current.fingerprint));
      current.first_seen = rows.ColumnInt(3);
      current.valid_from = rows.ColumnInt(4);
      missed.emplace_back(key, current);
    }
  }
  for (const auto& [key, current] : missed) ROLLCALL_RETURN_IF_ERROR(Retire(key, current));
  return absl::OkStatus();
}

absl::Status RecordWriter::Finish() {
  for (const auto& [kind, difference] : kind_differences_) {
    ROLLCALL_RETURN_IF_ERROR(AddToKindCount(db_, unit_->ids.unit_id, kind, difference));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RecordWriter::Current>> RecordWriter::ReadCurrent(int kind, const AssetKey& key) {
  Statement row = db_->Prepare(
      "SELECT fingerprint, first_seen, valid_from FROM record"
      " WHERE tenant_id = ? AND agent_id = ? AND unit_id = ? AND kind = ? AND asset_key = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, BindKey(row, kind, key).Step());
  if (!found) return std::optional<Current>();
  Current current;
  current.kind = kind;
  ROLLCALL_RETURN_IF_ERROR(row.ColumnBytes(0, &current.fingerprint));
  current.first_seen = row.ColumnInt(1);
  current.valid_from = row.ColumnInt(2);
  return std::optional<Current>(current);
}

absl::StatusOr<std::optional<RecordWriter::Past>> RecordWriter::ReadPast(int kind, const AssetKey& key) {
  if (!has_history_.has_value()) {
    ROLLCALL_ASSIGN_OR_RETURN(has_history_, UnitHasHistory());
  }
  if (!*has_history_) return std::optional<Past>();
  Statement row = db_->Prepare(
      "SELECT first_seen, ended_at FROM version WHERE tenant_id = ? AND agent_id = ? AND unit_id = ? AND kind = ?"
      " AND asset_key = ? ORDER BY valid_from DESC LIMIT 1");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, BindKey(row, kind, key).Step());
  if (!found) return std::optional<Past>();
  return std::optional<Past>(Past{row.ColumnInt(0), row.ColumnInt(1)});
}

absl::StatusOr<bool> RecordWriter::UnitHasHistory() {
  Statement row = db_->Prepare("SELECT 1 FROM version WHERE tenant_id = ? AND agent_id = ? AND unit_id = ? LIMIT 1");
  return row.Int(unit_->ids.tenant_id).Int(unit_->ids.agent_id).Int(unit_->ids.unit_id).Step();
}

absl::Status RecordWriter::Flush() {
  if (new_rows_.empty()) return absl::OkStatus();
  const UnitIds& ids = unit_->ids;
  // A row that fails ends the transaction with all before it: SQLite need not be ready to take these back alone.
  Statement insert = db_->Prepare(
      "INSERT OR FAIL INTO record SELECT ?1, ?2, ?3, kind, asset_key, fingerprint, collected_at, ?4, first_seen,"
      " valid_from, clock_suspect, ?5, payload FROM prepared_rows(?6)");
  insert.Int(ids.tenant_id).Int(ids.agent_id).Int(ids.unit_id).Int(received_at_).Text(collector_version_);
  ROLLCALL_RETURN_IF_ERROR(insert.Pointer(&new_rows_, kPreparedRowsPointer).Run());
  new_rows_.clear();
  return absl::OkStatus();
}

absl::Status RecordWriter::Insert(const PreparedRecord& record) {
  int64_t valid_from = ToNanos(record.collected_at);
  int64_t first_seen = valid_from;
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<Past> past, ReadPast(record.kind, record.asset_key));
  if (past.has_value()) {
    valid_from = std::max(valid_from, past->ended_at);
    first_seen = past->first_seen;
  }
  new_rows_.push_back({&record, first_seen, valid_from});
  ++kind_differences_[record.kind];
  ++inserted_;
  return absl::OkStatus();
}

absl::Status RecordWriter::Replace(const PreparedRecord& record, const Current& old) {
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t valid_from, CopyToHistory(record.asset_key, old, ToNanos(record.collected_at),
                                                                    pb::StoredRecord::CHANGED));
  Statement update = db_->Prepare(
      "UPDATE record SET fingerprint = ?6, collected_at = ?7, received_at = ?8, valid_from = ?9, clock_suspect = ?10,"
      " collector_version = ?11, payload = ?12"
      " WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3 AND kind = ?4 AND asset_key = ?5");
  ROLLCALL_RETURN_IF_ERROR(BindKey(update, record.kind, record.asset_key)
                               .Bytes(record.fingerprint)
                               .Int(ToNanos(record.collected_at))
                               .Int(received_at_)
                               .Int(valid_from)
                               .Int(record.clock_suspect ? 1 : 0)
                               .Text(collector_version_)
                               .Blob(record.payload)
                               .Run());
  ++changed_;
  return absl::OkStatus();
}

absl::Status RecordWriter::Retire(const AssetKey& key, const Current& old) {
  ROLLCALL_RETURN_IF_ERROR(CopyToHistory(key, old, run_time_, pb::StoredRecord::GONE).status());
  Statement remove = db_->Prepare(
      "DELETE FROM record WHERE tenant_id = ? AND agent_id = ? AND unit_id = ? AND kind = ? AND asset_key = ?");
  ROLLCALL_RETURN_IF_ERROR(BindKey(remove, old.kind, key).Run());
  unit_->digest.Remove(key, old.fingerprint);
  --kind_differences_[old.kind];
  ++retired_;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> RecordWriter::CopyToHistory(const AssetKey& key, const Current& old, int64_t ended_at,
                                                    pb::StoredRecord::EndReason reason) {
  const int64_t last_seen = std::max(old.valid_from, unit_->last_complete_at);
  // A version never ends before it was last seen and never at its very beginning, whatever the clocks say.
  const int64_t end = std::max({ended_at, last_seen, old.valid_from + 1});
  Statement copy = db_->Prepare(
      "INSERT INTO version SELECT tenant_id, agent_id, unit_id, kind, asset_key, valid_from, fingerprint, collected_at,"
      " received_at, first_seen, clock_suspect, collector_version, payload, ?6, ?7, ?8 FROM record"
      " WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3 AND kind = ?4 AND asset_key = ?5");
  ROLLCALL_RETURN_IF_ERROR(BindKey(copy, old.kind, key).Int(last_seen).Int(end).Int(reason).Run());
  has_history_ = true;
  return end;
}

}  // namespace rollcall
