// The life of a bucket as a table: every state, every event.
#ifndef ROLLCALL_BACKEND_RETENTION_BUCKET_MACHINE_H_
#define ROLLCALL_BACKEND_RETENTION_BUCKET_MACHINE_H_

#include "absl/strings/string_view.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// What happens to a bucket: things that become known about the tenant, and steps the engine has carried out
// and verified. A store appends the event to its journal before it acts on the answer, and an effect is
// verified before the event that says so.
enum class BucketEvent {
  // The end of use took effect; only of categories with an archive does the bucket move.
  kServiceEnded = 0,
  kServiceResumed,
  // The object in the archive was read back: hash and count are the stores'.
  kArchiveVerified,
  // The stores hold none of it any more, counted after the deletion.
  kStoresEmptied,
  // The stores hold all of it again, compared; the archive holds no version of it.
  kRestoreVerified,
  // Every guard held, in the transaction that appends this.
  kPurgeIntended,
  // Nothing is left: stores counted, archive listed with all versions and uploads, key destroyed.
  kPurgeVerified,
  kHoldPlaced,
  kHoldReleased,
  kDeletionRequested,
  kDeletionCancelled,
  kRestrictionPlaced,
  kRestrictionLifted,
  kTerminationScheduled,
  kTerminationCancelled,
  kHostDecommissioned,
  // Records of its day came in.
  kLateArrival,
};
inline constexpr int kBucketEvents = static_cast<int>(BucketEvent::kLateArrival) + 1;
inline constexpr int kBucketStates = 7;  // BUCKET_ACTIVE to BUCKET_PURGED

enum class StepKind {
  // The state changes.
  kMoves,
  // It happens, and leaves the state as it is: dates or flags may change, see EvaluateBucket.
  kStays,
  // It is too late for it. The event is logged, and has no effect on this bucket.
  kTooLate,
  // It cannot have happened: whoever says so is wrong, and nothing may be done for it.
  kImpossible,
};

struct BucketStep {
  StepKind kind;
  pb::BucketState to;
  // A sentence for the log.
  absl::string_view why;
};

// The table. `has_archive` is whether the agreement allows the category an archive. Pure and total; for
// BUCKET_STATE_UNSPECIFIED every event is kImpossible.
BucketStep NextStep(pb::BucketState state, BucketEvent event, bool has_archive);

// `archive verified`.
absl::string_view BucketEventText(BucketEvent event);
// `active`.
absl::string_view BucketStateText(pb::BucketState state);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_BUCKET_MACHINE_H_
