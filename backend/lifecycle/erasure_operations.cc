// Deletions of a part of a bucket, for a request: as guarded as those of all of it.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/lifecycle/step_rules.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/purge_guards.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// What may be otherwise in a while, and leaves a step that has begun as it is.
absl::Status AskClockAndDryRun(TenantOperation* operation, const ClockReading& reading) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<pb::ClockTick> tick, operation->common.Tick());
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<pb::DryRun> run,
                            operation->common.LastAcknowledged(operation->policy().hash));
  std::vector<std::string> blockers;
  const absl::Status clock = CheckClock(reading, tick, operation->options().clock_limits).status;
  if (!clock.ok()) blockers.emplace_back(clock.message());
  const absl::Status dry_run = CheckDryRun(run, operation->policy());
  if (!dry_run.ok()) blockers.emplace_back(dry_run.message());
  if (operation->at < operation->rows.last_at()) {
    blockers.emplace_back("the clock is behind what is known of the tenant");
  }
  if (blockers.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("erase part: ", absl::StrJoin(blockers, "; ")));
}

// The erasure that is open, if one is.
absl::StatusOr<std::optional<StoredStep>> OpenErasure(TenantOperation* operation, const StoredBucket& bucket) {
  if (!bucket.open_step.has_value()) return std::nullopt;
  ROLLCALL_ASSIGN_OR_RETURN(StoredStep step, operation->rows.FindStep(*bucket.open_step));
  if (step.kind != pb::STEP_ERASE_PART) return std::nullopt;
  return step;
}

}  // namespace

absl::StatusOr<BegunStep> TenantLifecycle::IntendErasure(const PurgePick& pick, const std::string& request) {
  if (pick.clock.wall == absl::InfinitePast() || pick.clock.wall == absl::InfiniteFuture()) {
    return absl::FailedPreconditionError("erase part: clock has no time");
  }
  // To the microsecond, as it is stored.
  const absl::Time at = absl::FromUnixMicros(absl::ToUnixMicros(pick.clock.wall));
  BegunStep begun;
  absl::Status refusal;
  std::string key;
  const auto body = [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(pick.step.bucket));
    ROLLCALL_RETURN_IF_ERROR(AskClockAndDryRun(operation, pick.clock));
    ROLLCALL_RETURN_IF_ERROR(CheckPick(*operation, pick.step));
    const BucketDecision decision = EvaluateBucket(operation->policy(), bucket.facts, operation->timeline);
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<StoredStep> open, OpenErasure(operation, bucket));
    const bool has_begun = open.has_value() && open->intent.request() == request;
    refusal = CheckErasure(bucket, decision, request, operation->at - pick.clock.uncertainty);
    if (!refusal.ok()) {
      return has_begun ? Stop(operation, &bucket, *open, refusal.message()) : absl::OkStatus();
    }
    if (has_begun) {
      begun.step = *open;
      return absl::OkStatus();
    }
    begun.step = MakeStep(*operation, bucket, pb::STEP_ERASE_PART, decision);
    begun.step.intent.set_request(request);
    begun.is_new = true;
    ROLLCALL_RETURN_IF_ERROR(Begin(operation, &bucket, &begun.step));
    key = StepKey(begun.step, "begun");
    return absl::OkStatus();
  };
  ROLLCALL_RETURN_IF_ERROR(core_->Transact(tenant_, pick.step.actor, at, &key, body));
  if (!refusal.ok()) return refusal;
  return begun;
}

absl::Status TenantLifecycle::StopErasure(const StepPick& pick) {
  std::string key;
  return core_->Transact(tenant_, pick.actor, std::nullopt, &key, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(CheckPick(*operation, pick));
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(pick.bucket));
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<StoredStep> open, OpenErasure(operation, bucket));
    if (!open.has_value()) return absl::OkStatus();
    const BucketDecision decision = EvaluateBucket(operation->policy(), bucket.facts, operation->timeline);
    const absl::Status unwanted = CheckErasure(bucket, decision, open->intent.request(), operation->at);
    if (unwanted.ok()) return absl::FailedPreconditionError("stop erasure: it is wanted");
    return Stop(operation, &bucket, *open, unwanted.message());
  });
}

}  // namespace rollcall
