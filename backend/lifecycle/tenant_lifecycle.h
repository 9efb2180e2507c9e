// A tenant's life: what can happen to it, and what is asked about it.
//
// An object is one tenant's. No operation names a tenant, and every id it takes is looked for among that tenant's
// own.
//
// Operations that take a Caller are atomic, carried out once per request id, and in the ledger when they answer OK.
// Errors they share: InvalidArgument for what is malformed or a request id used for something else; NotFound for an id
// the tenant does not have; FailedPrecondition for what cannot be, as things stand; PermissionDenied for what takes
// another person; Unavailable: ask again, with the same request id.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_TENANT_LIFECYCLE_H_
#define ROLLCALL_BACKEND_LIFECYCLE_TENANT_LIFECYCLE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/lifecycle/lifecycle_core.h"
#include "backend/lifecycle/lifecycle_types.h"

namespace rollcall {

// What the stores hold of a bucket.
struct BucketContent {
  BucketKey key;
  std::optional<absl::Time> first_stored_at;
  uint64_t records = 0;
  uint64_t bytes = 0;
};

// A step to begin, as it was picked.
struct StepPick {
  BucketKey bucket;
  // As EvaluateBucket answered when it was picked; what became known since refuses it.
  uint64_t epoch = 0;
  std::string policy_hash;
  std::string actor = "engine";
};

// What the guards of a purge need beside that.
struct PurgePick {
  StepPick step;
  ClockReading clock;
  // Buckets the whole tick means to delete. What was begun on the day already counts as well.
  uint64_t wanted = 0;
};

// What is in the stores for a bucket whose deletion was certified, and is due by its own dates.
struct LateRows {
  uint64_t records = 0;
  uint64_t bytes = 0;
  // When the latest of them was received: what depends on that is due for all of them then.
  absl::Time last_received;
  // Of the records, those that were received before the deletion was certified, and so should have been part of it.
  uint64_t missed = 0;
};

struct BegunStep {
  StoredStep step;
  // False if it had begun before.
  bool is_new = false;
};

// A request for deletion that stands and is not fulfilled.
struct OpenDeletion {
  std::string id;
  std::string reason;
  absl::Time requested_at;
  pb::DeletionDates dates;
  // Whole days from now to the deadline, negative when it has passed; unset under a hold.
  std::optional<int64_t> days_left;
  // Buckets, or parts of buckets, that are still there.
  uint64_t remaining = 0;
};

struct OpenExport {
  StoredExport request;
  int64_t days_left = 0;
};

struct OpenRequests {
  std::vector<OpenDeletion> deletions;
  std::vector<OpenExport> exports;
};

// A value; the store it is of outlives it. Thread-safe.
class TenantLifecycle {
 public:
  TenantLifecycle(LifecycleCore* core, std::string tenant) : core_(core), tenant_(std::move(tenant)) {}
  const std::string& tenant() const { return tenant_; }

  // --- Services and their ends (subscription_operations.cc)

  // A hosting service the tenant has from now on. FailedPrecondition if it has it already.
  absl::StatusOr<pb::OperationAnswer> AddService(const Caller& caller, const std::string& service);
  // FailedPrecondition if it has ended, or an end is announced: that one is changed.
  absl::StatusOr<pb::OperationAnswer> ScheduleTermination(const Caller& caller, const pb::Subscription& subscription,
                                                          absl::Time effective_at);
  // Of an end that is announced and has not come. FailedPrecondition if there is none.
  absl::StatusOr<pb::OperationAnswer> ChangeTermination(const Caller& caller, const pb::Subscription& subscription,
                                                        absl::Time effective_at);
  absl::StatusOr<pb::OperationAnswer> CancelTermination(const Caller& caller, const pb::Subscription& subscription);
  // The customer is back, or stays. Aborted if `expected_epoch` is not the tenant's: something became known since the
  // caller looked. The answer's `restoration` says whether everything is still there; a deletion that
  // was intended before is irrevocable.
  absl::StatusOr<pb::OperationAnswer> Resubscribe(const Caller& caller, const pb::Subscription& subscription,
                                                  absl::Time effective_at, uint64_t expected_epoch);
  absl::StatusOr<pb::OperationAnswer> NotePaidPeriod(const Caller& caller, const pb::Subscription& subscription,
                                                     absl::Time ends_at);
  absl::StatusOr<pb::OperationAnswer> DecommissionHost(const Caller& caller, const std::string& host,
                                                       const std::string& service);
  // Records that come in for a day that is over: whether they may be kept, and for which day. `arrival.bucket_state` is
  // looked up. FailedPrecondition for a day that is not over.
  absl::StatusOr<pb::OperationAnswer> NoteLateArrival(const Caller& caller, Arrival arrival);

  // --- Holds: each half by another person (hold_operations.cc)

