#include "backend/engine/late_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/engine/row_stream.h"
#include "backend/retention/bucket_decision.h"
#include "platform/status_macros.h"

namespace rollcall {

LateRowSteps::LateRowSteps(const EngineParts& parts, const EngineOptions& options, StopToken stop)
    : parts_(parts), options_(options), stop_(std::move(stop)) {}

RetentionDecision LateRowSteps::DatesOf(const LateTask& task, absl::Time received_at) const {
  Bucket alone;
  alone.key = task.work.ref.key;
  alone.first_stored_at = received_at;
  return EvaluateBucket(*options_.policy, alone, *task.timeline, Detail::kDates).dates;
}

bool LateRowSteps::IsDue(const LateTask& task, absl::Time received_at) const {
  return DatesOf(task, received_at).DueAt(task.surely);
}

absl::StatusOr<LateFindings> LateRowSteps::Look(const LateTask& task) const {
  LateFindings found;
  StoreRows rows(parts_.store, task.work.ref, RowContent::kWhole, stop_);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<BucketRow> row, rows.Next());
    if (!row.has_value()) break;
    const absl::Time received_at = row->version.received_at;
    if (!IsDue(task, received_at)) {
      ++found.kept;
      continue;
    }
    LateRows& due = found.due;
    due.last_received = due.records == 0 ? received_at : std::max(due.last_received, received_at);
    ++due.records;
    due.bytes += row->version.payload.size();
    if (received_at < task.certified_at) ++due.missed;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const BucketSummary there, parts_.store->CountBucket(task.work.ref));
  found.staged = there.staged;
  found.staged_due = IsDue(task, task.timeline->now);
  if (found.due.records == 0) found.due.last_received = found.staged_due ? task.timeline->now : task.certified_at;
  const RetentionDecision dates = DatesOf(task, task.certified_at);
  found.bucket_due = dates.DueAt(task.surely);
  found.held = dates.held;
  return found;
}

absl::StatusOr<StepEffect> LateRowSteps::Delete(const LateTask& task) const {
  BucketSteps steps(parts_, options_, stop_);
  return steps.DeleteSome(task.work, IsDue(task, task.timeline->now),
                          [&](const BucketRow& row) { return IsDue(task, row.version.received_at); });
}

}  // namespace rollcall
