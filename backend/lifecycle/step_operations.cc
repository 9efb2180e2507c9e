// What the stores hold, and the steps that move it: begun, and ended with evidence.
#include "absl/strings/str_cat.h"
#include "backend/lifecycle/step_rules.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/retention_policy.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// What the decision says when it wants the step begun, or begun again.
bool IsWanted(const BucketDecision& decision, pb::StepKind kind) {
  switch (kind) {
    case pb::STEP_ARCHIVE:
      return decision.Wants(ActionKind::kStartArchive) || decision.Wants(ActionKind::kFinishArchive);
    case pb::STEP_EMPTY_STORES:
      return decision.Wants(ActionKind::kEmptyStores);
    case pb::STEP_RESTORE:
      return decision.Wants(ActionKind::kStartRestore) || decision.Wants(ActionKind::kFinishRestore);
    default:
      return false;
  }
}

absl::Status CheckContent(const TenantOperation& operation, const BucketContent& content) {
  const BucketKey& key = content.key;
  if (operation.policy().Find(key.category) == nullptr) {
    return absl::InvalidArgumentError("note bucket: the agreement has no such category");
  }
  if (key.hosting_service != kAllServices && operation.timeline.hosting.count(key.hosting_service) == 0) {
    return absl::NotFoundError(absl::StrCat("note bucket: there is no hosting service ", key.hosting_service));
  }
  // A day whose end is not in the zone's tomorrow cannot have been collected.
  if (key.collected_day > DayOf(operation.at, operation.policy().zone) + 1 || key.collected_day.year() < 1970) {
    return absl::InvalidArgumentError("note bucket: nothing can have been collected on that day");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TenantLifecycle::NoteBucket(const BucketContent& content) {
  std::string key;
  return core_->Transact(tenant_, "engine", std::nullopt, &key, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(CheckContent(*operation, content));
    absl::StatusOr<StoredBucket> bucket = operation->rows.FindBucket(content.key);
    if (absl::IsNotFound(bucket.status())) {
      bucket = StoredBucket();
      bucket->facts.key = content.key;
      bucket->state_since = operation->at;
    }
    if (!bucket.ok()) return bucket.status();
    if (bucket->facts.state == pb::BUCKET_PURGING || bucket->facts.state == pb::BUCKET_PURGED) {
      return absl::FailedPreconditionError("note bucket: its deletion has begun");
    }
    bucket->facts.first_stored_at = content.first_stored_at;
    bucket->facts.records = content.records;
    bucket->facts.bytes = content.bytes;
    operation->Refresh(&*bucket);
    return operation->rows.PutBucket(*bucket);
  });
}

absl::Status TenantLifecycle::NoteLate(const BucketKey& name, uint64_t records) {
  std::string key;
  return core_->Transact(tenant_, "engine", std::nullopt, &key, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(name));
    if (bucket.facts.state != pb::BUCKET_PURGED) return absl::FailedPreconditionError("note late: it is not purged");
    bucket.late = records;
    return operation->rows.PutBucket(bucket);
  });
}

absl::StatusOr<BegunStep> TenantLifecycle::BeginStep(const StepPick& pick, pb::StepKind kind) {
  if (kind != pb::STEP_ARCHIVE && kind != pb::STEP_EMPTY_STORES && kind != pb::STEP_RESTORE) {
    return absl::InvalidArgumentError("begin step: it deletes, and has an operation of its own");
  }
  BegunStep begun;
  std::string key;
  const auto body = [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(pick.bucket));
    if (bucket.open_step.has_value()) {
      ROLLCALL_ASSIGN_OR_RETURN(begun.step, operation->rows.FindStep(*bucket.open_step));
      if (begun.step.kind == kind) return absl::OkStatus();
    }
    ROLLCALL_RETURN_IF_ERROR(CheckPick(*operation, pick));
    const BucketDecision decision = EvaluateBucket(operation->policy(), bucket.facts, operation->timeline);
    if (!IsWanted(decision, kind)) {
      return absl::FailedPreconditionError(
          absl::StrCat("begin step: a bucket that is ", BucketStateText(bucket.facts.state), " does not want it now"));
    }
    begun.step = MakeStep(*operation, bucket, kind, decision);
    begun.is_new = true;
    ROLLCALL_RETURN_IF_ERROR(Begin(operation, &bucket, &begun.step));
    key = StepKey(begun.step, "begun");
    return absl::OkStatus();
  };
  ROLLCALL_RETURN_IF_ERROR(core_->Transact(tenant_, pick.actor, std::nullopt, &key, body));
  return begun;
}

absl::Status TenantLifecycle::FinishStep(int64_t number, uint64_t epoch, const pb::StepEvidence& evidence) {
  ROLLCALL_RETURN_IF_ERROR(CheckEvidence(evidence));
  std::string key;
  return core_->Transact(tenant_, "engine", std::nullopt, &key, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const StoredStep step, operation->rows.FindStep(number));
    if (step.kind == pb::STEP_PURGE) return absl::InvalidArgumentError("finish step: it is a purge");
    ROLLCALL_ASSIGN_OR_RETURN(const bool done, IsDone(operation, step));
    if (done) return absl::OkStatus();
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(step.bucket));
    ROLLCALL_RETURN_IF_ERROR(CheckFence(bucket, step, epoch));
    TellEvidence(step, evidence, operation);
    key = StepKey(step, "ended");
    return End(operation, &bucket, step, evidence);
  });
}

absl::StatusOr<std::vector<StoredStep>> TenantLifecycle::UnfinishedSteps() {
  ROLLCALL_RETURN_IF_ERROR(core_->DrainOutbox());
  std::vector<StoredStep> steps;
  ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant_, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(steps, operation->rows.UnfinishedSteps());
    return absl::OkStatus();
  }));
  return steps;
}

}  // namespace rollcall
