// Deletions of whole buckets, and of what is found in them afterwards: intended when every guard holds, and certified
// when nothing is left.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/ledger/certificate.h"
#include "backend/lifecycle/step_rules.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/purge_guards.h"
#include "platform/status_macros.h"
#include "proto/short_hash.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

struct Volume {
  uint64_t forecast = 0;
  uint64_t wanted = 0;
};

// Of the civil day `operation` is on.
absl::StatusOr<Volume> VolumeOf(TenantOperation* operation, uint64_t wanted) {
  const RetentionPolicy& policy = operation->policy();
  const absl::CivilDay today = DayOf(operation->at, policy.zone);
  Volume volume;
  ROLLCALL_ASSIGN_OR_RETURN(volume.forecast, operation->common.ForecastFor(policy.hash, today));
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t begun, operation->common.PurgesBegun(StartOfDay(today, policy.zone),
                                                                                EndOfDay(today, policy.zone)));
  // Ticks that each want little are stopped all the same.
  volume.wanted = std::max(wanted, begun + 1);
  return volume;
}

absl::Status AskGuards(TenantOperation* operation, const PurgePick& pick, const BucketDecision& decision,
                       const Volume& volume) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<pb::ClockTick> tick, operation->common.Tick());
  PurgeGuard guard;
  guard.picked_epoch = pick.step.epoch;
  guard.picked_policy_hash = pick.step.policy_hash;
  guard.decision = &decision;
  guard.policy = &operation->policy();
  guard.clock = pick.clock;
  guard.clock_verdict = CheckClock(pick.clock, tick, operation->options().clock_limits);
  guard.forecast = volume.forecast;
  guard.wanted = volume.wanted;
  ROLLCALL_ASSIGN_OR_RETURN(guard.dry_run, operation->common.LastAcknowledged(operation->policy().hash));
  return GuardPurge(guard);
}

void TellIntent(const StoredStep& step, TenantOperation* operation) {
  pb::LedgerEntry* entry = operation->AddEntry();
  *entry->mutable_bucket() = operation->NameOf(step.bucket);
  const std::array<uint8_t, 32> hash = ShortHash(absl::StrJoin(step.intent.explanation(), "\n"));
  entry->set_explanation_hash(hash.data(), hash.size());
  pb::LedgerEntry::PurgeIntended* intended = entry->mutable_purge_intended();
  *intended->mutable_not_before() = step.intent.not_before();
  if (step.intent.has_deadline()) *intended->mutable_deadline() = step.intent.deadline();
  intended->set_records(step.intent.records());
  intended->set_bytes(step.intent.bytes());
}

std::string LateFact(const StoredBucket& bucket, const LateRows& rows, absl::TimeZone zone) {
  return absl::StrCat("its deletion was certified at ", absl::FormatTime(bucket.state_since, zone), "; ", rows.records,
                      " records are there, of which ", rows.missed, " were received before that");
}

// Of the operation, to the microsecond, as it is stored.
absl::StatusOr<absl::Time> InstantOf(const ClockReading& reading) {
  if (reading.wall == absl::InfinitePast() || reading.wall == absl::InfiniteFuture()) {
    return absl::FailedPreconditionError("purge: clock has no time");
  }
  return absl::FromUnixMicros(absl::ToUnixMicros(reading.wall));
}

pb::DeletionStatement StatementOf(const TenantOperation& operation, const StoredStep& step,
                                  const pb::StepEvidence& evidence) {
  pb::DeletionStatement statement;
  *statement.mutable_bucket() = operation.NameOf(step.bucket);
  statement.set_epoch(step.epoch);
  *statement.mutable_policy() = step.intent.policy();
  *statement.mutable_facts() = step.intent.facts();
  *statement.mutable_explanation() = step.intent.explanation();
  statement.set_last_retained_day(step.intent.last_retained_day());
  *statement.mutable_not_before() = step.intent.not_before();
  if (step.intent.has_deadline()) *statement.mutable_deadline() = step.intent.deadline();
  *statement.mutable_executed_at() = ToWire(operation.at);
  *statement.mutable_stores() = evidence.stores();
  for (const pb::LedgerEntry::KeyDestroyed& key : evidence.keys()) statement.add_destroyed_key_ids(key.key_id());
  statement.set_last_backup_expiry_day(evidence.last_backup_expiry_day());
  statement.set_records(step.intent.records());
  statement.set_bytes(step.intent.bytes());
  return statement;
}

}  // namespace

