// The suite every storage engine passes: what store.h says, one test per rule.
//
// An engine's test links the store_contract_*_test.cc files and instantiates the suites:
//
//   INSTANTIATE_TEST_SUITE_P(MyEngine, StoreContractTest, testing::Values(MyEngineUnderTest()), ...);
#ifndef ROLLCALL_BACKEND_STORE_STORE_CONTRACT_TEST_H_
#define ROLLCALL_BACKEND_STORE_STORE_CONTRACT_TEST_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/store/bucket_store.h"
#include "backend/store/store.h"

namespace rollcall {

struct StoreEngine {
  std::string name;
  // Opens the store that lives in `folder`, creating it the first time.
  std::function<std::unique_ptr<Store>(const std::string& folder)> open;
  // The buckets of a store that `open` gave.
  std::function<BucketStore*(Store* store)> buckets;
};

// Names an engine in test names.
inline std::string StoreEngineName(const testing::TestParamInfo<StoreEngine>& info) { return info.param.name; }

// One run of a collector as an agent would send it; builds batches from plain names.
class RunBuilder {
 public:
  RunBuilder(AgentName agent, std::string collector, uint64_t generation);

  RunBuilder& Epoch(uint64_t epoch);
  RunBuilder& Scope(pb::Scope::Type type, std::string id);
  RunBuilder& Mode(pb::BatchMode mode);
  RunBuilder& Status(pb::RunResult::Status status);
  // Of the collector; `1.2.3` without it.
  RunBuilder& Version(std::string version);
  // When the run started and its records were collected; it arrives a second later.
  RunBuilder& At(absl::Time at);
  // A record of the asset `name` with the content `value`.
  RunBuilder& Record(const std::string& name, const std::string& value, int kind = 104);
  RunBuilder& Retire(const std::string& name);
  RunBuilder& Base(const SetDigest& digest);
  // The set the agent believes the store has afterwards. Without it: for FULL, the run's own records.
  RunBuilder& After(const SetDigest& digest);

  // The whole run in one part, or spread over `parts`.
  PreparedBatch Batch() const;
  std::vector<PreparedBatch> Parts(uint32_t parts) const;
  SetDigest OwnDigest() const;

 private:
  PreparedBatch batch_;
  bool has_after_ = false;
};

// Key and fingerprint of an asset with that name and value.
AssetKey TestKey(const std::string& name);
Fingerprint TestFingerprint(const std::string& value);
// Of a set of assets, given as name and value.
SetDigest DigestOf(const std::vector<std::pair<std::string, std::string>>& assets);

class StoreContractTest : public testing::TestWithParam<StoreEngine> {
 protected:
  void SetUp() override;
  void TearDown() override;

  Store& store() { return *store_; }
  // Closes the store and opens it again, as after a crash of the backend.
  void Reopen();
  ApplyOutcome Apply(const PreparedBatch& batch);
  // Every version a scan gives, read page by page.
  std::vector<StoredVersion> ScanAll(const ScanQuery& query, size_t page = 3);
  // `name=value` of the agent's records, in order of names; now or at an instant.
  std::vector<std::string> Contents(const AgentName& agent, std::optional<absl::Time> at = std::nullopt);
  UnitInfo Unit(const AgentName& agent, const std::string& collector = "packages");

  const AgentName agent_{"acme", "agent-1"};
  const AgentName other_agent_{"acme", "agent-2"};
  const AgentName other_tenant_{"globex", "agent-1"};
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);

 private:
  std::string folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_STORE_CONTRACT_TEST_H_
