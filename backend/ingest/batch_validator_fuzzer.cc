// Any bytes as a Batch, and the same bytes as the body of a good one.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "backend/ingest/batch_validator.h"
#include "backend/ingest/bounded_zstd.h"

namespace {

const rollcall::BatchContext kContext{
    {"acme", "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10"}, absl::FromUnixSeconds(1'700'000'000), absl::ZeroDuration()};

void Check(const rollcall::pb::Batch& batch) {
  const rollcall::BatchLimits limits;
  const rollcall::ValidatedBatch result = rollcall::ValidateBatch(batch, kContext, limits);
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
