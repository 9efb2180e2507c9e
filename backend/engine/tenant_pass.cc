#include "backend/engine/tenant_pass.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/engine/step_evidence.h"
#include "backend/lifecycle/step_rules.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// A bucket that wants to be archived, emptied and erased in part has done so by then.
constexpr int kMaxPasses = 4;
constexpr size_t kBucketsPerPage = 1000;

// As the lifecycle store keeps it.
std::optional<absl::Time> StoredAt(absl::Time time) {
  if (time == absl::InfiniteFuture()) return std::nullopt;
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

}  // namespace

TenantPass::TenantPass(const EngineParts& parts, const EngineOptions& options, StopToken stop, TenantLifecycle tenant,
                       const ClockReading& reading, size_t max_steps, PartsSeen* seen, TickReport* report,
                       DeletionRound* round)
    : parts_(parts),
      options_(options),
      stop_(stop),
      tenant_(std::move(tenant)),
      reading_(reading),
      max_steps_(max_steps),
      seen_(seen),
      report_(report),
      round_(round),
      steps_(parts, options, std::move(stop)) {}

absl::Status TenantPass::Run() {
  ROLLCALL_RETURN_IF_ERROR(Begin());
  const absl::Status fenced = parts_.store->RaiseFence(tenant_.tenant(), timeline_.epoch);
  // A tenant that never enrolled an agent.
  if (absl::IsNotFound(fenced)) return absl::OkStatus();
  if (!fenced.ok()) return fenced;
  ROLLCALL_RETURN_IF_ERROR(Count());
  ROLLCALL_RETURN_IF_ERROR(NoteCounts());
  if (!options_.enforce) return absl::OkStatus();
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool progressed, LookAtAll());
    if (!progressed || report_->stopped) break;
  }
  return absl::OkStatus();
}

absl::Status TenantPass::Begin() {
  ROLLCALL_ASSIGN_OR_RETURN(const pb::TenantFacts facts, tenant_.Facts());
  region_ = facts.region();
  if (region_ != options_.region) {
    return absl::FailedPreconditionError(absl::StrCat("look after tenant: it is of region ", region_));
  }
  ROLLCALL_ASSIGN_OR_RETURN(timeline_, tenant_.Timeline());
  evaluator_.emplace(*options_.policy, timeline_);
  // Also hands their intents to the ledger, if a crash came between.
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<StoredStep> steps, tenant_.UnfinishedSteps());
  for (StoredStep& step : steps) unfinished_[step.bucket] = std::move(step);
  for (const auto& [name, service] : timeline_.hosting) {
    if (service.ends_at.has_value()) report_->Expect(*service.ends_at);
  }
  if (timeline_.feature.ends_at.has_value()) report_->Expect(*timeline_.feature.ends_at);
  return absl::OkStatus();
}

absl::Status TenantPass::Count() {
  BucketPage page;
  do {
    if (stop_.stop_requested()) return absl::CancelledError("count buckets: stopped");
    ROLLCALL_ASSIGN_OR_RETURN(
        page, parts_.store->ListBuckets(tenant_.tenant(), options_.policy->zone, page.next_cursor, kBucketsPerPage));
    for (BucketSummary& bucket : page.buckets) counts_[bucket.key] = std::move(bucket);
  } while (!page.next_cursor.empty());
  report_->buckets += counts_.size();
  return absl::OkStatus();
}

absl::Status TenantPass::NoteCounts() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, tenant_.Buckets());
  std::map<BucketKey, const StoredBucket*, KeyLess> known;
  for (const StoredBucket& bucket : buckets) known[bucket.facts.key] = &bucket;
  // What the stores no longer have is noted as well: current records move on from day to day.
  for (const auto& [key, summary] : counts_) known.try_emplace(key, nullptr);
  std::set<std::string> unlisted;
  for (const auto& [key, bucket] : known) {
    if (!IsListed(key.hosting_service)) {
      unlisted.insert(key.hosting_service);
      continue;
    }
    const absl::Status noted = Note(key, bucket);
    if (noted.ok()) continue;
    report_->NotDone({tenant_.tenant(), key, "note", noted});
    if (bucket != nullptr) settled_.insert(key);
  }
  for (const std::string& service : unlisted) {
    const absl::Status status = absl::FailedPreconditionError(
        absl::StrCat("know hosting service ", service,
                     ": agents name it, and the tenant does not have it; nothing is done to its data"));
    report_->NotDone({tenant_.tenant(), std::nullopt, "note", status});
  }
  return absl::OkStatus();
}

