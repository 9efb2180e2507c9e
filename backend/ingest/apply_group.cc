#include "backend/ingest/apply_group.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

// A refused batch may carry anything as its names; they go back no longer than this.
constexpr size_t kMaxEcho = 256;

pb::Resync ResyncFor(const pb::Batch& batch, pb::Resync::Cause cause, absl::string_view message) {
  pb::Resync resync;
  resync.set_collector(batch.collector().size() <= kMaxEcho ? batch.collector() : "");
  resync.mutable_scope()->set_type(batch.scope().type());
  resync.mutable_scope()->set_id(batch.scope().id().size() <= kMaxEcho ? batch.scope().id() : "");
  resync.set_cause(cause);
  resync.set_message(std::string(message));
  return resync;
}

absl::string_view CauseText(pb::Resync::Cause cause) {
  switch (cause) {
    case pb::Resync::BASE_MISMATCH:
      return "the changes are against a set the backend does not hold";
    case pb::Resync::DIGEST_MISMATCH:
      return "after applying the run, the backend's set differs from the agent's";
    case pb::Resync::MISSING_PART:
      return "a part of the run never arrived";
    case pb::Resync::EPOCH_BEHIND:
      return "the backend has seen a later life of this agent";
    default:
      return "the batch was refused";
  }
}

}  // namespace

void ApplyGroup::Add(const Job& job, const BatchJob& work) {
  Entry entry{&job, &work};
  ValidatedBatch validated =
      ValidateBatch(work.batch, BatchContext{job.agent, work.received_at, work.clock_offset}, limits_);
  if (validated.status.ok()) {
    entry.prepared = static_cast<int>(prepared_.size());
    entry.clock_suspects = validated.clock_suspects;
    body_bytes_ += work.batch.body_size();
    if (redactor_ != nullptr) redactor_->Redact(&validated.batch, observer_, logger_);
    prepared_.push_back(std::move(validated.batch));
  } else {
    observer_->OnBatchRejected(validated.reason);
    logger_->Warning("ingest.batch_rejected", "A batch was refused",
                     {{"tenant", job.agent.tenant},
                      {"agent", job.agent.agent_id},
                      {"sequence", work.batch.sequence()},
                      {"reason", RejectReasonName(validated.reason)},
                      {"error", validated.status.message()}});
    entry.needs_resync = true;
    entry.resync = ResyncFor(work.batch, pb::Resync::REJECTED, validated.status.message());
  }
  entries_.push_back(std::move(entry));
}

absl::Status ApplyGroup::Apply(const Retry& retry) {
  const absl::Duration started = clock_->Monotonic();
  const absl::Status status = retry([this] {
    absl::StatusOr<std::vector<ApplyOutcome>> outcomes = store_->ApplyGroup(prepared_);
    if (!outcomes.ok()) return outcomes.status();
    if (outcomes->size() != prepared_.size()) return absl::InternalError("apply group: an outcome is missing");
    outcomes_.assign(outcomes->begin(), outcomes->end());
    return absl::OkStatus();
  });
  observer_->OnGroup(prepared_.size(), clock_->Monotonic() - started);
  return status;
}

absl::Status ApplyGroup::ApplyOneByOne(const Retry& retry) {
  outcomes_.clear();
  for (const PreparedBatch& batch : prepared_) {
    const absl::Status status = retry([&] {
      absl::StatusOr<std::vector<ApplyOutcome>> outcome = store_->ApplyGroup(absl::MakeConstSpan(&batch, 1));
      if (!outcome.ok()) return outcome.status();
      if (outcome->size() != 1) return absl::InternalError("apply batch: the outcome is missing");
      outcomes_.emplace_back(outcome->front());
      return absl::OkStatus();
    });
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) outcomes_.emplace_back(status);
  }
  return absl::OkStatus();
}

void ApplyGroup::Commit(const Retry& retry) {
  if (!prepared_.empty()) {
    absl::Status status = Apply(retry);
    if (!status.ok() && !absl::IsCancelled(status)) status = ApplyOneByOne(retry);
    if (!status.ok()) return;
  }
  for (Entry& entry : entries_) Resolve(entry);
  Answer();
}

void ApplyGroup::Resolve(Entry& entry) {
  if (entry.prepared < 0) return;
  const absl::StatusOr<ApplyOutcome>& outcome = outcomes_[static_cast<size_t>(entry.prepared)];
  if (!outcome.ok()) {
    logger_->Error("ingest.batch_not_stored", "The store refused a batch",
                   {{"tenant", entry.job->agent.tenant},
                    {"agent", entry.job->agent.agent_id},
                    {"sequence", entry.work->batch.sequence()},
                    {"error", outcome.status()}});
    if (absl::IsNotFound(outcome.status())) {
      entry.job->owner->OnRefused(absl::PermissionDeniedError("report: this agent is not enrolled any more"));
      return;
    }
    entry.needs_resync = true;
    entry.resync = ResyncFor(entry.work->batch, pb::Resync::REJECTED, "the store refused the batch");
    return;
  }
  observer_->OnBatchApplied(*outcome, prepared_[static_cast<size_t>(entry.prepared)].records.size(),
                            entry.clock_suspects);
  observer_->OnCommitted(clock_->Now() - entry.work->received_at);
  if (outcome->verdict != ApplyVerdict::kResync) return;
  entry.needs_resync = true;
  entry.resync = ResyncFor(entry.work->batch, outcome->cause, CauseText(outcome->cause));
  entry.resync.set_epoch(outcome->epoch);
  logger_->Info("ingest.resync", "A unit's complete set is needed",
                {{"tenant", entry.job->agent.tenant},
                 {"agent", entry.job->agent.agent_id},
                 {"collector", entry.work->batch.collector()},
                 {"cause", pb::Resync::Cause_Name(outcome->cause)}});
}

void ApplyGroup::Answer() {
  std::map<JobOwner*, uint64_t> committed;
  for (Entry& entry : entries_) {
    JobOwner* owner = entry.job->owner.get();
    if (entry.needs_resync) {
      observer_->OnResync(entry.resync.cause());
      owner->OnResync(std::move(entry.resync));
    }
    uint64_t& sequence = committed[owner];
    sequence = std::max(sequence, entry.work->batch.sequence());
  }
  for (const auto& [owner, sequence] : committed) owner->OnCommitted(sequence);
}

}  // namespace rollcall
