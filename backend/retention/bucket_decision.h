// What is to be done with a bucket, when, and why: the pure heart of enforcement.
//
// How a store-backed engine uses it. It keeps a tenant's pb::LifecycleEvents, append-only, and one pb::BucketFacts
// per bucket; both are all there is to persist, and replaying them gives the same answers, so nothing
// that is computed here needs to be stored. Per tenant and tick it folds the events once (FoldEvents) and
// asks a BucketEvaluator for each bucket, with Detail::kBounds for those it only counts. To act it
//   1. evaluates again in the transaction that appends BucketEvent::kPurgeIntended, with a timeline folded
//      from the events as they are there, and asks GuardPurge;
//   2. carries the step out, which must be idempotent, and verifies it;
//   3. appends the event that says so and moves the state as NextStep says.
// After a crash it repeats the step of the last journal entry. `explanation` goes into the certificate.
#ifndef ROLLCALL_BACKEND_RETENTION_BUCKET_DECISION_H_
#define ROLLCALL_BACKEND_RETENTION_BUCKET_DECISION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/retention/retention_policy.h"
#include "backend/retention/tenant_timeline.h"

namespace rollcall {

// A pb::BucketFacts that was checked.
struct Bucket {
  BucketKey key;
  pb::BucketState state = pb::BUCKET_ACTIVE;
  // The end of its day if unset.
  std::optional<absl::Time> first_stored_at;
  uint64_t records = 0;
  uint64_t bytes = 0;
  std::vector<std::string> erased_for;
};

// One bucket per day from collected_day to through_day. InvalidArgument if a day is none, the category is
// unknown, the service is empty or the days are more than ten years. Pure.
absl::StatusOr<std::vector<Bucket>> BucketsFrom(const pb::BucketFacts& facts);

enum class ActionKind {
  kStartArchive,
  kFinishArchive,
  kEmptyStores,
  kStartRestore,
  kFinishRestore,
  // Part of it, for a request.
  kErasePart,
  kPurge,
  kFinishPurge,
};
// `purge`.
absl::string_view ActionText(ActionKind kind);

// A step that is to be taken now.
struct DueAction {
  ActionKind kind;
  // The step is not late until then; unset if nothing is promised about it.
  std::optional<absl::Time> by;
  std::string reason;
  // Of kErasePart: the request it is for.
  std::string request;
};

// A request for part of a bucket.
struct PartialDeletion {
  std::string request;
  absl::Time not_before;
  absl::Time due_from;
  absl::Time deadline;
  bool done = false;
};

struct BucketDecision {
  // Bounds on the deletion of the whole bucket; `restricted` and `held` as they are now.
  RetentionDecision dates;
  // Where the bucket belongs now.
  pb::BucketState wanted = pb::BUCKET_ACTIVE;
  std::vector<DueAction> actions;
  std::vector<PartialDeletion> parts;
  // Ids of the holds in force.
  std::vector<std::string> holds;
  // It should be gone and is not.
  bool overdue = false;
  // Of the timeline: see TenantTimeline.
  uint64_t epoch = 0;
  // From facts to actions, in words. Only for Detail::kSteps.
  std::vector<std::string> explanation;

  bool Wants(ActionKind kind) const;
};

// Decides about the buckets of one tenant. What a service and a category have in common is found once for neighbours,
// so that a core decides about millions of buckets a second. Not thread-safe.
class BucketEvaluator {
 public:
  // Both outlive it. `memory`: whether it is worth remembering when days begin.
  BucketEvaluator(const RetentionPolicy& policy, const TenantTimeline& timeline,
                  ZoneDays::Memory memory = ZoneDays::Memory::kDays);
  ~BucketEvaluator();
  BucketEvaluator(const BucketEvaluator&) = delete;
  BucketEvaluator& operator=(const BucketEvaluator&) = delete;

  // As EvaluateBucket.
  BucketDecision Evaluate(const Bucket& bucket, Detail detail);

 private:
  class Evaluation;
  const std::unique_ptr<Evaluation> evaluation_;
};

// Decides. Pure and total. A hold that touches any of the bucket holds all of it: it is deleted as a whole or
// not at all. The same holds do not stop a deletion that has begun (BUCKET_PURGING).
BucketDecision EvaluateBucket(const RetentionPolicy& policy, const Bucket& bucket, const TenantTimeline& timeline,
                              Detail detail = Detail::kSteps);

// Folds and decides: the function of policy, facts, events and the time. For one bucket; many share a
// timeline. Errors are FoldEvents'.
absl::StatusOr<BucketDecision> EvaluateBucketAt(const RetentionPolicy& policy, const Bucket& bucket,
                                                const pb::TenantFacts& tenant, absl::Time now);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_BUCKET_DECISION_H_