bool TenantPass::IsListed(const std::string& service) const {
  return service == kAllServices || timeline_.hosting.count(service) > 0;
}

absl::Status TenantPass::Note(const BucketKey& key, const StoredBucket* known) {
  // Of one that is in the archive, or on its way back, the stores do not have all.
  if (known != nullptr && known->facts.state != pb::BUCKET_ACTIVE && known->facts.state != pb::BUCKET_ARCHIVING) {
    return absl::OkStatus();
  }
  BucketContent content;
  content.key = key;
  if (const BucketSummary* summary = InStores(key); summary != nullptr) {
    content.first_stored_at = StoredAt(summary->first_stored_at);
    content.records = summary->records;
    content.bytes = summary->bytes;
  }
  if (known != nullptr && known->facts.first_stored_at == content.first_stored_at &&
      known->facts.records == content.records && known->facts.bytes == content.bytes) {
    return absl::OkStatus();
  }
  ++report_->noted;
  return tenant_.NoteBucket(content);
}

absl::StatusOr<bool> TenantPass::LookAtAll() {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<StoredBucket> buckets, tenant_.Buckets());
  // The latest days first, so that a row which was archived for two days is put back as it was seen last.
  std::stable_sort(buckets.begin(), buckets.end(), [](const StoredBucket& a, const StoredBucket& b) {
    return a.facts.key.collected_day > b.facts.key.collected_day;
  });
  bool progressed = false;
  for (const StoredBucket& bucket : buckets) {
    if (settled_.count(bucket.facts.key) > 0) continue;
    if (stop_.stop_requested()) {
      report_->stopped = true;
      return false;
    }
    if (report_->steps >= max_steps_) {
      report_->more = true;
      return false;
    }
    const absl::StatusOr<bool> done = LookAt(bucket);
    if (!done.ok()) return done;
    progressed = progressed || *done;
  }
  return progressed;
}

absl::StatusOr<bool> TenantPass::LookAt(const StoredBucket& bucket) {
  const BucketKey& key = bucket.facts.key;
  const BucketSummary* rows = InStores(key);
  if (bucket.facts.state == pb::BUCKET_PURGED) {
    settled_.insert(key);
    if (rows != nullptr || bucket.late > 0 || unfinished_.count(key) > 0) AddLate(bucket);
    return false;
  }
  const BucketDecision decision = evaluator_->Evaluate(bucket.facts, Detail::kBounds);
  Expect(decision);
  ROLLCALL_RETURN_IF_ERROR(StopUnwanted(bucket, decision));
  const bool wants_purge = decision.Wants(ActionKind::kPurge) || decision.Wants(ActionKind::kFinishPurge);
  const bool wants_restore = decision.Wants(ActionKind::kStartRestore);
  // Before they go to the archive with others.
  if (EraseWhatCame(bucket, decision)) return true;
  if (bucket.facts.state == pb::BUCKET_COLD && rows != nullptr && rows->records > 0 && !wants_purge && !wants_restore) {
    ++report_->steps;
    const absl::Status taken = TakeInLate(bucket);
    if (taken.ok()) return true;
    settled_.insert(key);
    report_->NotDone({tenant_.tenant(), key, "archive", taken});
    return false;
  }
  for (const DueAction& action : decision.actions) {
    absl::StatusOr<bool> done = Act(bucket, decision, action);
    if (done.ok() && !*done) continue;
    if (done.ok()) return true;
    ++report_->steps;
    report_->NotDone({tenant_.tenant(), key, std::string(ActionText(action.kind)), done.status()});
    if (action.kind == ActionKind::kErasePart && !absl::IsAborted(done.status()) && !report_->stopped) {
      // A request that names nothing is no reason to keep the bucket from what else is to be done.
      given_up_[key].insert(action.request);
      continue;
    }
    settled_.insert(key);
    return false;
  }
  return false;
}

