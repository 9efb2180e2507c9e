#include "tests/bench/fleet/unit_runs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/pipeline/batch_body.h"
#include "agent/pipeline/batch_writer.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr uint32_t kPartRecords = BatchWriter::kMaxRecords;

absl::Status AppendTo(pb::Record record, absl::Time now, PartBody* body, std::string* bytes) {
  *record.mutable_collected_at() = ToWire(now);
  std::string serialized;
  if (!record.SerializeToString(&serialized)) return absl::InternalError("serialize record");
  AppendRecord(serialized, bytes);
  ++body->records;
  return absl::OkStatus();
}

absl::Status Compress(const std::string& bytes, PartBody* body) {
  // A compressor holds most of a megabyte; one for each thread is enough.
  thread_local BodyCompressor compressor;
  absl::StatusOr<std::string> compressed = compressor.Compress(bytes);
  if (!compressed.ok()) return compressed.status();
  body->compressed = *std::move(compressed);
  body->size = static_cast<uint32_t>(bytes.size());
  return absl::OkStatus();
}

pb::RunResult ResultOf(const UnitShape& unit, absl::Time now) {
  pb::RunResult result;
  result.set_collector(std::string(unit.collector));
  result.set_collector_version("1");
  result.mutable_scope()->set_type(pb::Scope::HOST);
  result.set_status(pb::RunResult::COMPLETE);
  result.set_record_count(unit.records);
  *result.mutable_started_at() = ToWire(now - absl::Milliseconds(40));
  *result.mutable_finished_at() = ToWire(now);
  *result.mutable_interval() = ToWire(absl::Hours(1));
  *result.mutable_cpu_time() = ToWire(absl::Milliseconds(30));
  return result;
}

}  // namespace

UnitRuns::UnitRuns(const HostModel* model, size_t hosts, absl::Time collected_at)
    : model_(model), collected_at_(collected_at) {
  for (const UnitShape& unit : model->units()) {
    installed_.push_back(std::make_unique<Installed[]>(unit.from_image ? model->images() : hosts));
  }
}

