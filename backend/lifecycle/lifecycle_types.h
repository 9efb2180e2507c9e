// What the lifecycle store keeps, as values.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_TYPES_H_
#define ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/purge_guards.h"
#include "rollcall/v1/lifecycle_operations.pb.h"

namespace rollcall {

// Whose operation it is, and which.
struct Caller {
  // Chosen by the caller, 1 to 128 characters, one per intention: the same operation with the same id is carried out
  // once and answered as often as it is asked. Also the id of the event, hold or request the operation makes.
  std::string request_id;
  // `engine`, or `operator/NAME` of an operator's certificate. Given by whoever authenticated the call, never by the
  // caller.
  std::string actor;
};

// A bucket with its persisted state.
struct StoredBucket {
  Bucket facts;
  absl::Time state_since;
  // Lifecycle epoch its last step was begun at.
  uint64_t epoch = 0;
  // The step that was begun and neither ended nor replaced.
  std::optional<int64_t> open_step;
  bool restricted = false;
  bool held = false;
  // Of one that is purged: records that are in the stores all the same, and are due.
  uint64_t late = 0;
  // When it falls due, as things stood when it was looked at last.
  std::optional<absl::Time> due_at;
  // The agreement it was looked at under.
  std::string policy_id;
  uint32_t policy_version = 0;
  std::string policy_hash;
};

enum class HoldState { kAwaitsApproval, kInForce, kAwaitsRelease, kReleased };

// A hold with who did what. Empty names: nobody yet.
struct StoredHold {
  std::string id;
  pb::HoldPlaced body;
  std::string placed_by, approved_by, release_asked_by, released_by;
  absl::Time placed_at;
  std::optional<absl::Time> approved_at, release_asked_at, released_at;

  HoldState state() const {
    if (approved_by.empty()) return HoldState::kAwaitsApproval;
    if (release_asked_by.empty()) return HoldState::kInForce;
    return released_by.empty() ? HoldState::kAwaitsRelease : HoldState::kReleased;
  }
};

struct StoredExport {
  std::string id;
  pb::ExportRequest body;
};

// Persisted numbers.
enum class JournalPhase { kIntended = 1, kDone = 2, kReplaced = 3, kStopped = 4 };

// A step as it was begun.
struct StoredStep {
  // Grows; of all tenants.
  int64_t number = 0;
  BucketKey bucket;
  pb::StepKind kind = pb::STEP_KIND_UNSPECIFIED;
  // Fencing token: the lifecycle epoch it was begun at. Its end has to name it.
  uint64_t epoch = 0;
  absl::Time at;
  std::string actor;
  pb::StepIntent intent;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_TYPES_H_