absl::StatusOr<bool> TenantPass::Act(const StoredBucket& bucket, const BucketDecision& decision,
                                     const DueAction& action) {
  const BucketKey& key = bucket.facts.key;
  const BucketSummary* rows = InStores(key);
  absl::Status done;
  switch (action.kind) {
    case ActionKind::kStartArchive:
      // Of nothing there is nothing to archive; it stays as it is until it is due.
      if (rows == nullptr || rows->records == 0) return false;
      [[fallthrough]];
    case ActionKind::kFinishArchive:
      done = Archive(bucket);
      break;
    case ActionKind::kEmptyStores:
      done = EmptyStores(bucket);
      break;
    case ActionKind::kStartRestore:
    case ActionKind::kFinishRestore:
      if (stuck_.count(key.hosting_service) > 0) return false;
      done = Restore(bucket);
      if (!done.ok()) stuck_.insert(key.hosting_service);
      break;
    case ActionKind::kErasePart: {
      if (given_up_[key].count(action.request) > 0) return false;
      const absl::StatusOr<bool> erased = ErasePart(bucket, action.request);
      if (erased.ok() && !*erased) {
        given_up_[key].insert(action.request);
        return false;
      }
      done = erased.status();
      // Its end has to find this step open.
      if (done.ok()) settled_.insert(key);
      break;
    }
    case ActionKind::kPurge:
    case ActionKind::kFinishPurge:
      settled_.insert(key);
      ROLLCALL_RETURN_IF_ERROR(AddPurge(bucket, action.kind == ActionKind::kFinishPurge));
      return false;
  }
  if (!done.ok()) return done;
  ++report_->steps;
  return true;
}

absl::Status TenantPass::Archive(const StoredBucket& bucket) {
  const BucketWork work = WorkOf(bucket.facts.key);
  ROLLCALL_ASSIGN_OR_RETURN(const BegunStep begun, tenant_.BeginStep(PickOf(bucket.facts.key), pb::STEP_ARCHIVE));
  ROLLCALL_ASSIGN_OR_RETURN(const StepEffect effect, steps_.Archive(work));
  StepEvidence seen(parts_, options_);
  seen.InArchive(
      {effect.versions, 0, 0, "read the object back, compared with what was written", HashOf(*effect.object)});
  ROLLCALL_RETURN_IF_ERROR(tenant_.FinishStep(begun.step.number, begun.step.epoch, seen.evidence()));
  ++report_->archived;
  return absl::OkStatus();
}

absl::Status TenantPass::EmptyStores(const StoredBucket& bucket) {
  const BucketKey& key = bucket.facts.key;
  ROLLCALL_ASSIGN_OR_RETURN(const BegunStep begun, tenant_.BeginStep(PickOf(key), pb::STEP_EMPTY_STORES));
  ROLLCALL_ASSIGN_OR_RETURN(const StepEffect effect, steps_.EmptyStores(WorkOf(key), NoteArchived(key)));
  StepEvidence seen(parts_, options_);
  seen.InStore({effect.rows, effect.bytes, 0, "deleted what the archive has, counted rows", ""});
  ROLLCALL_RETURN_IF_ERROR(tenant_.FinishStep(begun.step.number, begun.step.epoch, seen.evidence()));
  counts_.erase(key);
  report_->rows_deleted += effect.rows;
  ++report_->emptied;
  return absl::OkStatus();
}

absl::Status TenantPass::Restore(const StoredBucket& bucket) {
  const BucketKey& key = bucket.facts.key;
  ROLLCALL_ASSIGN_OR_RETURN(const BegunStep begun, tenant_.BeginStep(PickOf(key), pb::STEP_RESTORE));
  ROLLCALL_ASSIGN_OR_RETURN(const StepEffect effect, steps_.Restore(WorkOf(key)));
  StepEvidence seen(parts_, options_);
  seen.InStore({0, 0, 0, absl::StrCat("put back and compared ", effect.rows, " rows"), ""});
  seen.InArchive({effect.versions, 0, 0, "listed versions and uploads", ""});
  ROLLCALL_RETURN_IF_ERROR(tenant_.FinishStep(begun.step.number, begun.step.epoch, seen.evidence()));
  ++report_->restored;
  // Counted again by the next tick: until then nothing more is known of it.
  settled_.insert(key);
  return absl::OkStatus();
}

