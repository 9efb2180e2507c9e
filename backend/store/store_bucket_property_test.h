// Random histories with deletions and restorations, against a model that knows no tables; instantiated like
// StoreContractTest.
#ifndef ROLLCALL_BACKEND_STORE_STORE_BUCKET_PROPERTY_TEST_H_
#define ROLLCALL_BACKEND_STORE_STORE_BUCKET_PROPERTY_TEST_H_

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "backend/store/store_bucket_test.h"

namespace rollcall {

// One version, as plainly as can be.
struct ModelRow {
  std::string name;
  std::string value;
  absl::Time from;
  std::optional<absl::Time> ended;
  // Of one that ended.
  absl::Time seen;
};

struct ModelSet {
  uint64_t generation = 0;
  absl::Time complete_at = absl::InfinitePast();
  bool last_run_complete = false;
  // Lost current rows, and no run was applied since.
  bool purged = false;
  std::list<ModelRow> rows;

  absl::Time Seen(const ModelRow& row) const {
    return row.ended.has_value() ? row.seen : std::max(row.from, complete_at);
  }
  ModelRow* Current(const std::string& name) {
    for (ModelRow& row : rows) {
      if (row.name == name && !row.ended.has_value()) return &row;
    }
    return nullptr;
  }
  SetDigest Digest() const {
    SetDigest digest;
    for (const ModelRow& row : rows) {
      if (!row.ended.has_value()) digest.Add(TestKey(row.name), TestFingerprint(row.value));
    }
    return digest;
  }
  void End(ModelRow* row, absl::Time at) {
    row->seen = Seen(*row);
    row->ended = at;
  }
};

class StoreBucketPropertyTest : public StoreBucketTest {
 protected:
  using UnitKey = std::pair<AgentName, std::string>;

  size_t Pick(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  UnitKey PickUnit() {
    const AgentName agents[] = {agent_, other_agent_, other_tenant_};
    return {agents[Pick(3)], Pick(2) == 0 ? "packages" : "processes"};
  }
  std::string ServiceOf(const AgentName& agent) const {
    const auto it = services_.find(agent);
    return it == services_.end() ? "ALL" : it->second;
  }

  // A complete or partial set, in one part or several.
  void RandomRun() {
    const UnitKey key = PickUnit();
    ModelSet& set = model_[key];
    now_ += absl::Minutes(static_cast<int64_t>(1 + Pick(900)));
    RunBuilder run(key.first, key.second, ++set.generation);
    const bool complete = Pick(3) != 0;
    run.At(now_).Status(complete ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL);
    std::set<std::string> found;
    for (size_t i = Pick(6); i > 0; --i) found.insert(absl::StrCat("asset", Pick(8)));
    for (const std::string& name : found) {
      const std::string value = absl::StrCat(Pick(3));
      run.Record(name, value);
      ModelRow* current = set.Current(name);
      if (current != nullptr && current->value == value) continue;
      if (current != nullptr) set.End(current, now_);
      set.rows.push_back({name, value, now_, std::nullopt, {}});
    }
    for (ModelRow& row : set.rows) {
      if (complete && !row.ended.has_value() && !found.contains(row.name)) set.End(&row, now_);
    }
    if (complete) set.complete_at = now_;
    set.last_run_complete = complete;
    set.purged = false;
    run.After(set.Digest());
    for (const PreparedBatch& part : run.Parts(static_cast<uint32_t>(1 + Pick(2)))) {
      ASSERT_EQ(Apply(part).verdict, part.last ? ApplyVerdict::kApplied : ApplyVerdict::kStaged);
    }
  }

  void RandomConfirmation() {
    const UnitKey key = PickUnit();
    ModelSet& set = model_[key];
    if (set.generation == 0) return;
    now_ += absl::Minutes(static_cast<int64_t>(1 + Pick(900)));
    PreparedConfirmation confirmation = {key.second, {}, 1, set.generation, set.Digest().low(), now_};
    confirmation.scope.set_type(pb::Scope::HOST);
    const auto answers = store().ConfirmUnits(key.first, {confirmation}, now_);
    ASSERT_TRUE(answers.ok()) << answers.status();
    ASSERT_EQ(answers->at(0), !set.purged);
    if (!set.purged && set.last_run_complete) set.complete_at = now_;
  }

  void RandomContact() {
    const AgentName agent = PickUnit().first;
    services_[agent] = absl::StrCat("cvm:", Pick(2));
    Contact(agent, services_[agent]);
  }

  // What there is, as List gives it.
  std::vector<std::string> Expected(const std::string& tenant) const {
    std::map<std::pair<std::string, absl::CivilDay>, BucketSummary> all;
    for (const auto& [key, set] : model_) {
      if (key.first.tenant != tenant) continue;
      for (const ModelRow& row : set.rows) {
        const absl::CivilDay day = absl::ToCivilDay(set.Seen(row), absl::UTCTimeZone());
        BucketSummary& bucket = all[{ServiceOf(key.first), day}];
        bucket.key = {ServiceOf(key.first), pb::ASSET_BASIC, day};
        ++bucket.records;
        bucket.bytes += row.name.size() + 1 + row.value.size();
      }
    }
    std::vector<std::string> texts;
    for (const auto& [key, bucket] : all) texts.push_back(Text(bucket));
    return texts;
  }

  // Some bucket that is there; unset if there is none.
  std::optional<BucketRef> PickBucket() {
    std::vector<BucketRef> all;
    for (const std::string tenant : {"acme", "globex"}) {
      const auto page = buckets().ListBuckets(tenant, absl::UTCTimeZone(), "", 1000);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const BucketSummary& bucket : page->buckets) all.push_back({tenant, bucket.key, absl::UTCTimeZone()});
    }
    if (all.empty()) return std::nullopt;
    return all[Pick(all.size())];
  }
  bool IsIn(const BucketRef& bucket, const UnitKey& key, const ModelRow& row) {
    return key.first.tenant == bucket.tenant && ServiceOf(key.first) == bucket.key.hosting_service &&
           absl::ToCivilDay(model_[key].Seen(row), absl::UTCTimeZone()) == bucket.key.collected_day;
  }

