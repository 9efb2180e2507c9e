#include "backend/store/sqlite/apply.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "backend/store/purged_run.h"
#include "backend/store/sqlite/record_writer.h"
#include "backend/store/sqlite/row_values.h"
#include "backend/store/sqlite/staged_parts.h"
#include "backend/store/sqlite/units.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

ApplyOutcome Outcome(const UnitState& unit, ApplyVerdict verdict) {
  ApplyOutcome outcome;
  outcome.verdict = verdict;
  outcome.digest = unit.digest;
  return outcome;
}

ApplyOutcome AskResync(const UnitState& unit, pb::Resync::Cause cause) {
  ApplyOutcome outcome = Outcome(unit, ApplyVerdict::kResync);
  outcome.cause = cause;
  outcome.epoch = unit.epoch;
  return outcome;
}

absl::Status FindRecords(RecordWriter* writer, absl::Span<const PreparedRecord> records) {
  writer->Expect(records.size());
  for (const PreparedRecord& record : records) ROLLCALL_RETURN_IF_ERROR(writer->Found(record));
  return writer->Flush();
}

// Brings all parts of the run to the writer, one at a time.
absl::Status WriteRun(Connection* db, const UnitState& unit, const PreparedBatch& last, const GroupParts& parts,
                      RecordWriter* writer) {
  const std::string run = RunKey(last.epoch, last.generation);
  std::vector<AssetKey> retired = last.retired;
  for (uint32_t part = 0; part < last.part; ++part) {
    if (const PreparedBatch* kept = parts.Find(unit.ids.unit_id, last, part); kept != nullptr) {
      ROLLCALL_RETURN_IF_ERROR(FindRecords(writer, kept->records));
      retired.insert(retired.end(), kept->retired.begin(), kept->retired.end());
      continue;
    }
    ROLLCALL_ASSIGN_OR_RETURN(const PartBody body, ReadPart(db, unit.ids.unit_id, run, part));
    ROLLCALL_RETURN_IF_ERROR(FindRecords(writer, body.records));
    retired.insert(retired.end(), body.retired.begin(), body.retired.end());
  }
  ROLLCALL_RETURN_IF_ERROR(FindRecords(writer, last.records));
  // Only who looked everywhere may say that something is gone.
  if (last.run_result.status() != pb::RunResult::COMPLETE) return absl::OkStatus();
  if (last.mode == pb::FULL) return writer->MissedAllOthers();
  if (last.mode != pb::DELTA) return absl::OkStatus();
  for (const AssetKey& key : retired) ROLLCALL_RETURN_IF_ERROR(writer->Missed(key));
  return absl::OkStatus();
}

absl::StatusOr<ApplyOutcome> ApplyRun(Connection* db, const PreparedBatch& last, UnitState unit, GroupParts* parts) {
  if (last.base_seen_at.has_value()) {
    unit.last_complete_at = std::max(unit.last_complete_at, ToNanos(*last.base_seen_at));
  }
  RecordWriter writer(db, &unit, last.run_result, last.received_at);
  ROLLCALL_RETURN_IF_ERROR(WriteRun(db, unit, last, *parts, &writer));
  ROLLCALL_RETURN_IF_ERROR(writer.Finish());
  unit.epoch = last.epoch;
  unit.generation = last.generation;
  if (last.run_result.status() == pb::RunResult::COMPLETE) {
    unit.last_complete_at = std::max(unit.last_complete_at, writer.run_time());
  }
  ROLLCALL_RETURN_IF_ERROR(UpdateUnit(db, unit, last.run_result, last.received_at));
  ROLLCALL_RETURN_IF_ERROR(parts->DropThrough(db, unit.ids.unit_id, last));

  const bool agreed = last.mode == pb::MERGE || unit.digest == last.after;
  ApplyOutcome outcome = agreed ? Outcome(unit, ApplyVerdict::kApplied) : AskResync(unit, pb::Resync::DIGEST_MISMATCH);
  outcome.inserted = writer.inserted();
  outcome.changed = writer.changed();
  outcome.retired = writer.retired();
  return outcome;
}

}  // namespace

absl::StatusOr<ApplyOutcome> ApplyBatch(Connection* db, size_t index, GroupParts* parts) {
  const PreparedBatch& batch = parts->group()[index];
  if (batch.mode != pb::FULL && batch.mode != pb::DELTA && batch.mode != pb::MERGE) {
    return absl::InvalidArgumentError("batch has no mode");
  }
  ROLLCALL_ASSIGN_OR_RETURN(UnitState unit, FindOrCreateUnit(db, batch));
  if (unit.has_run && batch.epoch < unit.epoch) return AskResync(unit, pb::Resync::EPOCH_BEHIND);
  if (unit.has_run && batch.epoch == unit.epoch && batch.generation <= unit.generation) {
    return Outcome(unit, ApplyVerdict::kDuplicate);
  }
  const int64_t unit_id = unit.ids.unit_id;
  if (!batch.last) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_new, parts->Keep(db, unit_id, index));
    return Outcome(unit, is_new ? ApplyVerdict::kStaged : ApplyVerdict::kDuplicate);
  }
  ROLLCALL_ASSIGN_OR_RETURN(const bool parts_there, parts->HasAllBefore(db, unit_id, batch));
  if (!parts_there || (batch.mode == pb::DELTA && batch.base != unit.digest)) {
    ROLLCALL_RETURN_IF_ERROR(parts->MoveToDatabase(db, unit_id, batch));
    return AskResync(unit, parts_there ? pb::Resync::BASE_MISMATCH : pb::Resync::MISSING_PART);
  }
  return ApplyRun(db, batch, unit, parts);
}

absl::StatusOr<bool> ConfirmUnit(Connection* db, const AgentIds& agent, const PreparedConfirmation& confirmation,
                                 absl::Time received_at) {
  int64_t unit_id = 0;
  bool complete = false;
  {
    Statement row = db->Prepare(
        "SELECT unit_id, run_result FROM unit WHERE agent_id = ? AND collector = ? AND scope_type = ? AND scope_id = ?"
        " AND epoch = ? AND generation = ? AND digest_low = ? AND run_result IS NOT NULL");
    row.Int(agent.agent_id).Text(confirmation.collector);
    row.Int(confirmation.scope.type()).Text(confirmation.scope.id());
    row.Unsigned(confirmation.epoch).Unsigned(confirmation.generation).Unsigned(confirmation.digest_low);
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return false;
    unit_id = row.ColumnInt(0);
    pb::RunResult run;
    const absl::string_view bytes = row.ColumnBlob(1);
    if (!run.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError(absl::StrCat("run result of unit ", confirmation.collector, " cannot be decoded"));
    }
    if (WasPurged(run)) return false;
    complete = run.status() == pb::RunResult::COMPLETE;
  }
  Statement update = db->Prepare(
      "UPDATE unit SET received_at = max(received_at, ?2),"
      " last_complete_at = CASE WHEN ?3 THEN max(ifnull(last_complete_at, ?4), ?4) ELSE last_complete_at END"
      " WHERE unit_id = ?1");
  update.Int(unit_id).Int(ToNanos(received_at)).Int(complete ? 1 : 0).Int(ToNanos(confirmation.started_at));
  ROLLCALL_RETURN_IF_ERROR(update.Run());
  return true;
}

}  // namespace rollcall