absl::StatusOr<BegunStep> TenantLifecycle::IntendPurge(const PurgePick& pick) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, InstantOf(pick.clock));
  BegunStep begun;
  Volume volume;
  std::string key;
  const auto body = [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(pick.step.bucket));
    if (bucket.facts.state == pb::BUCKET_PURGED) return absl::FailedPreconditionError("purge: it is gone");
    if (bucket.facts.state == pb::BUCKET_PURGING && bucket.open_step.has_value()) {
      ROLLCALL_ASSIGN_OR_RETURN(begun.step, operation->rows.FindStep(*bucket.open_step));
      return absl::OkStatus();
    }
    if (operation->at < operation->rows.last_at()) {
      return absl::FailedPreconditionError("purge: the clock is behind what is known of the tenant");
    }
    const BucketDecision decision = EvaluateBucket(operation->policy(), bucket.facts, operation->timeline);
    ROLLCALL_ASSIGN_OR_RETURN(volume, VolumeOf(operation, pick.wanted));
    ROLLCALL_RETURN_IF_ERROR(AskGuards(operation, pick, decision, volume));
    begun.step = MakeStep(*operation, bucket, pb::STEP_PURGE, decision);
    begun.is_new = true;
    TellIntent(begun.step, operation);
    ROLLCALL_RETURN_IF_ERROR(Begin(operation, &bucket, &begun.step));
    key = StepKey(begun.step, "begun");
    return absl::OkStatus();
  };
  const absl::Status status = core_->Transact(tenant_, pick.step.actor, at, &key, body);
  if (status.ok()) return begun;
  if (!CheckVolume(volume.forecast, volume.wanted).ok())
    ROLLCALL_RETURN_IF_ERROR(TellOfVolume(pick, volume.forecast, volume.wanted));
  return status;
}

absl::StatusOr<BegunStep> TenantLifecycle::IntendLatePurge(const PurgePick& pick, const LateRows& rows) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, InstantOf(pick.clock));
  BegunStep begun;
  Volume volume;
  absl::Status refusal;
  std::string key;
  const auto body = [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(pick.step.bucket));
    if (bucket.facts.state != pb::BUCKET_PURGED) return absl::FailedPreconditionError("purge late: it is not purged");
    if (operation->at < operation->rows.last_at()) {
      return absl::FailedPreconditionError("purge late: the clock is behind what is known of the tenant");
    }
    StoredBucket late = bucket;
    late.facts.state = pb::BUCKET_ACTIVE;
    late.facts.first_stored_at = rows.last_received;
    late.facts.records = rows.records;
    late.facts.bytes = rows.bytes;
    const BucketDecision decision = EvaluateBucket(operation->policy(), late.facts, operation->timeline);
    const bool has_begun = bucket.open_step.has_value();
    if (has_begun) {
      ROLLCALL_ASSIGN_OR_RETURN(begun.step, operation->rows.FindStep(*bucket.open_step));
    } else {
      // What had begun was counted when it did.
      ROLLCALL_ASSIGN_OR_RETURN(volume, VolumeOf(operation, pick.wanted));
    }
    refusal = AskGuards(operation, pick, decision, volume);
    if (has_begun) {
      const bool is_over = !decision.dates.DueAt(operation->at);
      return !refusal.ok() && is_over ? Stop(operation, &bucket, begun.step, refusal.message()) : absl::OkStatus();
    }
    if (!refusal.ok()) return absl::OkStatus();
    begun.step = MakeStep(*operation, late, pb::STEP_PURGE_LATE, decision);
    begun.step.intent.add_facts(LateFact(bucket, rows, operation->policy().zone));
    begun.is_new = true;
    TellIntent(begun.step, operation);
    ROLLCALL_RETURN_IF_ERROR(Begin(operation, &bucket, &begun.step));
    key = StepKey(begun.step, "begun");
    return absl::OkStatus();
  };
  ROLLCALL_RETURN_IF_ERROR(core_->Transact(tenant_, pick.step.actor, at, &key, body));
  if (refusal.ok()) return begun;
  if (!CheckVolume(volume.forecast, volume.wanted).ok()) {
    ROLLCALL_RETURN_IF_ERROR(TellOfVolume(pick, volume.forecast, volume.wanted));
  }
  return refusal;
}

