// What beginning and ending a step means for bucket, journal and ledger: shared by purges and the other steps.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_STEP_RULES_H_
#define ROLLCALL_BACKEND_LIFECYCLE_STEP_RULES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/bucket_machine.h"

namespace rollcall {

// Aborted if something became known since it was picked, FailedPrecondition if it was picked under other rules.
absl::Status CheckPick(const TenantOperation& operation, const StepPick& pick);

// A step with what the decision says.
StoredStep MakeStep(const TenantOperation& operation, const StoredBucket& bucket, pb::StepKind kind,
                    const BucketDecision& decision);

// Journals the intent, replaces the step that is open, and moves the bucket. Internal if the table of states has no
// such move.
absl::Status Begin(TenantOperation* operation, StoredBucket* bucket, StoredStep* step);

// Journals the end, and moves the bucket. Errors as Begin.
absl::Status End(TenantOperation* operation, StoredBucket* bucket, const StoredStep& step,
                 const pb::StepEvidence& evidence);

// Journals that the step, which is open, was given up.
absl::Status Stop(TenantOperation* operation, StoredBucket* bucket, const StoredStep& step, absl::string_view why);

// OK if the part that the request selects is to be erased at `surely`; else FailedPrecondition with the reason. Whether
// it was erased before does not matter: rows may have come since. Pure.
absl::Status CheckErasure(const StoredBucket& bucket, const BucketDecision& decision, absl::string_view request,
                          absl::Time surely);

// Whether the step has ended before.
absl::StatusOr<bool> IsDone(TenantOperation* operation, const StoredStep& step);

// Aborted unless the step is the one the bucket waits for, begun at that epoch.
absl::Status CheckFence(const StoredBucket& bucket, const StoredStep& step, uint64_t epoch);

// InvalidArgument if there is no evidence, or something remains, or a time or a method is missing. Pure.
absl::Status CheckEvidence(const pb::StepEvidence& evidence);

// Entries for what was seen and which keys were destroyed.
void TellEvidence(const StoredStep& step, const pb::StepEvidence& evidence, TenantOperation* operation);

// Of the entries' unique keys.
std::string StepKey(const StoredStep& step, absl::string_view phase);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_STEP_RULES_H_
