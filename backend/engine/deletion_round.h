// The deletions of one tick: everything is deleted where it is first, then what the stores' files still hold is erased
// and the keys are destroyed, once for all, and at last each bucket is counted again and certified.
#ifndef ROLLCALL_BACKEND_ENGINE_DELETION_ROUND_H_
#define ROLLCALL_BACKEND_ENGINE_DELETION_ROUND_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "backend/engine/bucket_steps.h"
#include "backend/engine/engine_parts.h"
#include "backend/engine/late_rows.h"
#include "backend/engine/tick_report.h"

namespace rollcall {

// A bucket that is to be gone.
struct PurgeTask {
  TenantLifecycle tenant;
  StepPick pick;
  BucketWork work;
  // If its deletion has begun.
  std::optional<StoredStep> step;
};

// A part that was deleted, and is to be counted again.
struct ErasureTask {
  TenantLifecycle tenant;
  BucketWork work;
  StoredStep step;
  PartSelector part;
  StepEffect in_stores;
  StepEffect in_archive;
};

// Collects, then runs once. Not thread-safe.
class DeletionRound {
 public:
  DeletionRound(const EngineParts& parts, const EngineOptions& options, StopToken stop, TickReport* report);

  void Add(PurgeTask task) { purges_.push_back(std::move(task)); }
  void Add(ErasureTask task) { erasures_.push_back(std::move(task)); }
  // What is in the stores of a bucket that was purged before.
  void Add(LateTask task) { late_.push_back(std::move(task)); }

  // Carries everything out, and writes what became of it into the report.
  void Run();

 private:
  // A purge whose intent is in the ledger.
  struct Doomed {
    PurgeTask task;
    uint64_t deleted = 0;
    uint64_t bytes = 0;
    ArchiveDeletion archive;
    std::vector<std::string> keys;
  };

  // A late deletion whose intent is in the ledger.
  struct LateDoomed {
    LateTask task;
    StepEffect deleted;
    LateFindings found;
  };

  // Purges in such an order that tenants take turns.
  void TakeTurns();
  // Whether another deletion may begin in this tick.
  bool MayBegin();
  void BeginPurges();
  void BeginPurge(PurgeTask task);
  absl::Status Intend(PurgeTask* task);
  absl::Status DeleteEverywhere(Doomed* doomed);
  void BeginLate();
  absl::Status BeginLate(LateTask task);
  void TellOfLate(const LateTask& task, const LateFindings& found);
  // Afterwards only tasks whose keys are gone are left.
  void DestroyKeys();
  absl::Status DestroyKeysOf(const Doomed& doomed);
  absl::Status Destroy(const std::vector<std::string>& keys);
  void Finish();
  absl::Status Finish(const Doomed& doomed);
  absl::Status Finish(const ErasureTask& erasure);
  absl::Status Finish(const LateDoomed& late);
  // Of a purge or a late one: what a guard says is no failure.
  void NotBegun(const BucketWork& work, const absl::Status& status);
  void NotDone(const BucketWork& work, ActionKind action, const absl::Status& status);

  const EngineParts& parts_;
  const EngineOptions& options_;
  const StopToken stop_;
  TickReport* const report_;
  std::vector<PurgeTask> purges_;
  std::vector<ErasureTask> erasures_;
  std::vector<LateTask> late_;
  std::vector<Doomed> doomed_;
  std::vector<LateDoomed> late_doomed_;
  // Deletions the tick means to begin, for the guard of their volume.
  uint64_t wanted_ = 0;
  // Of the report, with those the round may do.
  size_t max_steps_ = 0;
  std::map<std::string, KeyDestruction> destroyed_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_DELETION_ROUND_H_
