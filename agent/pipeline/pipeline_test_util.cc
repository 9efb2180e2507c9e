#include "agent/pipeline/pipeline_test_util.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

#include "gtest/gtest.h"
#include "proto/record_identity.h"

namespace rollcall {

pb::Record PackageRecord(absl::string_view name, absl::string_view version) {
  pb::Record record;
  record.mutable_scope()->set_type(pb::Scope::HOST);
  pb::OsPackage* package = record.mutable_os_package();
  package->set_manager(pb::OsPackage::DPKG);
  package->set_name(std::string(name));
  package->set_architecture("amd64");
  package->set_version("1");
  package->set_summary(std::string(version));
  return record;
}

pb::Record ProcessRecord(uint32_t pid, const std::vector<std::string>& argv) {
  pb::Record record;
  record.mutable_process()->set_pid(pid);
  record.mutable_process()->set_boot_id("b");
  for (const std::string& argument : argv) record.mutable_process()->add_argv(argument);
  return record;
}

pb::RunResult RunOf(absl::string_view collector, pb::RunResult::Status status) {
  pb::RunResult run;
  run.set_collector(std::string(collector));
  run.set_collector_version("1");
  run.mutable_scope()->set_type(pb::Scope::HOST);
  run.mutable_started_at()->set_seconds(1700000000);
  run.set_status(status);
  return run;
}

absl::Status RunThrough(RunSink* sink, const pb::RunResult& run, std::vector<pb::Record> records) {
  const absl::Status begun = sink->BeginRun(run);
  if (!begun.ok()) return begun;
  for (pb::Record& record : records) {
    const absl::Status emitted = sink->Emit(std::move(record));
    if (!emitted.ok()) return emitted;
  }
  return sink->EndRun(run);
}

std::string BodyBytes(const pb::Batch& batch) {
  if (batch.body().empty()) {
    EXPECT_EQ(batch.body_size(), 0u);
    return "";
  }
  std::string body(batch.body_size(), '\0');
  const size_t size = ZSTD_decompress(body.data(), body.size(), batch.body().data(), batch.body().size());
  EXPECT_FALSE(ZSTD_isError(size)) << ZSTD_getErrorName(size);
  EXPECT_EQ(size, body.size());
  EXPECT_EQ(ZSTD_getFrameContentSize(batch.body().data(), batch.body().size()), body.size());
  return body;
}

pb::BatchBody BodyOf(const pb::Batch& batch) {
  pb::BatchBody body;
  EXPECT_TRUE(body.ParseFromString(BodyBytes(batch)));
  return body;
}

std::vector<pb::Batch> BatchesIn(const FakeSpool& spool) {
  std::vector<pb::Batch> batches;
  for (const FakeSpool::Entry& entry : spool.Entries()) {
    EXPECT_TRUE(batches.emplace_back().ParseFromString(entry.payload));
  }
  return batches;
}

absl::Status RecordingSink::BeginRun(const pb::RunResult& run) {
  begun.push_back(run);
  return absl::OkStatus();
}

absl::Status RecordingSink::Emit(pb::Record&& record) {
  records.push_back(std::move(record));
  return absl::OkStatus();
}

absl::Status RecordingSink::EndRun(const pb::RunResult& result) {
  ended.push_back(result);
  return absl::OkStatus();
}

absl::StatusOr<RunNumber> RecordingWriter::Write(RunOutput&& output) {
  outputs.push_back(std::move(output));
  if (!answer.ok()) return answer;
  return RunNumber{1, outputs.size()};
}

std::optional<pb::Resync::Cause> ModelBackend::Apply(const pb::Batch& batch) {
  Unit& unit = units_[{batch.collector(), ScopeText(batch.scope())}];
  if (batch.epoch() < unit.epoch) return pb::Resync::EPOCH_BEHIND;
  if (batch.epoch() == unit.epoch && batch.generation() <= unit.generation) return std::nullopt;
  if (!unit.staged.empty() && unit.staged.front().generation() != batch.generation()) unit.staged.clear();
  if (batch.part() != unit.staged.size()) return pb::Resync::MISSING_PART;
  unit.staged.push_back(batch);
  if (!batch.last()) return std::nullopt;
  const std::optional<pb::Resync::Cause> cause = ApplyRun(batch, &unit);
  unit.staged.clear();
  unit.epoch = batch.epoch();
  unit.generation = batch.generation();
  return cause;
}

std::optional<pb::Resync::Cause> ModelBackend::ApplyRun(const pb::Batch& last, Unit* unit) {
  if (last.mode() == pb::DELTA && !(SetDigest(last.base()) == unit->digest)) return pb::Resync::BASE_MISMATCH;
  if (last.mode() == pb::FULL) {
    unit->records.clear();
    unit->contents.clear();
  }
  for (const pb::Batch& part : unit->staged) {
    const pb::BatchBody body = BodyOf(part);
    for (const pb::Record& record : body.records()) {
      EXPECT_FALSE(HasDerivedFields(record));
      const RecordIdentity identity = IdentityOf(record).value();
      unit->records[identity.asset_key] = identity.fingerprint;
      unit->contents[identity.asset_key] = record;
    }
    for (const std::string& retired : body.retired()) {
      EXPECT_EQ(last.run_result().status(), pb::RunResult::COMPLETE);
      AssetKey key;
      EXPECT_EQ(retired.size(), key.size());
      std::copy(retired.begin(), retired.end(), key.begin());
      EXPECT_EQ(unit->records.erase(key), 1u) << "only what is there can be retired";
      unit->contents.erase(key);
    }
  }
  unit->digest = SetDigest();
  for (const auto& [key, fingerprint] : unit->records) unit->digest.Add(key, fingerprint);
  const bool differs = last.mode() != pb::MERGE && !(SetDigest(last.after()) == unit->digest);
  return differs ? std::optional(pb::Resync::DIGEST_MISMATCH) : std::nullopt;
}

const ModelBackend::Unit* ModelBackend::Find(const SpoolUnit& unit) const {
  const auto it = units_.find(unit);
  return it == units_.end() ? nullptr : &it->second;
}

std::map<SpoolUnit, SetDigest> ModelBackend::Digests() const {
  std::map<SpoolUnit, SetDigest> digests;
  for (const auto& [name, unit] : units_) digests[name] = unit.digest;
  return digests;
}

}  // namespace rollcall
