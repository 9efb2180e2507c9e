// Cuts runs into batches and appends them to the spool.
#ifndef ROLLCALL_AGENT_PIPELINE_BATCH_WRITER_H_
#define ROLLCALL_AGENT_PIPELINE_BATCH_WRITER_H_

#include <cstdint>
#include <functional>
#include <map>

#include "agent/pipeline/batch_parts.h"
#include "agent/pipeline/run_writer.h"
#include "agent/spool/spool.h"
#include "agent/unit_states.h"

namespace rollcall {

// Appends each run as one or more serialized pb::Batch, without `sequence`: the spool assigns
// it and the uploader fills it in when it sends. Does not call Spool::Sync(): the caller
// decides how much a power loss may cost, such as once per second or per collection round.
// A run whose parts were only partly appended never gets its last part, so the backend does
// not apply it.
class BatchWriter : public RunWriter {
 public:
  static constexpr size_t kMaxRecords = kMaxPartRecords;
  static constexpr size_t kMaxBodyBytes = kMaxPartBytes;

  // `epoch` gives the agent's current epoch and is asked once per run: the backend may force
  // it up while the agent runs. The pointers must outlive this.
  BatchWriter(std::function<uint64_t()> epoch, Spool* spool, UnitStates* states);

  // Unavailable if the spool cannot keep the run, Internal if it cannot be compressed; the unit
  // is then marked `needs full`. A run that completes the backend's set removes that mark and
  // the backend's request, unless the spool had to drop entries to take it.
  absl::StatusOr<RunNumber> Write(RunOutput&& output) override;

 private:
  absl::StatusOr<RunNumber> AppendParts(const SpoolUnit& unit, const RunOutput& output);

  const std::function<uint64_t()> epoch_;
  Spool* spool_;
  UnitStates* states_;
  // Last generation used per unit; never goes back while the process lives.
  std::map<SpoolUnit, uint64_t> generations_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_BATCH_WRITER_H_