absl::StatusOr<PartSelector> TenantPass::SelectorOf(const std::string& request) {
  const auto known = std::find_if(timeline_.requests.begin(), timeline_.requests.end(),
                                  [&](const KnownRequest& r) { return r.id == request; });
  if (known == timeline_.requests.end()) return absl::NotFoundError("erase part: the request does not stand");
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AgentRow> agents, parts_.agents->ListAgents(tenant_.tenant()));
  return PartSelector::Resolve(known->selection.of, agents);
}

bool TenantPass::EraseWhatCame(const StoredBucket& bucket, const BucketDecision& decision) {
  const BucketKey& key = bucket.facts.key;
  for (const PartialDeletion& part : decision.parts) {
    if (!part.done || given_up_[key].count(part.request) > 0) continue;
    if (!CheckErasure(bucket, decision, part.request, timeline_.now - reading_.uncertainty).ok()) continue;
    const absl::StatusOr<bool> came = HasCome(key, part.request);
    if (came.ok() && !*came) continue;
    const absl::StatusOr<bool> erased = came.ok() ? ErasePart(bucket, part.request) : came;
    // Once a tick, whatever comes of it.
    given_up_[key].insert(part.request);
    if (erased.ok() && !*erased) continue;
    ++report_->steps;
    if (erased.ok()) {
      settled_.insert(key);
      return true;
    }
    report_->NotDone({tenant_.tenant(), key, std::string(ActionText(ActionKind::kErasePart)), erased.status()});
  }
  return false;
}

absl::StatusOr<std::string> TenantPass::ContentOf(const BucketKey& key) {
  std::string content;
  if (const BucketSummary* rows = InStores(key); rows != nullptr) {
    absl::StrAppend(&content, rows->records, " ", rows->bytes, " ", absl::FormatTime(rows->first_stored_at), " ",
                    absl::FormatTime(rows->first_observed), " ", absl::FormatTime(rows->last_observed));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, parts_.archive->List(WorkOf(key).name));
  for (const ListedObject& object : listing.versions) absl::StrAppend(&content, " ", object.sha256);
  return content;
}

absl::StatusOr<bool> TenantPass::HasCome(const BucketKey& key, const std::string& request) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string content, ContentOf(key));
  if (content.empty()) return false;
  std::string& seen = (*seen_)[{tenant_.tenant(), key.hosting_service, key.category, key.collected_day, request}];
  if (seen == content) return false;
  const absl::StatusOr<PartSelector> part = SelectorOf(request);
  // It was known when the part was erased: nothing of it can have come since.
  if (absl::IsNotFound(part.status())) return false;
  if (!part.ok()) return part.status();
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t left, steps_.CountPart(WorkOf(key), *part));
  if (left > 0) return true;
  seen = content;
  return false;
}

absl::StatusOr<bool> TenantPass::ErasePart(const StoredBucket& bucket, const std::string& request) {
  const BucketKey& key = bucket.facts.key;
  ROLLCALL_ASSIGN_OR_RETURN(PartSelector part, SelectorOf(request));
  const PurgePick pick{PickOf(key), parts_.reading(), 0};
  absl::StatusOr<BegunStep> begun = tenant_.IntendErasure(pick, request);
  if (absl::IsFailedPrecondition(begun.status())) {
    report_->refused.push_back({tenant_.tenant(), key, "erase part", begun.status()});
    return false;
  }
  if (!begun.ok()) return begun.status();
  const BucketWork work = WorkOf(key);
  ROLLCALL_ASSIGN_OR_RETURN(StepEffect in_stores, steps_.ErasePartInStores(work, part));
  ROLLCALL_ASSIGN_OR_RETURN(StepEffect in_archive, steps_.ErasePartInArchive(work, part, NoteArchived(key)));
  report_->rows_deleted += in_stores.rows;
  round_->Add(
      ErasureTask{tenant_, work, std::move(begun->step), std::move(part), std::move(in_stores), std::move(in_archive)});
  return true;
}

