#include "backend/ingest/testing/test_batches.h"

#include "backend/ingest/bounded_zstd.h"
#include "proto/record_identity.h"
#include "proto/set_digest.h"
#include "proto/wire_time.h"

namespace rollcall {

pb::Record TestPackage(const std::string& name, absl::Time collected_at) {
  pb::Record record;
  record.mutable_scope()->set_type(pb::Scope::HOST);
  *record.mutable_collected_at() = ToWire(collected_at);
  pb::OsPackage* package = record.mutable_os_package();
  package->set_name(name);
  package->set_version("1.0-1");
  package->set_status("installed");
  return record;
}

void SetBody(const pb::BatchBody& body, pb::Batch* batch) {
  const std::string bytes = body.SerializeAsString();
  batch->set_body(bytes.empty() ? "" : CompressZstd(bytes));
  batch->set_body_size(static_cast<uint32_t>(bytes.size()));
}

pb::Batch TestFullBatch(uint64_t sequence, uint64_t generation, const std::vector<pb::Record>& records) {
  pb::Batch batch;
  batch.set_sequence(sequence);
  batch.set_epoch(1);
  batch.set_collector("os_packages");
  batch.mutable_scope()->set_type(pb::Scope::HOST);
  batch.set_generation(generation);
  batch.set_last(true);
  batch.set_mode(pb::FULL);
  pb::BatchBody body;
  SetDigest digest;
  for (const pb::Record& record : records) {
    const RecordIdentity identity = IdentityOf(record).value();
    digest.Add(identity.asset_key, identity.fingerprint);
    *body.add_records() = record;
  }
  SetBody(body, &batch);
  *batch.mutable_after() = digest.ToWire();
  pb::RunResult* run = batch.mutable_run_result();
  run->set_collector("os_packages");
  run->set_collector_version("1");
  *run->mutable_scope() = batch.scope();
  run->set_status(pb::RunResult::COMPLETE);
  run->set_record_count(records.size());
  *run->mutable_interval() = ToWire(absl::Minutes(10));
  return batch;
}

}  // namespace rollcall
