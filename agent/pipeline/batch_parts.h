// Cuts a run into the batches it is sent as.
#ifndef ROLLCALL_AGENT_PIPELINE_BATCH_PARTS_H_
#define ROLLCALL_AGENT_PIPELINE_BATCH_PARTS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "agent/pipeline/run_writer.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

// A part holds at most so many records, and so many bytes before compression unless a single
// record is larger.
inline constexpr size_t kMaxPartRecords = 512;
inline constexpr size_t kMaxPartBytes = 256 << 10;

// Makes the parts of `output` as run (`epoch`, `generation`) and hands each to `take`, serialized,
// in order; one at least. `only` says that there is no other. Ends at the first error, of `take` or
// Internal if a part cannot be compressed, and returns it.
absl::Status ForEachPart(const RunOutput& output, uint64_t epoch, uint64_t generation,
                         const std::function<absl::Status(const std::string& payload, bool only)>& take);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_BATCH_PARTS_H_
