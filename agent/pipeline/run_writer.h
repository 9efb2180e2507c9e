// The last stage: takes what a run changed and makes it durable.
#ifndef ROLLCALL_AGENT_PIPELINE_RUN_WRITER_H_
#define ROLLCALL_AGENT_PIPELINE_RUN_WRITER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/spool/spool.h"
#include "agent/unit_states.h"
#include "proto/record_identity.h"
#include "proto/set_digest.h"
#include "rollcall/v1/ingest.pb.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// What one run tells the backend about one unit.
struct RunOutput {
  pb::BatchMode mode = pb::BATCH_MODE_UNSPECIFIED;
  // DELTA: the set the changes apply to, and the set after them. FULL: `after` alone.
  // MERGE: neither.
  SetDigest base;
  SetDigest after;
  // Serialized Records without derived fields, in the order they were emitted. DELTA: those that
  // were in the base come first, then those that are new to it; samples last. BatchReducer counts on it.
  std::vector<std::string> upserts;
  std::vector<AssetKey> retired;
  pb::RunResult result;
  // DELTA: when the last run started that found just `base` and was confirmed, not sent.
  std::optional<absl::Time> base_seen_at;
  // After this, the backend holds the unit's complete set: a FULL run, or a DELTA that found
  // the backend's set equal to the host's.
  bool completes_set = false;
  // What the spool may do with it when there is no room.
  EntryClass entry_class = EntryClass::kState;
};

// Name of the unit a run belongs to.
inline SpoolUnit UnitOf(const pb::RunResult& run) { return {run.collector(), ScopeText(run.scope())}; }

// Used by one thread at a time.
class RunWriter {
 public:
  virtual ~RunWriter() = default;
  // Queues the whole run and returns its number. After an error the unit is marked `needs full` and nothing of this
  // run may be believed to reach the backend.
  virtual absl::StatusOr<RunNumber> Write(RunOutput&& output) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_RUN_WRITER_H_
