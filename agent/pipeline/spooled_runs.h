// Runs as they lie in the spool, read back.
#ifndef ROLLCALL_AGENT_PIPELINE_SPOOLED_RUNS_H_
#define ROLLCALL_AGENT_PIPELINE_SPOOLED_RUNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/record_identity.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

struct SpooledRun {
  // The last part there is, without its body.
  pb::Batch header;
  // Its last part is there. A run without it is never applied.
  bool whole = false;
  // Its parts are not 0, 1, 2, ...: what is here is not the run.
  bool has_gap = false;
  std::vector<std::string> payloads;
  struct Upsert {
    AssetKey key;
    Fingerprint fingerprint;
    std::string bytes;
    bool unrepeatable = false;
  };
  // Without samples.
  std::vector<Upsert> upserts;
  std::vector<AssetKey> retired;
  bool has_samples = false;
};

// Puts the parts of one unit, given in order, together to runs. DataLoss for what is not a batch, and
// ResourceExhausted for more than `max_bytes` when unpacked. Pure.
absl::StatusOr<std::vector<SpooledRun>> ReadSpooledRuns(const std::vector<std::string>& payloads, size_t max_bytes);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_SPOOLED_RUNS_H_