  // Asks for a hold: a scope (categories, services, days), what it rests on, and when to look again. It holds once it
  // is approved; its id is the request's.
  absl::StatusOr<pb::OperationAnswer> PlaceHold(const Caller& caller, const pb::HoldPlaced& hold);
  absl::StatusOr<pb::OperationAnswer> ApproveHold(const Caller& caller, const std::string& hold);
  absl::StatusOr<pb::OperationAnswer> AskRelease(const Caller& caller, const std::string& hold);
  absl::StatusOr<pb::OperationAnswer> ApproveRelease(const Caller& caller, const std::string& hold);
  // Data may be read for legal purposes only, until it is lifted. Its id is the request's.
  absl::StatusOr<pb::OperationAnswer> PlaceRestriction(const Caller& caller, const pb::Selector& selector);
  absl::StatusOr<pb::OperationAnswer> LiftRestriction(const Caller& caller, const std::string& restriction);

  // --- Requests of the customer (request_operations.cc)

  // The answer's `deletion` says when, by the agreement, and why. Restricted from now on.
  absl::StatusOr<pb::OperationAnswer> RequestDeletion(const Caller& caller, const pb::Selector& selector,
                                                      const std::string& reason);
  // Within the cooling-off, which is never longer than the service level.
  absl::StatusOr<pb::OperationAnswer> CancelDeletion(const Caller& caller, const std::string& request);
  absl::StatusOr<pb::OperationAnswer> RequestExport(const Caller& caller, const pb::Selector& selector,
                                                    const std::string& reason);
  // `manifest_hash` is 32 bytes; empty if it failed, for which `failure` says why.
  absl::StatusOr<pb::OperationAnswer> FinishExport(const Caller& caller, const std::string& request,
                                                   const std::string& manifest_hash, const std::string& failure);

  // --- Buckets and what is done to them (step_operations.cc, purge_operations.cc)

  // What the stores hold of it, counted; may be repeated. FailedPrecondition once its deletion has begun.
  absl::Status NoteBucket(const BucketContent& content);
  // How many records are in the stores of a bucket that is purged, and are due: the lists that people acknowledge name
  // it. FailedPrecondition if it is not purged.
  absl::Status NoteLate(const BucketKey& bucket, uint64_t records);
  // Begins a step that deletes nothing for good, if it is wanted as things stand in this transaction. The step that is
  // open is replaced; a repetition answers what had begun. InvalidArgument for the steps below.
  absl::StatusOr<BegunStep> BeginStep(const StepPick& pick, pb::StepKind kind);
  // Its end, verified. Repeated, it answers OK. Aborted if another step has taken its place or `epoch` is not the
  // step's: nothing may be done for it any more.
  absl::Status FinishStep(int64_t step, uint64_t epoch, const pb::StepEvidence& evidence);
  // Asks every guard in the transaction that appends the intent. FailedPrecondition lists all that refuse. When it
  // answers OK the ledger has the intent, and nothing undoes it.
  absl::StatusOr<BegunStep> IntendPurge(const PurgePick& pick);
  // The same for rows of a bucket that is purged, which is to be due as if it were there: every guard, and the day's
  // volume counts it. Asked again, the guards are asked again; a hold or other dates end the step that had begun, and
  // the journal says why. Ended with FinishStep.
  absl::StatusOr<BegunStep> IntendLatePurge(const PurgePick& pick, const LateRows& rows);
  // Of the part of a bucket that a request selects, also where it was erased before and more has come: the guards of a
  // purge but for the volume. Asked again as IntendLatePurge. Ended with FinishStep.
  absl::StatusOr<BegunStep> IntendErasure(const PurgePick& pick, const std::string& request);
  // Gives up an erasure that is open and not wanted any more: a hold, a request taken back. OK if none is open.
  // FailedPrecondition if it is wanted.
  absl::Status StopErasure(const StepPick& pick);
  // Evidence and certificate into the ledger, then the bucket is purged. Nothing may remain in any store.
  absl::Status FinishPurge(int64_t step, uint64_t epoch, const pb::StepEvidence& evidence);
  // Steps that were begun and not finished, oldest first: what a restart repeats. The ledger has the intents of all.
  absl::StatusOr<std::vector<StoredStep>> UnfinishedSteps();

  // --- Questions (tenant_queries.cc)

  // Everything the evaluator wants, as it is known now.
  absl::StatusOr<pb::TenantFacts> Facts();
  absl::StatusOr<TenantTimeline> Timeline();
  absl::StatusOr<std::vector<StoredBucket>> Buckets();
  absl::StatusOr<std::vector<StoredHold>> Holds();
  absl::StatusOr<OpenRequests> Requests();

 private:
  absl::Status TellOfVolume(const PurgePick& pick, uint64_t forecast, uint64_t wanted);

  LifecycleCore* core_;
  std::string tenant_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_TENANT_LIFECYCLE_H_
