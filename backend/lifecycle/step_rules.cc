#include "backend/lifecycle/step_rules.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// What the machine calls the beginning of a step, for those that move the bucket.
std::optional<BucketEvent> BeginningOf(pb::StepKind kind) {
  switch (kind) {
    case pb::STEP_ARCHIVE:
      return BucketEvent::kServiceEnded;
    case pb::STEP_RESTORE:
      return BucketEvent::kServiceResumed;
    case pb::STEP_PURGE:
      return BucketEvent::kPurgeIntended;
    default:
      return std::nullopt;
  }
}

std::optional<BucketEvent> EndOf(pb::StepKind kind) {
  switch (kind) {
    case pb::STEP_ARCHIVE:
      return BucketEvent::kArchiveVerified;
    case pb::STEP_EMPTY_STORES:
      return BucketEvent::kStoresEmptied;
    case pb::STEP_RESTORE:
      return BucketEvent::kRestoreVerified;
    case pb::STEP_PURGE:
      return BucketEvent::kPurgeVerified;
    default:
      return std::nullopt;
  }
}

// Lets the event happen to the bucket; tells the ledger if it moved.
absl::Status Happen(std::optional<BucketEvent> event, StoredBucket* bucket, TenantOperation* operation) {
  if (!event.has_value()) return absl::OkStatus();
  const pb::CategoryRules* rules = operation->policy().Find(bucket->facts.key.category);
  const bool has_archive = rules != nullptr && !rules->archives().empty();
  const pb::BucketState from = bucket->facts.state;
  const BucketStep step = NextStep(from, *event, has_archive);
  if (step.kind == StepKind::kTooLate || step.kind == StepKind::kImpossible) {
    return absl::InternalError(absl::StrCat("move bucket on ", BucketEventText(*event), ": ", step.why));
  }
  if (step.kind == StepKind::kStays) return absl::OkStatus();
  bucket->facts.state = step.to;
  bucket->state_since = operation->at;
  pb::LedgerEntry* entry = operation->AddEntry();
  *entry->mutable_bucket() = operation->NameOf(bucket->facts.key);
  entry->mutable_bucket_moved()->set_from(std::string(BucketStateText(from)));
  entry->mutable_bucket_moved()->set_to(std::string(BucketStateText(step.to)));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPick(const TenantOperation& operation, const StepPick& pick) {
  if (operation.timeline.epoch != pick.epoch) {
    return absl::AbortedError("begin step: something became known about the tenant since it was picked");
  }
  if (operation.policy().hash != pick.policy_hash) {
    return absl::FailedPreconditionError("begin step: the rules changed since it was picked");
  }
  return absl::OkStatus();
}

StoredStep MakeStep(const TenantOperation& operation, const StoredBucket& bucket, pb::StepKind kind,
                    const BucketDecision& decision) {
  StoredStep step;
  step.bucket = bucket.facts.key;
  step.kind = kind;
  step.epoch = operation.timeline.epoch;
  step.at = operation.at;
  step.actor = operation.actor;
  const RetentionDecision& dates = decision.dates;
  const absl::TimeZone zone = operation.policy().zone;
  *step.intent.mutable_policy() = ReferenceTo(operation.policy());
  *step.intent.mutable_not_before() = ToWire(dates.not_before);
  if (dates.deadline.has_value()) *step.intent.mutable_deadline() = ToWire(*dates.deadline);
  if (dates.last_retained_day.has_value()) step.intent.set_last_retained_day(DayText(*dates.last_retained_day));
  for (const std::string& line : decision.explanation) step.intent.add_explanation(line);
  step.intent.set_records(bucket.facts.records);
  step.intent.set_bytes(bucket.facts.bytes);
  step.intent.add_facts(absl::StrCat("last observed on ", DayText(bucket.facts.key.collected_day)));
  if (dates.ended_at.has_value()) {
    step.intent.add_facts(absl::StrCat("use ended at ", absl::FormatTime(*dates.ended_at, zone)));
  }
  for (const KnownRequest& request : operation.timeline.requests) {
    if (request.selection.Covers(bucket.facts.key) == Coverage::kNone) continue;
    step.intent.add_facts(absl::StrCat("deletion was requested at ", absl::FormatTime(request.requested_at, zone)));
  }
  return step;
}

absl::Status Begin(TenantOperation* operation, StoredBucket* bucket, StoredStep* step) {
  if (bucket->open_step.has_value()) {
    ROLLCALL_ASSIGN_OR_RETURN(const StoredStep replaced, operation->rows.FindStep(*bucket->open_step));
    ROLLCALL_RETURN_IF_ERROR(
        operation->rows.InsertEnd(replaced, JournalPhase::kReplaced, operation->at, operation->actor, ""));
  }
  ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertIntent(step));
  bucket->open_step = step->number;
  bucket->epoch = step->epoch;
  ROLLCALL_RETURN_IF_ERROR(Happen(BeginningOf(step->kind), bucket, operation));
  return operation->rows.PutBucket(*bucket);
}

