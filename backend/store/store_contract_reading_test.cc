// Scans, look-ups and lists.
#include <gmock/gmock.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kComplete = pb::RunResult::COMPLETE;
constexpr auto kPartial = pb::RunResult::PARTIAL;

TEST_P(StoreContractTest, ScanIsOrderedAndCompleteForEveryPageSize) {
  for (const AgentName& agent : {agent_, other_agent_}) {
    for (const char* collector : {"packages", "processes"}) {
      for (const char* container : {"", "c1"}) {
        RunBuilder run(agent, collector, 1);
        run.Scope(*container == '\0' ? pb::Scope::HOST : pb::Scope::CONTAINER, container);
        for (int i = 0; i < 5; ++i) run.Record(absl::StrCat(i), "1", i % 2 == 0 ? 104 : 102);
        Apply(run.Batch());
      }
    }
  }
  ScanQuery query;
  query.tenant = "acme";
  const auto all = ScanAll(query, 1000);
  ASSERT_EQ(all.size(), 40);
  for (size_t page : {1, 2, 3, 5, 7, 39, 40, 41}) {
    const auto paged = ScanAll(query, page);
    ASSERT_EQ(paged.size(), all.size()) << page;
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(std::tie(paged[i].agent, paged[i].collector, paged[i].kind, paged[i].asset_key),
                std::tie(all[i].agent, all[i].collector, all[i].kind, all[i].asset_key));
    }
  }
  for (size_t i = 1; i < all.size(); ++i) {
    EXPECT_LE(std::tie(all[i - 1].agent, all[i - 1].collector), std::tie(all[i].agent, all[i].collector));
    if (i % 5 == 0) continue;  // the next unit
    EXPECT_LT(std::tie(all[i - 1].kind, all[i - 1].asset_key), std::tie(all[i].kind, all[i].asset_key));
  }
}

TEST_P(StoreContractTest, ScanSelectsKindAndAgents) {
  for (const AgentName& agent : {agent_, other_agent_, other_tenant_}) {
    Apply(RunBuilder(agent, "packages", 1).Record("a", "1", 102).Record("b", "1", 103).Record("c", "1", 104).Batch());
  }
  ScanQuery query;
  query.tenant = "acme";
  query.kind = 103;
  for (size_t page : {1, 2, 10}) {
    const auto rows = ScanAll(query, page);
    ASSERT_EQ(rows.size(), 2);
    EXPECT_EQ(rows[0].agent, agent_);
    EXPECT_EQ(rows[1].agent, other_agent_);
    EXPECT_EQ(rows[0].payload, "b=1");
  }
  query.agent_ids = {"agent-2", "agent-2", "nobody"};
  EXPECT_EQ(ScanAll(query, 1).size(), 1);
  query.kind = 0;
  query.agent_ids = {"agent-2", "agent-1"};
  const auto both = ScanAll(query, 2);
  ASSERT_EQ(both.size(), 6);
  EXPECT_EQ(both[0].agent, agent_);
  EXPECT_EQ(both[5].agent, other_agent_);
  query.tenant = "nobody";
  EXPECT_THAT(ScanAll(query, 2), IsEmpty());
}

TEST_P(StoreContractTest, CursorSurvivesReopeningAndDeletions) {
  RunBuilder run(agent_, "packages", 1);
  for (int i = 0; i < 6; ++i) run.Record(absl::StrCat(i), "1");
  Apply(run.Batch());
  ScanQuery query;
  query.tenant = "acme";
  const auto first = store().Scan(query, "", 3);
  ASSERT_TRUE(first.ok());
  Apply(RunBuilder(agent_, "packages", 2).Batch());  // the row under the cursor is gone
  Reopen();
  const auto rest = store().Scan(query, first->next_cursor, 3);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(rest->versions, IsEmpty());
  query.at = start_ + absl::Hours(1);
  const auto past = store().Scan(query, first->next_cursor, 10);
  ASSERT_TRUE(past.ok());
  EXPECT_EQ(past->versions.size(), 3);
}

TEST_P(StoreContractTest, ScanRefusesForeignCursorsAndEmptyPages) {
  ScanQuery query;
  query.tenant = "acme";
  for (const char* cursor : {"x", "!!", "AAAA", "AQ"}) {
    EXPECT_EQ(store().Scan(query, cursor, 1).status().code(), absl::StatusCode::kInvalidArgument) << cursor;
  }
  EXPECT_EQ(store().Scan(query, "", 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreContractTest, FindAssetsGivesCurrentAndPastKeysInOrder) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1", 102).Batch());
  Apply(RunBuilder(agent_, "packages", 2).Record("a", "2").Batch());
  Apply(RunBuilder(other_agent_, "packages", 1).Record("a", "1").Record("c", "1").Batch());
  std::vector<AssetKey> keys = {TestKey("a"), TestKey("b"), TestKey("c")};
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(*store().FindAssets("acme", "", 10), keys);
  EXPECT_THAT(*store().FindAssets("acme", "", 2), ElementsAre(keys[0], keys[1]));
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(keys[1].data()), keys[1].size()));
  for (size_t digits : {5, 8, 31, 32}) {
    EXPECT_THAT(*store().FindAssets("acme", hex.substr(0, digits), 10), ElementsAre(keys[1])) << digits;
  }
  EXPECT_THAT(*store().FindAssets("globex", "", 10), IsEmpty());
  for (const std::string& bad : {std::string("xyz"), hex + "0"}) {
    EXPECT_EQ(store().FindAssets("acme", bad, 1).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_P(StoreContractTest, CountRecordsPerAgentAndKind) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1", 102).Record("b", "1", 104).Record("c", "1", 104).Batch());
  Apply(RunBuilder(agent_, "processes", 1).Record("d", "1", 104).Batch());
  Apply(RunBuilder(agent_, "packages", 2).Record("b", "2", 104).Record("c", "1", 104).Batch());
  const auto counts = store().CountRecords("acme");
  ASSERT_TRUE(counts.ok());
  ASSERT_EQ(counts->size(), 1);
  EXPECT_EQ(counts->front().agent_id, "agent-1");
  EXPECT_EQ(counts->front().kind, 104);
  EXPECT_EQ(counts->front().count, 3);
  EXPECT_THAT(*store().CountRecords("globex"), IsEmpty());
}

TEST_P(StoreContractTest, UnitsKeepTheirLastRun) {
  PreparedBatch batch = RunBuilder(agent_, "packages", 4).Epoch(3).Status(kPartial).Mode(pb::MERGE).Batch();
  batch.run_result.add_problems()->set_path("/var/lib/dpkg/status");
  Apply(batch);
  const UnitInfo unit = Unit(agent_);
  EXPECT_EQ(unit.epoch, 3);
  EXPECT_EQ(unit.generation, 4);
  EXPECT_EQ(unit.scope.type(), pb::Scope::HOST);
  EXPECT_EQ(unit.last_run.status(), kPartial);
  EXPECT_EQ(unit.last_run.problems(0).path(), "/var/lib/dpkg/status");
  EXPECT_EQ(unit.last_run_received_at, batch.received_at);
  Apply(RunBuilder(agent_, "packages", 5).Epoch(3).Status(kComplete).Batch());
  EXPECT_EQ(Unit(agent_).last_run.problems_size(), 0);
}

TEST_P(StoreContractTest, UnitWithStagedPartsOnlyIsNotListed) {
  Apply(RunBuilder(agent_, "packages", 1).Record("a", "1").Record("b", "1").Parts(2)[0]);
  EXPECT_THAT(*store().ListUnits("acme", ""), IsEmpty());
}

}  // namespace
}  // namespace rollcall
