// Random histories against a model of what store.h says; instantiated like StoreContractTest.
#ifndef ROLLCALL_BACKEND_STORE_STORE_PROPERTY_TEST_H_
#define ROLLCALL_BACKEND_STORE_STORE_PROPERTY_TEST_H_

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {

// What a reader should see of one asset.
struct ModelVersion {
  std::string content;
  absl::Time from;
  std::optional<absl::Time> to;
};

// One unit, in the plainest way.
struct ModelUnit {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  std::map<std::string, std::string> current;                // name -> value
  std::map<std::string, std::vector<ModelVersion>> history;  // name -> versions, oldest first

  SetDigest Digest() const {
    SetDigest digest;
    for (const auto& [name, value] : current) digest.Add(TestKey(name), TestFingerprint(value));
    return digest;
  }
  void Put(const std::string& name, const std::string& value, absl::Time at) {
    const auto it = current.find(name);
    if (it != current.end() && it->second == value) return;
    if (it != current.end()) history[name].back().to = at;
    current[name] = value;
    history[name].push_back({absl::StrCat(name, "=", value), at, std::nullopt});
  }
  void End(const std::string& name, absl::Time at) {
    if (current.erase(name) > 0) history[name].back().to = at;
  }
};

class StorePropertyTest : public StoreContractTest {
 protected:
  struct Key {
    AgentName agent;
    std::string collector;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // A number below `n`.
  size_t Pick(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

  // One run of a random unit, of a random kind; sent in random parts, some of them twice.
  void RandomRun() {
    const AgentName agents[] = {agent_, other_agent_, other_tenant_};
    const Key key{agents[Pick(3)], Pick(2) == 0 ? "packages" : "processes"};
    ModelUnit& unit = model_[key];
    now_ += absl::Minutes(1);
    if (unit.epoch == 0 || Pick(20) == 0) {
      ++unit.epoch;
      unit.generation = 0;
    }
    ++unit.generation;

    ModelUnit next = unit;
    RunBuilder run(key.agent, key.collector, unit.generation);
    run.Epoch(unit.epoch).At(now_);
    const bool complete = Pick(3) != 0;
    run.Status(complete ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL);
    const size_t mode = Pick(3);
    std::set<std::string> found;
    for (size_t i = Pick(8); i > 0; --i) found.insert(absl::StrCat("asset", Pick(12)));
    for (const std::string& name : found) {
      const std::string value = absl::StrCat(Pick(3));
      run.Record(name, value);
      next.Put(name, value, now_);
    }
    if (mode == 0) {
      for (const auto& [name, value] : unit.current) {
        if (complete && !found.contains(name)) next.End(name, now_);
      }
    } else if (mode == 1) {
      run.Base(unit.Digest());
      const std::string victim = absl::StrCat("asset", Pick(12));
      run.Retire(victim);
      if (complete && !found.contains(victim)) next.End(victim, now_);
    } else {
      run.Mode(pb::MERGE);
    }
    run.After(next.Digest());
    Send(run.Parts(static_cast<uint32_t>(1 + Pick(3))), next.Digest());
    unit = next;
  }

  void Send(const std::vector<PreparedBatch>& parts, const SetDigest& expected) {
    for (const PreparedBatch& part : parts) {
      const ApplyOutcome outcome = Apply(part);
      ASSERT_EQ(outcome.verdict, part.last ? ApplyVerdict::kApplied : ApplyVerdict::kStaged);
      if (part.last) {
        ASSERT_EQ(outcome.digest, expected);
      }
      if (Pick(40) == 0) Reopen();
      if (Pick(4) == 0) {
        ASSERT_EQ(Apply(part).verdict, ApplyVerdict::kDuplicate);
      }
    }
    if (Pick(4) == 0) {
      ASSERT_EQ(Apply(parts[Pick(parts.size())]).verdict, ApplyVerdict::kDuplicate);
    }
  }

  // `collector/content` of an agent, in order.
  std::vector<std::string> StoredAt(const AgentName& agent, std::optional<absl::Time> at) {
    ScanQuery query;
    query.tenant = agent.tenant;
    query.agent_ids = {agent.agent_id};
    query.at = at;
    std::vector<std::string> all;
    for (const StoredVersion& version : ScanAll(query, 1 + Pick(9))) {
      all.push_back(version.collector + "/" + version.payload);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<std::string> ExpectedAt(const AgentName& agent, absl::Time at) const {
    std::vector<std::string> all;
    for (const auto& [key, unit] : model_) {
      if (key.agent != agent) continue;
      for (const auto& [name, versions] : unit.history) {
        for (const ModelVersion& version : versions) {
          if (version.from <= at && (!version.to.has_value() || at < *version.to)) {
            all.push_back(key.collector + "/" + version.content);
          }
        }
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  std::mt19937_64 random_{20240229};
  absl::Time now_ = start_;
  std::map<Key, ModelUnit> model_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_STORE_PROPERTY_TEST_H_