absl::Status TenantLifecycle::TellOfVolume(const PurgePick& pick, uint64_t forecast, uint64_t wanted) {
  const std::string day = DayText(DayOf(pick.clock.wall, core_->policy().zone));
  // Once a day: a tick that is stopped comes again.
  return core_->TransactForAll(absl::StrCat("volume ", core_->policy().hash, " ", day),
                               [&](SystemRows, absl::Time now, std::vector<pb::LedgerEntry>* entries) -> absl::Status {
                                 pb::LedgerEntry& entry = entries->emplace_back();
                                 *entry.mutable_at() = ToWire(now);
                                 entry.set_actor(pick.step.actor);
                                 *entry.mutable_policy() = ReferenceTo(core_->policy());
                                 entry.mutable_volume_guard_tripped()->set_wanted(wanted);
                                 entry.mutable_volume_guard_tripped()->set_forecast(forecast);
                                 return absl::OkStatus();
                               });
}

absl::Status TenantLifecycle::FinishPurge(int64_t number, uint64_t epoch, const pb::StepEvidence& evidence) {
  ROLLCALL_RETURN_IF_ERROR(CheckEvidence(evidence));
  bool done = false;
  pb::DeletionStatement statement;
  absl::Time at;
  std::string key;
  // Evidence, then the certificate, then the state: what a crash cuts short is said again, and the ledger keeps what
  // was said first.
  ROLLCALL_RETURN_IF_ERROR(
      core_->Transact(tenant_, "engine", std::nullopt, &key, [&](TenantOperation* operation) -> absl::Status {
        ROLLCALL_ASSIGN_OR_RETURN(const StoredStep step, operation->rows.FindStep(number));
        if (step.kind != pb::STEP_PURGE) return absl::InvalidArgumentError("finish purge: the step is no purge");
        ROLLCALL_ASSIGN_OR_RETURN(done, IsDone(operation, step));
        if (done) return absl::OkStatus();
        ROLLCALL_ASSIGN_OR_RETURN(const StoredBucket bucket, operation->rows.FindBucket(step.bucket));
        ROLLCALL_RETURN_IF_ERROR(CheckFence(bucket, step, epoch));
        statement = StatementOf(*operation, step, evidence);
        ROLLCALL_RETURN_IF_ERROR(CheckStatement(statement));
        at = operation->at;
        TellEvidence(step, evidence, operation);
        key = StepKey(step, "evidence");
        return absl::OkStatus();
      }));
  if (done) return absl::OkStatus();
  ROLLCALL_RETURN_IF_ERROR(CertifyDeletion(std::move(statement), "engine", at, core_->ledger()).status());
  return core_->Transact(tenant_, "engine", std::nullopt, &key, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const StoredStep step, operation->rows.FindStep(number));
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, operation->rows.FindBucket(step.bucket));
    ROLLCALL_ASSIGN_OR_RETURN(done, IsDone(operation, step));
    if (done) return absl::OkStatus();
    key = StepKey(step, "ended");
    return End(operation, &bucket, step, evidence);
  });
}

}  // namespace rollcall
