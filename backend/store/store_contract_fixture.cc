#include <openssl/sha.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  out->set_seconds(absl::ToUnixSeconds(time));
  out->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(out->seconds()))));
}

bool RecordLess(const PreparedRecord& a, const PreparedRecord& b) {
  return std::tie(a.kind, a.asset_key) < std::tie(b.kind, b.asset_key);
}

}  // namespace

Fingerprint TestFingerprint(const std::string& value) {
  Fingerprint fingerprint;
  SHA256(reinterpret_cast<const uint8_t*>(value.data()), value.size(), fingerprint.data());
  return fingerprint;
}

SetDigest DigestOf(const std::vector<std::pair<std::string, std::string>>& assets) {
  SetDigest digest;
  for (const auto& [name, value] : assets) digest.Add(TestKey(name), TestFingerprint(value));
  return digest;
}

AssetKey TestKey(const std::string& name) {
  const Fingerprint hash = TestFingerprint(name);
  AssetKey key;
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

RunBuilder::RunBuilder(AgentName agent, std::string collector, uint64_t generation) {
  batch_.agent = std::move(agent);
  batch_.collector = std::move(collector);
  batch_.scope.set_type(pb::Scope::HOST);
  batch_.epoch = 1;
  batch_.generation = generation;
  batch_.mode = pb::FULL;
  batch_.run_result.set_status(pb::RunResult::COMPLETE);
  batch_.run_result.set_collector_version("1.2.3");
  At(absl::FromUnixSeconds(1'700'000'000) + absl::Hours(static_cast<int64_t>(generation)));
}

RunBuilder& RunBuilder::Epoch(uint64_t epoch) {
  batch_.epoch = epoch;
  return *this;
}

RunBuilder& RunBuilder::Scope(pb::Scope::Type type, std::string id) {
  batch_.scope.set_type(type);
  batch_.scope.set_id(std::move(id));
  return *this;
}

RunBuilder& RunBuilder::Mode(pb::BatchMode mode) {
  batch_.mode = mode;
  return *this;
}

RunBuilder& RunBuilder::Status(pb::RunResult::Status status) {
  batch_.run_result.set_status(status);
  return *this;
}

RunBuilder& RunBuilder::Version(std::string version) {
  batch_.run_result.set_collector_version(std::move(version));
  return *this;
}

RunBuilder& RunBuilder::At(absl::Time at) {
  batch_.received_at = at + absl::Seconds(1);
  SetTime(at, batch_.run_result.mutable_started_at());
  for (PreparedRecord& record : batch_.records) record.collected_at = at;
  return *this;
}

RunBuilder& RunBuilder::Record(const std::string& name, const std::string& value, int kind) {
  PreparedRecord record;
  record.kind = kind;
  record.asset_key = TestKey(name);
  record.fingerprint = TestFingerprint(value);
  record.collected_at = batch_.received_at - absl::Seconds(1);
  record.payload = absl::StrCat(name, "=", value);
  batch_.records.push_back(std::move(record));
  return *this;
}

RunBuilder& RunBuilder::Retire(const std::string& name) {
  batch_.retired.push_back(TestKey(name));
  return *this;
}

RunBuilder& RunBuilder::Base(const SetDigest& digest) {
  batch_.base = digest;
  batch_.mode = pb::DELTA;
  return *this;
}

RunBuilder& RunBuilder::After(const SetDigest& digest) {
  batch_.after = digest;
  has_after_ = true;
  return *this;
}

SetDigest RunBuilder::OwnDigest() const {
  SetDigest digest;
  for (const PreparedRecord& record : batch_.records) digest.Add(record.asset_key, record.fingerprint);
  return digest;
}

PreparedBatch RunBuilder::Batch() const { return Parts(1).front(); }

std::vector<PreparedBatch> RunBuilder::Parts(uint32_t parts) const {
  PreparedBatch whole = batch_;
  if (!has_after_) whole.after = OwnDigest();
  std::sort(whole.records.begin(), whole.records.end(), RecordLess);
  whole.run_result.set_record_count(whole.records.size());
  std::vector<PreparedBatch> batches;
  for (uint32_t i = 0; i < parts; ++i) {
    PreparedBatch part = whole;
    const size_t from = whole.records.size() * i / parts;
    const size_t to = whole.records.size() * (i + 1) / parts;
    part.records.assign(whole.records.begin() + static_cast<ptrdiff_t>(from),
                        whole.records.begin() + static_cast<ptrdiff_t>(to));
    part.retired.clear();
    for (size_t r = i; r < whole.retired.size(); r += parts) part.retired.push_back(whole.retired[r]);
    part.part = i;
    part.last = i + 1 == parts;
    if (!part.last) part.run_result.Clear();
    batches.push_back(std::move(part));
  }
  return batches;
}

void StoreContractTest::SetUp() {
  std::string folder = testing::TempDir() + "/store_contract_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  folder_ = folder;
  Reopen();
  for (const AgentName& agent : {agent_, other_agent_, other_tenant_}) {
    ASSERT_TRUE(store().AddTenant(agent.tenant, start_).ok());
    ASSERT_TRUE(store().EnrollAgent(agent, start_).ok());
  }
}

void StoreContractTest::TearDown() {
  store_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

void StoreContractTest::Reopen() {
  store_.reset();
  store_ = GetParam().open(folder_);
  ASSERT_NE(store_, nullptr);
}

ApplyOutcome StoreContractTest::Apply(const PreparedBatch& batch) {
  const auto outcomes = store().ApplyGroup({batch});
  EXPECT_TRUE(outcomes.ok()) << outcomes.status();
  if (!outcomes.ok() || outcomes->size() != 1) {
    ADD_FAILURE() << "no outcome";
    return {};
  }
  return outcomes->front();
}

std::vector<StoredVersion> StoreContractTest::ScanAll(const ScanQuery& query, size_t page) {
  std::vector<StoredVersion> all;
  std::string cursor;
  do {
    auto result = store().Scan(query, cursor, page);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return all;
    EXPECT_LE(result->versions.size(), page);
    // A page that is not the last is full: nobody reads empty pages in a loop.
    if (!result->next_cursor.empty()) {
      EXPECT_EQ(result->versions.size(), page);
    }
    for (StoredVersion& version : result->versions) all.push_back(std::move(version));
    cursor = result->next_cursor;
  } while (!cursor.empty());
  return all;
}

std::vector<std::string> StoreContractTest::Contents(const AgentName& agent, std::optional<absl::Time> at) {
  ScanQuery query;
  query.tenant = agent.tenant;
  query.agent_ids = {agent.agent_id};
  query.at = at;
  std::vector<std::string> contents;
  for (const StoredVersion& version : ScanAll(query)) contents.push_back(version.payload);
  std::sort(contents.begin(), contents.end());
  return contents;
}

UnitInfo StoreContractTest::Unit(const AgentName& agent, const std::string& collector) {
  const auto units = store().ListUnits(agent.tenant, agent.agent_id);
  EXPECT_TRUE(units.ok()) << units.status();
  if (units.ok()) {
    for (const UnitInfo& unit : *units) {
      if (unit.collector == collector) return unit;
    }
  }
  ADD_FAILURE() << "no unit " << collector;
  return {};
}

}  // namespace rollcall