absl::Status End(TenantOperation* operation, StoredBucket* bucket, const StoredStep& step,
                 const pb::StepEvidence& evidence) {
  const std::string body = evidence.SerializeAsString();
  ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertEnd(step, JournalPhase::kDone, operation->at, operation->actor, body));
  bucket->open_step.reset();
  if (step.kind == pb::STEP_PURGE_LATE) bucket->late = 0;
  if (step.kind == pb::STEP_ERASE_PART) {
    std::vector<std::string>& erased_for = bucket->facts.erased_for;
    const std::string& request = step.intent.request();
    // More than once, if rows come in after the first time.
    if (std::find(erased_for.begin(), erased_for.end(), request) == erased_for.end()) {
      ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertErased(step.bucket, request));
      erased_for.push_back(request);
    }
  }
  ROLLCALL_RETURN_IF_ERROR(Happen(EndOf(step.kind), bucket, operation));
  operation->Refresh(bucket);
  return operation->rows.PutBucket(*bucket);
}

absl::Status Stop(TenantOperation* operation, StoredBucket* bucket, const StoredStep& step, absl::string_view why) {
  pb::StepEvidence body;
  body.set_stopped_because(std::string(why));
  ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertEnd(step, JournalPhase::kStopped, operation->at, operation->actor,
                                                     body.SerializeAsString()));
  bucket->open_step.reset();
  return operation->rows.PutBucket(*bucket);
}

absl::Status CheckErasure(const StoredBucket& bucket, const BucketDecision& decision, absl::string_view request,
                          absl::Time surely) {
  const auto refuse = [&](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat("erase part for ", request, ": ", why));
  };
  if (!decision.holds.empty()) return refuse(absl::StrCat("held by ", absl::StrJoin(decision.holds, ", ")));
  const auto part = std::find_if(decision.parts.begin(), decision.parts.end(),
                                 [&](const PartialDeletion& candidate) { return candidate.request == request; });
  if (part == decision.parts.end()) return refuse("the request does not stand");
  if (decision.dates.held || surely < part->due_from) return refuse("it is not due");
  if (decision.Wants(ActionKind::kPurge)) return refuse("all of the bucket is due");
  const pb::BucketState state = bucket.facts.state;
  if (state == pb::BUCKET_ACTIVE || state == pb::BUCKET_COLD) return absl::OkStatus();
  return refuse(absl::StrCat("the bucket is ", BucketStateText(state)));
}

absl::StatusOr<bool> IsDone(TenantOperation* operation, const StoredStep& step) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<std::string> evidence, operation->rows.FindEvidence(step.number));
  return evidence.has_value();
}

absl::Status CheckFence(const StoredBucket& bucket, const StoredStep& step, uint64_t epoch) {
  if (bucket.open_step == step.number && bucket.epoch == epoch) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("finish step ", step.number, ": another has taken its place"));
}

absl::Status CheckEvidence(const pb::StepEvidence& evidence) {
  const auto bad = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("check evidence: ", what));
  };
  if (evidence.stores().empty()) return bad("there is none");
  for (const pb::StoreEvidence& store : evidence.stores()) {
    if (store.remaining() != 0) return bad(absl::StrCat(store.remaining(), " remain in ", store.name()));
    if (!store.has_verified_at() || !FromWire(store.verified_at()).has_value() || store.method().empty()) {
      return bad(absl::StrCat("it does not say when and how ", store.name(), " was verified"));
    }
  }
  return absl::OkStatus();
}

void TellEvidence(const StoredStep& step, const pb::StepEvidence& evidence, TenantOperation* operation) {
  for (const pb::StoreEvidence& store : evidence.stores()) {
    pb::LedgerEntry* entry = operation->AddEntry();
    *entry->mutable_bucket() = operation->NameOf(step.bucket);
    *entry->mutable_store_effect() = store;
  }
  for (const pb::LedgerEntry::KeyDestroyed& destroyed : evidence.keys()) {
    pb::LedgerEntry* entry = operation->AddEntry();
    *entry->mutable_bucket() = operation->NameOf(step.bucket);
    *entry->mutable_key_destroyed() = destroyed;
  }
}

std::string StepKey(const StoredStep& step, absl::string_view phase) { return absl::StrCat(step.number, " ", phase); }

}  // namespace rollcall
