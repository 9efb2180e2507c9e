#include "agent/pipeline/batch_parts.h"

#include <utility>

#include "agent/pipeline/batch_body.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Bytes a record takes in a body beyond its own: tag and length.
constexpr size_t kFieldOverhead = 6;

// Walks over a run's upserts and retirements, one part at a time.
class PartCutter {
 public:
  explicit PartCutter(const RunOutput& output) : output_(output) {}

  bool done() const { return upsert_ == output_.upserts.size() && retired_ == output_.retired.size(); }

  // The next part's body; takes at least one element if there is one.
  std::string Next() {
    std::string body;
    for (size_t records = 0; records < kMaxPartRecords && upsert_ < output_.upserts.size(); ++records) {
      if (!Fits(output_.upserts[upsert_].size(), body)) return body;
      AppendRecord(output_.upserts[upsert_++], &body);
    }
    if (upsert_ < output_.upserts.size()) return body;
    while (retired_ < output_.retired.size() && Fits(sizeof(AssetKey), body)) {
      AppendRetired(output_.retired[retired_++], &body);
    }
    return body;
  }

 private:
  static bool Fits(size_t size, const std::string& body) {
    return body.empty() || body.size() + size + kFieldOverhead <= kMaxPartBytes;
  }

  const RunOutput& output_;
  size_t upsert_ = 0;
  size_t retired_ = 0;
};

void FinishRun(const RunOutput& output, pb::Batch* batch) {
  batch->set_last(true);
  if (output.mode != pb::MERGE) *batch->mutable_after() = output.after.ToWire();
  *batch->mutable_run_result() = output.result;
  if (output.base_seen_at.has_value()) *batch->mutable_base_seen_at() = ToWire(*output.base_seen_at);
}

}  // namespace

absl::Status ForEachPart(const RunOutput& output, uint64_t epoch, uint64_t generation,
                         const std::function<absl::Status(const std::string& payload, bool only)>& take) {
  pb::Batch batch;
  batch.set_epoch(epoch);
  batch.set_collector(output.result.collector());
  *batch.mutable_scope() = output.result.scope();
  batch.set_generation(generation);
  batch.set_mode(output.mode);
  if (output.mode == pb::DELTA) *batch.mutable_base() = output.base.ToWire();

  PartCutter parts(output);
  BodyCompressor compressor;
  for (uint32_t part = 0; part == 0 || !parts.done(); ++part) {
    const std::string body = parts.Next();
    absl::StatusOr<std::string> compressed = compressor.Compress(body);
    if (!compressed.ok()) return compressed.status();
    batch.set_part(part);
    batch.set_body(*std::move(compressed));
    batch.set_body_size(static_cast<uint32_t>(body.size()));
    if (parts.done()) FinishRun(output, &batch);
    if (absl::Status status = take(batch.SerializeAsString(), part == 0 && parts.done()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace rollcall