absl::Status UnitRuns::Prepare(uint64_t host) {
  for (size_t unit = 0; unit < installed_.size(); ++unit) {
    if (const auto installed = InstalledUnit(host, unit); !installed.ok()) return installed.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<const UnitRuns::Installed*> UnitRuns::InstalledUnit(uint64_t host, size_t unit) {
  const size_t place = model_->units()[unit].from_image ? model_->ImageOf(host) : host;
  Installed& installed = installed_[unit][place];
  std::call_once(installed.once, [&] {
    const uint32_t parts = PartsOf({.unit = unit});
    for (uint32_t part = 0; part < parts; ++part) {
      absl::StatusOr<PartBody> body = FullBody(host, unit, part, 0, collected_at_, &installed.digest);
      if (!body.ok()) {
        installed.status = body.status();
        return;
      }
      installed.parts.push_back(*std::move(body));
    }
  });
  if (!installed.status.ok()) return installed.status;
  return &installed;
}

absl::StatusOr<SetDigest> UnitRuns::DigestOf(uint64_t host, size_t unit, uint64_t changes) {
  if (changes == 0) {
    const absl::StatusOr<const Installed*> installed = InstalledUnit(host, unit);
    if (!installed.ok()) return installed.status();
    return (*installed)->digest;
  }
  SetDigest digest;
  for (uint32_t i = 0; i < model_->units()[unit].records; ++i) {
    const absl::StatusOr<RecordIdentity> identity =
        IdentityOf(model_->MakeRecord(host, unit, i, model_->VersionOf(unit, i, changes)));
    if (!identity.ok()) return identity.status();
    digest.Add(identity->asset_key, identity->fingerprint);
  }
  return digest;
}

absl::StatusOr<SetDigest> UnitRuns::DigestAfter(uint64_t host, size_t unit, uint64_t from, uint64_t to,
                                                SetDigest digest) const {
  for (uint64_t change = from; change < to; ++change) {
    const uint32_t index = model_->ChangedBy(unit, change);
    const absl::StatusOr<RecordIdentity> old =
        IdentityOf(model_->MakeRecord(host, unit, index, model_->VersionOf(unit, index, change)));
    const absl::StatusOr<RecordIdentity> fresh =
        IdentityOf(model_->MakeRecord(host, unit, index, model_->VersionOf(unit, index, change + 1)));
    if (!old.ok()) return old.status();
    if (!fresh.ok()) return fresh.status();
    digest.Remove(old->asset_key, old->fingerprint);
    digest.Add(fresh->asset_key, fresh->fingerprint);
  }
  return digest;
}

uint32_t UnitRuns::PartsOf(const PlannedRun& run) const {
  if (run.mode != pb::FULL) return 1;
  return std::max<uint32_t>(1, (model_->units()[run.unit].records + kPartRecords - 1) / kPartRecords);
}

uint32_t UnitRuns::RecordsOf(const PlannedRun& run, uint32_t part) const {
  const uint32_t records = model_->units()[run.unit].records;
  if (run.mode != pb::FULL) {
    return static_cast<uint32_t>(std::min<uint64_t>(records, run.changes - run.changes_before));
  }
  return std::min(kPartRecords, records - part * kPartRecords);
}

absl::StatusOr<PartBody> UnitRuns::FullBody(uint64_t host, size_t unit, uint32_t part, uint64_t changes, absl::Time now,
                                            SetDigest* digest) const {
  PartBody body;
  std::string bytes;
  const uint32_t end = std::min(model_->units()[unit].records, (part + 1) * kPartRecords);
  for (uint32_t i = part * kPartRecords; i < end; ++i) {
    pb::Record record = model_->MakeRecord(host, unit, i, model_->VersionOf(unit, i, changes));
    if (digest != nullptr) {
      const absl::StatusOr<RecordIdentity> identity = IdentityOf(record);
      if (!identity.ok()) return identity.status();
      digest->Add(identity->asset_key, identity->fingerprint);
    }
    if (absl::Status status = AppendTo(std::move(record), now, &body, &bytes); !status.ok()) return status;
  }
  if (absl::Status status = Compress(bytes, &body); !status.ok()) return status;
  return body;
}

absl::StatusOr<PartBody> UnitRuns::DeltaBody(uint64_t host, const PlannedRun& run, absl::Time now) const {
  // Several changes of one record are one.
  std::map<uint32_t, uint32_t> changed;  // index, version before
  for (uint64_t change = run.changes_before; change < run.changes; ++change) {
    const uint32_t index = model_->ChangedBy(run.unit, change);
    changed.emplace(index, model_->VersionOf(run.unit, index, run.changes_before));
  }
  PartBody body;
  std::string bytes;
  std::vector<AssetKey> retired;
  for (const auto& [index, before] : changed) {
    pb::Record fresh = model_->MakeRecord(host, run.unit, index, model_->VersionOf(run.unit, index, run.changes));
    const absl::StatusOr<AssetKey> new_key = AssetKeyOf(fresh);
    const absl::StatusOr<AssetKey> old_key = AssetKeyOf(model_->MakeRecord(host, run.unit, index, before));
    if (!new_key.ok()) return new_key.status();
    if (!old_key.ok()) return old_key.status();
    if (*old_key != *new_key) retired.push_back(*old_key);
    if (absl::Status status = AppendTo(std::move(fresh), now, &body, &bytes); !status.ok()) return status;
  }
  for (const AssetKey& key : retired) AppendRetired(key, &bytes);
  if (bytes.empty()) return body;
  if (absl::Status status = Compress(bytes, &body); !status.ok()) return status;
  return body;
}

absl::StatusOr<pb::Batch> UnitRuns::MakeBatch(uint64_t host, const PlannedRun& run, uint32_t part, absl::Time now) {
  const UnitShape& unit = model_->units()[run.unit];
  pb::Batch batch;
  batch.set_epoch(run.epoch);
  batch.set_collector(std::string(unit.collector));
  batch.mutable_scope()->set_type(pb::Scope::HOST);
  batch.set_generation(run.generation);
  batch.set_part(part);
  batch.set_mode(run.mode);
  if (run.mode == pb::DELTA) *batch.mutable_base() = run.before.ToWire();
  if (part + 1 == PartsOf(run)) {
    batch.set_last(true);
    *batch.mutable_after() = run.after.ToWire();
    *batch.mutable_run_result() = ResultOf(unit, now);
  }
  if (run.mode == pb::FULL && run.changes == 0) {
    const absl::StatusOr<const Installed*> installed = InstalledUnit(host, run.unit);
    if (!installed.ok()) return installed.status();
    batch.set_body((*installed)->parts[part].compressed);
    batch.set_body_size((*installed)->parts[part].size);
    return batch;
  }
  absl::StatusOr<PartBody> body =
      run.mode == pb::FULL ? FullBody(host, run.unit, part, run.changes, now, nullptr) : DeltaBody(host, run, now);
  if (!body.ok()) return body.status();
  batch.set_body_size(body->size);
  batch.set_body(std::move(body->compressed));
  return batch;
}

}  // namespace rollcall
