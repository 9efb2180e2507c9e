// The border check for batches: everything the store may rely on is established here.
#ifndef ROLLCALL_BACKEND_INGEST_BATCH_VALIDATOR_H_
#define ROLLCALL_BACKEND_INGEST_BATCH_VALIDATOR_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/store/store.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

struct BatchLimits {
  // Of the body, before compression.
  size_t max_body_bytes = size_t{4} << 20;
  size_t max_records = 5000;
  size_t max_retired = 50000;
  // Of one record, serialized, and of one string in it.
  size_t max_record_bytes = size_t{512} << 10;
  size_t max_string_bytes = size_t{64} << 10;
  // Of the run's result.
  size_t max_problems = 100;
  // A record may wait this long in an agent's spool.
  absl::Duration max_spool_age = absl::Hours(7 * 24);
  // Agents whose clock is further off are not believed about time.
  absl::Duration max_clock_offset = absl::Minutes(5);
};

// What is known of the sender when a batch arrives.
struct BatchContext {
  AgentName agent;
  absl::Time received_at;
  // The agent's clock minus the backend's, as Hello showed; infinite if it did not.
  absl::Duration clock_offset;
};

// Why a batch was refused; the label of a metric, so the set is closed.
enum class RejectReason {
  kNone,
  kName,
  kScope,
  kHeader,
  kSize,
  kEncoding,
  kReserved,
  kPayload,
  kRecord,
  kDuplicate,
  kRunResult,
};
absl::string_view RejectReasonName(RejectReason reason);

struct ValidatedBatch {
  // InvalidArgument says what was wrong and where (record index, field), never a value.
  absl::Status status;
  RejectReason reason = RejectReason::kNone;
  // Set if `status` is OK.
  PreparedBatch batch;
  // Records whose collection time was not believed.
  size_t clock_suspects = 0;
};

// Checks what can be told without opening the body: names, scope, sizes, mode. Cheap enough
// for a gRPC reaction. OK or InvalidArgument.
absl::Status CheckBatchHeader(const pb::Batch& batch, const BatchLimits& limits, RejectReason* reason);

// How records are read. The result is the same.
enum class RecordReading {
  // From their bytes where these are canonical (canonical_record.h), which is a third of the work. A body with others
  // is parsed, so all that is refused is refused by what kParse does.
  kCanonical,
  // Each is parsed, checked and serialized again.
  kParse,
};

// Checks everything and prepares the batch for the store: decompresses within bounds, reads records,
// refuses derived and unknown fields, computes identities, sorts. Pure; never crashes or
// allocates more than a few times `max_body_bytes` whatever the bytes.
ValidatedBatch ValidateBatch(const pb::Batch& batch, const BatchContext& context, const BatchLimits& limits,
                             RecordReading reading = RecordReading::kCanonical);

// Checks a heartbeat's confirmations and prepares them for the store: names, scopes, no more than
// kMaxConfirmations. InvalidArgument says what was wrong.
inline constexpr int kMaxConfirmations = 1000;
absl::StatusOr<std::vector<PreparedConfirmation>> ValidateConfirmations(const pb::Heartbeat& heartbeat,
                                                                        absl::Time received_at);

// A collector's name: 1 to 64 of [a-z0-9_], a letter first.
bool IsCollectorName(absl::string_view name);
// HOST has no id; every other type has one of 1 to 256 printable ASCII characters.
bool IsValidScope(const pb::Scope& scope);

// When a record counts as collected: the agent's word if it can be true, else `received_at`.
// Sets `*suspect` accordingly.
absl::Time EffectiveCollectedAt(std::optional<absl::Time> collected_at, const BatchContext& context,
                                const BatchLimits& limits, bool* suspect);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_BATCH_VALIDATOR_H_
