// What one tick does for one tenant: count its buckets, and carry out what they want.
#ifndef ROLLCALL_BACKEND_ENGINE_TENANT_PASS_H_
#define ROLLCALL_BACKEND_ENGINE_TENANT_PASS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/engine/bucket_steps.h"
#include "backend/engine/deletion_round.h"
#include "backend/engine/engine_parts.h"
#include "backend/engine/tick_report.h"
#include "backend/store/bucket_cursor.h"

namespace rollcall {

// Buckets in which nothing was found of a part that was erased before, with ContentOf as it was then: by tenant,
// service, category, day and request. It saves looking again; losing it changes nothing that is done.
using PartsSeen =
    std::map<std::tuple<std::string, std::string, pb::Category, absl::CivilDay, std::string>, std::string>;

// For one tick. Not thread-safe.
class TenantPass {
 public:
  // `reading` is the tick's, which was trusted. Nothing more is begun once the report has `max_steps`.
  TenantPass(const EngineParts& parts, const EngineOptions& options, StopToken stop, TenantLifecycle tenant,
             const ClockReading& reading, size_t max_steps, PartsSeen* seen, TickReport* report, DeletionRound* round);

  // Counts and moves; what is to be deleted is added to the round. Errors concern all of the tenant; those of single
  // buckets are in the report.
  absl::Status Run();

 private:
  struct KeyLess {
    bool operator()(const BucketKey& a, const BucketKey& b) const { return BucketKeyLess(a, b); }
  };

  absl::Status Begin();
  absl::Status Count();
  absl::Status NoteCounts();
  absl::Status Note(const BucketKey& key, const StoredBucket* known);
  // Whether the tenant has it; what agents call it need not be.
  bool IsListed(const std::string& service) const;
  // Looks at every bucket once; true if anything was done.
  absl::StatusOr<bool> LookAtAll();
  absl::StatusOr<bool> LookAt(const StoredBucket& bucket);
  absl::StatusOr<bool> Act(const StoredBucket& bucket, const BucketDecision& decision, const DueAction& action);

  absl::Status Archive(const StoredBucket& bucket);
  absl::Status EmptyStores(const StoredBucket& bucket);
  absl::Status Restore(const StoredBucket& bucket);
  // False if a guard says no.
  absl::StatusOr<bool> ErasePart(const StoredBucket& bucket, const std::string& request);
  // For requests that were fulfilled in this bucket: erases what has come since. True if anything was.
  bool EraseWhatCame(const StoredBucket& bucket, const BucketDecision& decision);
  absl::StatusOr<bool> HasCome(const BucketKey& key, const std::string& request);
  // What there is of the bucket: another text, if rows came or went.
  absl::StatusOr<std::string> ContentOf(const BucketKey& key);
  // The rows of a request that stands. Errors as PartSelector::Resolve.
  absl::StatusOr<PartSelector> SelectorOf(const std::string& request);
  // Gives up an erasure that began before and is not wanted any more.
  absl::Status StopUnwanted(const StoredBucket& bucket, const BucketDecision& decision);
  absl::Status AddPurge(const StoredBucket& bucket, bool begun);
  absl::Status TakeInLate(const StoredBucket& bucket);
  // Notes what an object holds: of what is in the archive the stores cannot be counted.
  std::function<absl::Status(const StepEffect&)> NoteArchived(const BucketKey& key);
  void AddLate(const StoredBucket& bucket);

  StepPick PickOf(const BucketKey& key) const;
  BucketWork WorkOf(const BucketKey& key) const;
  const BucketSummary* InStores(const BucketKey& key) const;
  void Expect(const BucketDecision& decision);

  const EngineParts& parts_;
  const EngineOptions& options_;
  const StopToken stop_;
  TenantLifecycle tenant_;
  const ClockReading reading_;
  const size_t max_steps_;
  PartsSeen* const seen_;
  TickReport* const report_;
  DeletionRound* const round_;
  BucketSteps steps_;

  std::string region_;
  TenantTimeline timeline_;
  // Of the timeline.
  std::optional<BucketEvaluator> evaluator_;
  // The same, for what the round does later; unset until it is needed.
  std::shared_ptr<const TenantTimeline> shared_timeline_;
  std::map<BucketKey, BucketSummary, KeyLess> counts_;
  std::map<BucketKey, StoredStep, KeyLess> unfinished_;
  // Nothing more is done to them in this tick.
  std::set<BucketKey, KeyLess> settled_;
  // Requests whose part of a bucket is not tried again in this tick.
  std::map<BucketKey, std::set<std::string>, KeyLess> given_up_;
  // Services with a bucket that could not be put back: see Restore.
  std::set<std::string> stuck_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_TENANT_PASS_H_
