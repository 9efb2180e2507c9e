#include "backend/engine/deletion_round.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/engine/step_evidence.h"
#include "platform/status_macros.h"

namespace rollcall {

DeletionRound::DeletionRound(const EngineParts& parts, const EngineOptions& options, StopToken stop, TickReport* report)
    : parts_(parts), options_(options), stop_(std::move(stop)), report_(report) {}

void DeletionRound::NotDone(const BucketWork& work, ActionKind action, const absl::Status& status) {
  report_->NotDone({work.ref.tenant, work.ref.key, std::string(ActionText(action)), status});
}

void DeletionRound::NotBegun(const BucketWork& work, const absl::Status& status) {
  if (absl::IsFailedPrecondition(status)) {
    report_->refused.push_back({work.ref.tenant, work.ref.key, "purge", status});
  } else {
    NotDone(work, ActionKind::kPurge, status);
  }
}

void DeletionRound::Run() {
  wanted_ = static_cast<uint64_t>(
      std::count_if(purges_.begin(), purges_.end(), [](const PurgeTask& task) { return !task.step.has_value(); }) +
      std::count_if(late_.begin(), late_.end(), [](const LateTask& task) { return !task.step.has_value(); }));
  // Steps that fail before, tick after tick, do not keep deletions from theirs.
  max_steps_ = std::max(options_.max_steps, report_->steps + std::max<size_t>(1, options_.max_steps / 2));
  TakeTurns();
  BeginPurges();
  BeginLate();
  // Asked each time: the store remembers also what an earlier tick, or another process, deleted and could not erase.
  const absl::Status residue = EraseResidue(parts_.store, options_.pace, *parts_.clock, stop_);
  if (!residue.ok()) {
    report_->NotDone({"", std::nullopt, "erase residue", residue});
    for (const Doomed& doomed : doomed_) NotDone(doomed.task.work, ActionKind::kFinishPurge, residue);
    for (const ErasureTask& erasure : erasures_) NotDone(erasure.work, ActionKind::kErasePart, residue);
    for (const LateDoomed& late : late_doomed_) NotDone(late.task.work, ActionKind::kPurge, residue);
    return;
  }
  DestroyKeys();
  Finish();
}

void DeletionRound::TakeTurns() {
  std::map<std::string, size_t> turns;
  std::multimap<size_t, PurgeTask> ordered;
  for (PurgeTask& task : purges_) {
    const size_t turn = turns[task.work.ref.tenant]++;
    ordered.emplace(turn, std::move(task));
  }
  purges_.clear();
  for (auto& [turn, task] : ordered) purges_.push_back(std::move(task));
}

bool DeletionRound::MayBegin() {
  if (stop_.stop_requested()) {
    report_->stopped = true;
    return false;
  }
  if (report_->steps < max_steps_) return true;
  report_->more = true;
  return false;
}

void DeletionRound::BeginPurges() {
  for (PurgeTask& task : purges_) {
    if (!MayBegin()) return;
    BeginPurge(std::move(task));
  }
}

void DeletionRound::BeginPurge(PurgeTask task) {
  const absl::Status intended = task.step.has_value() ? absl::OkStatus() : Intend(&task);
  if (!intended.ok()) return NotBegun(task.work, intended);
  ++report_->steps;
  Doomed doomed{std::move(task), 0, 0, {}, {}};
  const absl::Status deleted = DeleteEverywhere(&doomed);
  if (deleted.ok()) {
    doomed_.push_back(std::move(doomed));
  } else {
    NotDone(doomed.task.work, ActionKind::kFinishPurge, deleted);
  }
}

absl::Status DeletionRound::Intend(PurgeTask* task) {
  ROLLCALL_ASSIGN_OR_RETURN(BegunStep begun, task->tenant.IntendPurge({task->pick, parts_.reading(), wanted_}));
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

void DeletionRound::BeginLate() {
  for (LateTask& task : late_) {
    if (!MayBegin()) return;
    const BucketWork work = task.work;
    const absl::Status begun = BeginLate(std::move(task));
    if (!begun.ok()) NotBegun(work, begun);
  }
}

absl::Status DeletionRound::BeginLate(LateTask task) {
  const LateRowSteps rows(parts_, options_, stop_);
  ROLLCALL_ASSIGN_OR_RETURN(LateFindings found, rows.Look(task));
  TellOfLate(task, found);
  if (found.records() != task.noted) {
    ROLLCALL_RETURN_IF_ERROR(task.tenant.NoteLate(task.work.ref.key, found.records()));
  }
  if (found.records() == 0 && !task.step.has_value()) return absl::OkStatus();
  StepEffect deleted;
  // Where nothing is left of what had begun, only its proof is missing. If a hold is why nothing is due, it is given
  // up.
  if (found.records() > 0 || !found.bucket_due) {
    ROLLCALL_ASSIGN_OR_RETURN(BegunStep begun,
                              task.tenant.IntendLatePurge({task.pick, parts_.reading(), wanted_}, found.due));
    task.step = std::move(begun.step);
    ++report_->steps;
    ROLLCALL_ASSIGN_OR_RETURN(deleted, rows.Delete(task));
    report_->rows_deleted += deleted.rows;
  }
  late_doomed_.push_back({std::move(task), std::move(deleted), found});
  return absl::OkStatus();
}

void DeletionRound::TellOfLate(const LateTask& task, const LateFindings& found) {
  const BucketRef& bucket = task.work.ref;
  if (found.kept > 0 && !found.held) {
    NotDone(task.work, ActionKind::kPurge,
            absl::FailedPreconditionError(absl::StrCat("purge what came late: ", found.kept,
                                                       " records are not due by their own dates, and stay")));
  }
  if (found.due.missed == 0) return;
  report_->missed.push_back({bucket.tenant, bucket.key, "purge",
                             absl::InternalError(absl::StrCat(found.due.missed,
                                                              " records were received before the bucket's deletion was "
                                                              "certified, and are there"))});
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
  for (const LateDoomed& late : late_doomed_) {
    const absl::Status finished = Finish(late);
    if (finished.ok()) {
      ++report_->late_purged;
    } else {
      NotDone(late.task.work, ActionKind::kPurge, finished);
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
  seen.InStore(
      {doomed.deleted, doomed.bytes, left.records + left.staged, "counted rows, free space of files overwritten", ""});
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
  seen.InStore(
      {erasure.in_stores.rows, erasure.in_stores.bytes, left, "read all rows, free space of files overwritten", ""});
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

absl::Status DeletionRound::Finish(const LateDoomed& late) {
  ROLLCALL_ASSIGN_OR_RETURN(const LateFindings left, LateRowSteps(parts_, options_, stop_).Look(late.task));
  std::string method = "read all rows for those that are due, free space of files overwritten";
  if (late.found.due.missed > 0) {
    absl::StrAppend(&method, "; ", late.found.due.missed, " should have gone when the bucket's deletion was certified");
  }
  StepEvidence seen(parts_, options_);
  seen.InStore({late.deleted.rows, late.deleted.bytes, left.records(), method, ""});
  TenantLifecycle tenant = late.task.tenant;
  return tenant.FinishStep(late.task.step->number, late.task.step->epoch, seen.evidence());
}

}  // namespace rollcall
