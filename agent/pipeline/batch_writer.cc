#include "agent/pipeline/batch_writer.h"

#include <string>
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
    for (size_t records = 0; records < BatchWriter::kMaxRecords && upsert_ < output_.upserts.size(); ++records) {
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
    return body.empty() || body.size() + size + kFieldOverhead <= BatchWriter::kMaxBodyBytes;
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

BatchWriter::BatchWriter(std::function<uint64_t()> epoch, Spool* spool, UnitStates* states)
    : epoch_(std::move(epoch)), spool_(spool), states_(states) {}

absl::StatusOr<RunNumber> BatchWriter::AppendParts(const SpoolUnit& unit, const RunOutput& output) {
  pb::Batch batch;
  batch.set_epoch(epoch_());
  batch.set_collector(output.result.collector());
  *batch.mutable_scope() = output.result.scope();
  batch.set_generation(++generations_[unit]);
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
    const absl::StatusOr<uint64_t> sequence = spool_->Append(unit, batch.SerializeAsString());
    if (!sequence.ok()) return sequence.status();
  }
  return RunNumber{batch.epoch(), batch.generation()};
}

absl::StatusOr<RunNumber> BatchWriter::Write(RunOutput&& output) {
  const SpoolUnit unit = UnitOf(output.result);
  const uint64_t dropped_before = spool_->Stats().dropped_entries;
  const absl::StatusOr<RunNumber> appended = AppendParts(unit, output);
  if (!appended.ok()) {
    // The first error is the one to report; an unmarked unit is still without a baseline.
    spool_->MarkNeedsFull(unit).IgnoreError();
    return appended;
  }
  if (!output.completes_set) return appended;
  states_->ClearFullRequest(unit);
  // Making room may have cost this very run its first parts; the mark then has to stay.
  if (spool_->Stats().dropped_entries != dropped_before) return appended;
  if (absl::Status cleared = spool_->ClearNeedsFull(unit); !cleared.ok()) return cleared;
  return appended;
}

}  // namespace rollcall
