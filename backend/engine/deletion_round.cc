#include "backend/engine/deletion_round.h"

#include <algorithm>
#include <utility>

#include "backend/engine/step_evidence.h"
#include "platform/status_macros.h"

namespace rollcall {

DeletionRound::DeletionRound(const EngineParts& parts, const EngineOptions& options, StopToken stop, TickReport* report)
    : parts_(parts), options_(options), stop_(std::move(stop)), report_(report) {}

void DeletionRound::NotDone(const BucketWork& work, ActionKind action, const absl::Status& status) {
  report_->NotDone({work.ref.tenant, work.ref.key, std::string(ActionText(action)), status});
}

void DeletionRound::Run() {
  BeginPurges();
  DeleteLate();
  if (doomed_.empty() && erasures_.empty() && late_.empty()) return;
  const absl::Status residue = EraseResidue(parts_.store, options_.pace, *parts_.clock, stop_);
  if (!residue.ok()) {
    for (const Doomed& doomed : doomed_) NotDone(doomed.task.work, ActionKind::kFinishPurge, residue);
    for (const ErasureTask& erasure : erasures_) NotDone(erasure.work, ActionKind::kErasePart, residue);
    for (const BucketWork& work : late_) NotDone(work, ActionKind::kPurge, residue);
    return;
  }
  report_->late_purged += late_.size();
  DestroyKeys();
  Finish();
}

void DeletionRound::BeginPurges() {
  const uint64_t wanted = static_cast<uint64_t>(
      std::count_if(purges_.begin(), purges_.end(), [](const PurgeTask& task) { return !task.step.has_value(); }));
  for (PurgeTask& task : purges_) {
    if (stop_.stop_requested()) {
      report_->stopped = true;
      return;
    }
    if (report_->steps == options_.max_steps) {
      report_->more = true;
      return;
    }
    const absl::Status intended = task.step.has_value() ? absl::OkStatus() : Intend(&task, wanted);
    if (absl::IsFailedPrecondition(intended)) {
      report_->refused.push_back({task.work.ref.tenant, task.work.ref.key, "purge", intended});
      continue;
    }
    if (!intended.ok()) {
      NotDone(task.work, ActionKind::kPurge, intended);
      continue;
    }
    ++report_->steps;
    Doomed doomed{std::move(task), 0, 0, {}, {}};
    const absl::Status deleted = DeleteEverywhere(&doomed);
    if (deleted.ok()) {
      doomed_.push_back(std::move(doomed));
    } else {
      NotDone(doomed.task.work, ActionKind::kFinishPurge, deleted);
    }
  }
}

absl::Status DeletionRound::Intend(PurgeTask* task, uint64_t wanted) {
  PurgePick pick;
  pick.step = task->pick;
  pick.clock = parts_.reading();
  pick.wanted = wanted;
  ROLLCALL_ASSIGN_OR_RETURN(BegunStep begun, task->tenant.IntendPurge(pick));
  task->step = std::move(begun.step);
  return absl::OkStatus();
}

absl::Status DeletionRound::DeleteEverywhere(Doomed* doomed) {
  const BucketWork& work = doomed->task.work;
  ROLLCALL_ASSIGN_OR_RETURN(const PurgeReport emptied,
                            EmptyBucket(parts_.store, work.ref, work.fence, options_.pace, *parts_.clock, stop_));
  doomed->deleted = emptied.deleted;
  doomed->bytes = emptied.bytes;
  report_->rows_deleted += emptied.deleted;
  ROLLCALL_ASSIGN_OR_RETURN(doomed->archive, parts_.archive->Delete(work.name));
  ROLLCALL_ASSIGN_OR_RETURN(doomed->keys, parts_.keys->KeysOf(work.name));
  // Those of a purge that was cut off, or of an erased part, are in the certificate as well.
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> before, parts_.keys->DestroyedKeysOf(work.name));
  doomed->keys.insert(doomed->keys.end(), before.begin(), before.end());
  return absl::OkStatus();
}

void DeletionRound::DeleteLate() {
  std::vector<BucketWork> emptied;
  for (BucketWork& work : late_) {
    const absl::StatusOr<PurgeReport> purge =
        EmptyBucket(parts_.store, work.ref, work.fence, options_.pace, *parts_.clock, stop_);
    if (!purge.ok()) {
      NotDone(work, ActionKind::kPurge, purge.status());
      continue;
    }
    report_->rows_deleted += purge->deleted;
    emptied.push_back(std::move(work));
  }
  late_ = std::move(emptied);
}

