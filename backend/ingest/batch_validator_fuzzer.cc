// Any bytes as a Batch, and the same bytes as the body of a good one; records are read in two ways, which agree.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "backend/ingest/batch_validator.h"
#include "backend/ingest/bounded_zstd.h"

namespace {

const rollcall::BatchContext kContext{
    {"acme", "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10"}, absl::FromUnixSeconds(1'700'000'000), absl::ZeroDuration()};

void CheckSame(const rollcall::ValidatedBatch& a, const rollcall::ValidatedBatch& b) {
  if (a.status != b.status || a.reason != b.reason || a.clock_suspects != b.clock_suspects) std::abort();
  if (!a.status.ok()) return;
  const auto same = [](const rollcall::PreparedRecord& x, const rollcall::PreparedRecord& y) {
    return x.kind == y.kind && x.asset_key == y.asset_key && x.fingerprint == y.fingerprint &&
           x.collected_at == y.collected_at && x.clock_suspect == y.clock_suspect && x.payload == y.payload;
  };
  if (!std::equal(a.batch.records.begin(), a.batch.records.end(), b.batch.records.begin(), b.batch.records.end(),
                  same) ||
      a.batch.retired != b.batch.retired) {
    std::abort();
  }
}

void Check(const rollcall::pb::Batch& batch) {
  const rollcall::BatchLimits limits;
  const rollcall::ValidatedBatch result = rollcall::ValidateBatch(batch, kContext, limits);
  CheckSame(result, rollcall::ValidateBatch(batch, kContext, limits, rollcall::RecordReading::kParse));
  if (result.status.ok() != (result.reason == rollcall::RejectReason::kNone)) std::abort();
  if (!result.status.ok()) return;
  const auto& records = result.batch.records;
  for (size_t i = 0; i < records.size(); ++i) {
    const absl::Duration age = kContext.received_at - records[i].collected_at;
    if (age < absl::ZeroDuration() || age > limits.max_spool_age) std::abort();
    if (i > 0 &&
        std::tie(records[i - 1].kind, records[i - 1].asset_key) >= std::tie(records[i].kind, records[i].asset_key)) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  rollcall::pb::Batch batch;
  if (batch.ParseFromString(bytes)) Check(batch);

  rollcall::pb::Batch outer;
  outer.set_epoch(1);
  outer.set_generation(1);
  outer.set_collector("os_packages");
  outer.mutable_scope()->set_type(rollcall::pb::Scope::HOST);
  outer.set_mode(rollcall::pb::DELTA);
  outer.mutable_base();
  outer.set_body(rollcall::CompressZstd(bytes));
  outer.set_body_size(static_cast<uint32_t>(size));
  Check(outer);
  return 0;
}
