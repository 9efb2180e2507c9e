#include "agent/pipeline/spooled_runs.h"

#include <algorithm>
#include <utility>

#include "agent/pipeline/batch_body.h"
#include "agent/pipeline/unrepeatable.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

absl::Status TakeBody(const pb::BatchBody& body, SpooledRun* run) {
  for (const pb::Record& record : body.records()) {
    if (IsSampleKind(static_cast<int>(record.payload_case()))) {
      run->has_samples = true;
      continue;
    }
    const absl::StatusOr<RecordIdentity> identity = IdentityOf(record);
    if (!identity.ok()) return absl::DataLossError("read spooled run: a record is of no known kind");
    run->upserts.push_back(
        {identity->asset_key, identity->fingerprint, record.SerializeAsString(), IsUnrepeatable(record)});
  }
  for (const std::string& bytes : body.retired()) {
    AssetKey key;
    if (bytes.size() != key.size()) return absl::DataLossError("read spooled run: a retired key has a wrong size");
    std::copy(bytes.begin(), bytes.end(), key.begin());
    run->retired.push_back(key);
  }
  return absl::OkStatus();
}

bool SameRun(const pb::Batch& a, const pb::Batch& b) {
  return a.epoch() == b.epoch() && a.generation() == b.generation();
}

}  // namespace

absl::StatusOr<std::vector<SpooledRun>> ReadSpooledRuns(const std::vector<std::string>& payloads, size_t max_bytes) {
  std::vector<SpooledRun> runs;
  size_t unpacked = 0;
  for (const std::string& payload : payloads) {
    pb::Batch batch;
    if (!batch.ParseFromString(payload)) return absl::DataLossError("read spooled run: an entry is no batch");
    unpacked += batch.body_size();
    if (unpacked > max_bytes) return absl::ResourceExhaustedError("read spooled run: too much at once");
    const absl::StatusOr<std::string> bytes = UnpackBody(batch.body(), batch.body_size());
    if (!bytes.ok()) return bytes.status();
    pb::BatchBody body;
    if (!body.ParseFromString(*bytes)) return absl::DataLossError("read spooled run: a body cannot be parsed");
    batch.clear_body();
    if (runs.empty() || runs.back().whole || !SameRun(runs.back().header, batch)) runs.emplace_back();
    SpooledRun& run = runs.back();
    run.has_gap |= batch.part() != run.payloads.size();
    run.header = std::move(batch);
    run.whole = run.header.last();
    run.payloads.push_back(payload);
    if (absl::Status status = TakeBody(body, &run); !status.ok()) return status;
  }
  return runs;
}

}  // namespace rollcall