absl::Status TenantPass::StopUnwanted(const StoredBucket& bucket, const BucketDecision& decision) {
  const auto open = unfinished_.find(bucket.facts.key);
  if (open == unfinished_.end() || open->second.kind != pb::STEP_ERASE_PART) return absl::OkStatus();
  if (CheckErasure(bucket, decision, open->second.intent.request(), timeline_.now).ok()) return absl::OkStatus();
  const absl::Status stopped = tenant_.StopErasure(PickOf(bucket.facts.key));
  // What became known since is looked at by the next tick.
  if (!stopped.ok() && !absl::IsAborted(stopped)) return stopped;
  unfinished_.erase(open);
  return absl::OkStatus();
}

absl::Status TenantPass::AddPurge(const StoredBucket& bucket, bool begun) {
  const BucketKey& key = bucket.facts.key;
  PurgeTask task{tenant_, PickOf(key), WorkOf(key), std::nullopt};
  if (begun) {
    const auto step = unfinished_.find(key);
    if (step == unfinished_.end()) return absl::InternalError("finish purge: the journal does not have its beginning");
    task.step = step->second;
  }
  round_->Add(std::move(task));
  return absl::OkStatus();
}

absl::Status TenantPass::TakeInLate(const StoredBucket& bucket) {
  const BucketKey& key = bucket.facts.key;
  ROLLCALL_ASSIGN_OR_RETURN(const StepEffect effect, steps_.EmptyStores(WorkOf(key), NoteArchived(key)));
  counts_.erase(key);
  report_->rows_deleted += effect.rows;
  ++report_->late_archived;
  return absl::OkStatus();
}

std::function<absl::Status(const StepEffect&)> TenantPass::NoteArchived(const BucketKey& key) {
  return [this, key](const StepEffect& effect) {
    return tenant_.NoteBucket(
        {key, StoredAt(effect.archived_first_stored_at), effect.archived_rows, effect.archived_bytes});
  };
}

void TenantPass::AddLate(const StoredBucket& bucket) {
  const BucketKey& key = bucket.facts.key;
  if (shared_timeline_ == nullptr) shared_timeline_ = std::make_shared<TenantTimeline>(timeline_);
  LateTask task{tenant_,          PickOf(key),
                WorkOf(key),      bucket.state_since,
                shared_timeline_, timeline_.now - reading_.uncertainty,
                std::nullopt,     bucket.late};
  if (const auto step = unfinished_.find(key); step != unfinished_.end()) task.step = step->second;
  round_->Add(std::move(task));
}

StepPick TenantPass::PickOf(const BucketKey& key) const {
  return {key, timeline_.epoch, options_.policy->hash, "engine"};
}

BucketWork TenantPass::WorkOf(const BucketKey& key) const {
  BucketWork work;
  work.ref = {tenant_.tenant(), key, options_.policy->zone};
  work.name.set_tenant(tenant_.tenant());
  work.name.set_region(region_);
  work.name.set_hosting_service(key.hosting_service);
  work.name.set_category(key.category);
  work.name.set_collected_day(DayText(key.collected_day));
  work.fence = timeline_.epoch;
  return work;
}

const BucketSummary* TenantPass::InStores(const BucketKey& key) const {
  const auto it = counts_.find(key);
  return it == counts_.end() ? nullptr : &it->second;
}

void TenantPass::Expect(const BucketDecision& decision) {
  const absl::Time now = timeline_.now;
  if (!decision.dates.held && decision.dates.deadline.has_value() && decision.dates.due_from > now) {
    report_->Expect(decision.dates.due_from);
  }
  for (const PartialDeletion& part : decision.parts) {
    if (!part.done && part.due_from > now) report_->Expect(part.due_from);
  }
}

}  // namespace rollcall