  void RandomPurge() {
    const std::optional<BucketRef> bucket = PickBucket();
    if (!bucket.has_value()) return;
    ASSERT_EQ(Purge(*bucket).remaining.records, 0u);
    for (auto& [key, set] : model_) {
      for (auto row = set.rows.begin(); row != set.rows.end();) {
        if (!IsIn(*bucket, key, *row)) {
          ++row;
          continue;
        }
        if (!row->ended.has_value()) set.purged = true;
        row = set.rows.erase(row);
      }
    }
  }

  // To the archive and back, with nothing in between: as it was, but that agents must send whole sets.
  void RandomRoundTrip() {
    const std::optional<BucketRef> bucket = PickBucket();
    if (!bucket.has_value()) return;
    const std::vector<BucketRow> archive = Rows(*bucket, 1 + Pick(5));
    ASSERT_FALSE(archive.empty());
    const size_t deleted = 1 + Pick(archive.size());
    ASSERT_EQ(Delete(*bucket, absl::MakeConstSpan(archive).subspan(0, deleted)).deleted, deleted);
    ASSERT_EQ(Count(*bucket).records, archive.size() - deleted);
    if (Pick(4) == 0) Reopen();
    const auto outcome = buckets().RestoreRows(*bucket, fence_, archive);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(outcome->restored, deleted);
    ASSERT_EQ(Texts(Rows(*bucket)), Texts(archive));
    for (size_t i = 0; i < deleted; ++i) {
      const StoredVersion& version = archive[i].version;
      if (!version.ended_at.has_value()) model_[{version.agent, version.collector}].purged = true;
    }
  }

  std::mt19937_64 random_{20240229};
  absl::Time now_ = Noon(0);
  std::map<UnitKey, ModelSet> model_;
  std::map<AgentName, std::string> services_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_STORE_BUCKET_PROPERTY_TEST_H_
