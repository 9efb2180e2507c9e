// Evidence of what the engine did, as the ledger takes it.
#ifndef ROLLCALL_BACKEND_ENGINE_STEP_EVIDENCE_H_
#define ROLLCALL_BACKEND_ENGINE_STEP_EVIDENCE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/archive/object_codec.h"
#include "backend/engine/engine_parts.h"
#include "rollcall/v1/lifecycle_operations.pb.h"

namespace rollcall {

// What was seen in one store.
struct Seen {
  uint64_t deleted = 0;
  uint64_t bytes = 0;
  uint64_t remaining = 0;
  // How it was verified.
  absl::string_view method;
  // Of the answer that was looked at; may be empty.
  std::string answer_hash;
};

// Collects what was seen after a step, all at one time. Not thread-safe.
class StepEvidence {
 public:
  StepEvidence(const EngineParts& parts, const EngineOptions& options);

  StepEvidence& InStore(const Seen& seen);
  StepEvidence& InArchive(const Seen& seen);
  // Keys that are gone; `remaining` that are not.
  StepEvidence& OfKeys(const std::vector<KeyDestruction>& keys, uint64_t remaining);
  // Backups that have something sealed by those keys. To be called last: what is in them is unreadable since.
  StepEvidence& InBackups(const BackupsHolding& held, absl::TimeZone zone);
  const pb::StepEvidence& evidence() const { return evidence_; }

 private:
  StepEvidence& Add(pb::StoreKind kind, const std::string& name, const Seen& seen);

  const EngineOptions& options_;
  const absl::Time at_;
  pb::StepEvidence evidence_;
};

// Evidence that the archive has an object: its hash.
std::string HashOf(const ObjectSummary& object);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_STEP_EVIDENCE_H_
