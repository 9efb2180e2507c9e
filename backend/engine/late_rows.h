// Rows of a bucket whose deletion was certified before: which of them are due, deleted and counted again.
#ifndef ROLLCALL_BACKEND_ENGINE_LATE_ROWS_H_
#define ROLLCALL_BACKEND_ENGINE_LATE_ROWS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/engine/bucket_steps.h"
#include "backend/engine/engine_parts.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/retention_policy.h"
#include "backend/retention/tenant_timeline.h"

namespace rollcall {

// A bucket that was purged, and of which something is in the stores.
struct LateTask {
  TenantLifecycle tenant;
  StepPick pick;
  BucketWork work;
  // When its deletion was certified.
  absl::Time certified_at;
  // Where the tenant stood when it was picked, and the latest instant that has surely passed.
  std::shared_ptr<const TenantTimeline> timeline;
  absl::Time surely;
  // If the deletion has begun.
  std::optional<StoredStep> step;
  // StoredBucket::late.
  uint64_t noted = 0;
};

struct LateFindings {
  LateRows due;
  // Not due by their own dates: nobody deletes them.
  uint64_t kept = 0;
  // Parts of runs of which the last has not come, and whether they are due.
  uint64_t staged = 0;
  bool staged_due = false;
  // The bucket's own dates: due as if it were there, or held.
  bool bucket_due = false;
  bool held = false;

  // All that is due.
  uint64_t records() const { return due.records + (staged_due ? staged : 0); }
};

// A value. Errors are the store's; Cancelled once `stop` is requested.
class LateRowSteps {
 public:
  LateRowSteps(const EngineParts& parts, const EngineOptions& options, StopToken stop);

  // Looks at every row of the bucket.
  absl::StatusOr<LateFindings> Look(const LateTask& task) const;
  // Deletes what is due, and nothing else.
  absl::StatusOr<StepEffect> Delete(const LateTask& task) const;

 private:
  // Of a row received then: of what a bucket's dates depend on, rows differ in nothing else.
  RetentionDecision DatesOf(const LateTask& task, absl::Time received_at) const;
  bool IsDue(const LateTask& task, absl::Time received_at) const;

  const EngineParts& parts_;
  const EngineOptions& options_;
  const StopToken stop_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_LATE_ROWS_H_