absl::Status DeletionRound::Destroy(const std::vector<std::string>& keys) {
  if (keys.empty()) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeyDestruction> destroyed,
                            parts_.keys->Destroy(keys, parts_.clock->Now()));
  for (const KeyDestruction& key : destroyed) destroyed_[key.key_id] = key;
  return absl::OkStatus();
}

absl::Status DeletionRound::DestroyKeysOf(const Doomed& doomed) {
  const bool all = std::all_of(doomed.keys.begin(), doomed.keys.end(),
                               [this](const std::string& key) { return destroyed_.count(key) > 0; });
  if (!all) ROLLCALL_RETURN_IF_ERROR(Destroy(doomed.keys));
  for (const std::string& key : doomed.keys) ROLLCALL_RETURN_IF_ERROR(parts_.keys->VerifyDestroyed(key));
  return absl::OkStatus();
}

void DeletionRound::DestroyKeys() {
  std::vector<std::string> all;
  for (const Doomed& doomed : doomed_) all.insert(all.end(), doomed.keys.begin(), doomed.keys.end());
  // Files are searched and written anew once for all. If that does not work, each is tried by itself.
  Destroy(all).IgnoreError();
  std::vector<Doomed> keyless;
  for (Doomed& doomed : doomed_) {
    const absl::Status destroyed = DestroyKeysOf(doomed);
    if (destroyed.ok()) {
      keyless.push_back(std::move(doomed));
    } else {
      NotDone(doomed.task.work, ActionKind::kFinishPurge, destroyed);
    }
  }
  doomed_ = std::move(keyless);
}

void DeletionRound::Finish() {
  for (const Doomed& doomed : doomed_) {
    const absl::Status finished = Finish(doomed);
    if (finished.ok()) {
      ++report_->purged;
    } else {
      NotDone(doomed.task.work, ActionKind::kFinishPurge, finished);
    }
  }
  for (const ErasureTask& erasure : erasures_) {
    const absl::Status finished = Finish(erasure);
    if (finished.ok()) {
      ++report_->parts_erased;
    } else {
      NotDone(erasure.work, ActionKind::kErasePart, finished);
    }
  }
}

absl::Status DeletionRound::Finish(const Doomed& doomed) {
  const BucketWork& work = doomed.task.work;
  ROLLCALL_ASSIGN_OR_RETURN(const BucketSummary left, parts_.store->CountBucket(work.ref));
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing objects, parts_.archive->List(work.name));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> keys_left, parts_.keys->KeysOf(work.name));
  std::vector<KeyDestruction> keys;
  for (const std::string& key : doomed.keys) keys.push_back(destroyed_.at(key));
  StepEvidence seen(parts_, options_);
  seen.InStore({doomed.deleted, doomed.bytes, left.records + left.staged, "counted rows, files written anew", ""});
  seen.InArchive({doomed.archive.versions + doomed.archive.uploads, doomed.archive.bytes,
                  objects.versions.size() + objects.uploads.size(), "listed versions and uploads", ""});
  seen.OfKeys(keys, keys_left.size());
  if (parts_.backups != nullptr) {
    ROLLCALL_ASSIGN_OR_RETURN(const BackupsHolding held, parts_.backups->Holding(doomed.keys, parts_.clock->Now()));
    seen.InBackups(held, options_.policy->zone);
  }
  TenantLifecycle tenant = doomed.task.tenant;
  return tenant.FinishPurge(doomed.task.step->number, doomed.task.step->epoch, seen.evidence());
}

absl::Status DeletionRound::Finish(const ErasureTask& erasure) {
  BucketSteps steps(parts_, options_, stop_);
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t left, steps.CountPart(erasure.work, erasure.part));
  StepEvidence seen(parts_, options_);
  seen.InStore({erasure.in_stores.rows, erasure.in_stores.bytes, left, "read all rows, files written anew", ""});
  if (erasure.in_archive.object.has_value()) {
    seen.InArchive({erasure.in_archive.versions, erasure.in_archive.bytes, 0,
                    "read the new object, listed versions and uploads", HashOf(*erasure.in_archive.object)});
  }
  if (erasure.in_archive.object.has_value() || !erasure.in_archive.keys.empty()) {
    for (const KeyDestruction& key : erasure.in_archive.keys) {
      ROLLCALL_RETURN_IF_ERROR(parts_.keys->VerifyDestroyed(key.key_id));
    }
    seen.OfKeys(erasure.in_archive.keys, 0);
  }
  TenantLifecycle tenant = erasure.tenant;
  return tenant.FinishStep(erasure.step.number, erasure.step.epoch, seen.evidence());
}

}  // namespace rollcall
