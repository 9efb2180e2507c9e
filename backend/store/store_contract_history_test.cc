// Versions of an asset, and the times they have.
#include <gmock/gmock.h>

#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kPartial = pb::RunResult::PARTIAL;

TEST_P(StoreContractTest, ChangeMovesTheOldVersionToHistory) {
  const absl::Time t1 = start_ + absl::Hours(1);
  const absl::Time t2 = start_ + absl::Hours(2);
  const absl::Time t3 = start_ + absl::Hours(3);
  Apply(RunBuilder(agent_, "packages", 1).At(t1).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(t2).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 3).At(t3).Record("a", "2").Batch());
  const auto history = store().History("acme", TestKey("a"));
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 2);
  const StoredVersion& old = (*history)[0];
  EXPECT_EQ(old.payload, "a=1");
  EXPECT_EQ(old.fingerprint, TestFingerprint("1"));
  EXPECT_EQ(old.agent, agent_);
  EXPECT_EQ(old.collector, "packages");
  EXPECT_EQ(old.collector_version, "1.2.3");
  EXPECT_EQ(old.kind, 104);
  EXPECT_EQ(old.collected_at, t1);
  EXPECT_EQ(old.received_at, t1 + absl::Seconds(1));
  EXPECT_EQ(old.first_seen, t1);
  EXPECT_EQ(old.valid_from, t1);
  EXPECT_EQ(old.last_seen, t2);  // the last COMPLETE run that had it
  EXPECT_EQ(old.ended_at, t3);
  EXPECT_EQ(old.end_reason, pb::StoredRecord::CHANGED);
  const StoredVersion& now = (*history)[1];
  EXPECT_EQ(now.payload, "a=2");
  EXPECT_EQ(now.first_seen, t1);
  EXPECT_EQ(now.valid_from, t3);
  EXPECT_EQ(now.last_seen, t3);
  EXPECT_EQ(now.ended_at, std::nullopt);
  EXPECT_EQ(now.end_reason, pb::StoredRecord::END_REASON_UNSPECIFIED);
}

TEST_P(StoreContractTest, GoneAssetThatReturnsKeepsItsFirstSeen) {
  const auto at = [&](int hour) { return start_ + absl::Hours(hour); };
  Apply(RunBuilder(agent_, "packages", 1).At(at(1)).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(at(2)).Batch());
  auto history = store().History("acme", TestKey("a"));
  ASSERT_EQ(history->size(), 1);
  EXPECT_EQ((*history)[0].end_reason, pb::StoredRecord::GONE);
  EXPECT_EQ((*history)[0].last_seen, at(1));
  EXPECT_EQ((*history)[0].ended_at, at(2));
  Apply(RunBuilder(agent_, "packages", 3).At(at(3)).Record("a", "1").Batch());
  history = store().History("acme", TestKey("a"));
  ASSERT_EQ(history->size(), 2);
  EXPECT_EQ((*history)[1].first_seen, at(1));
  EXPECT_EQ((*history)[1].valid_from, at(3));
}

TEST_P(StoreContractTest, LastSeenFollowsCompleteRunsOnly) {
  const auto at = [&](int hour) { return start_ + absl::Hours(hour); };
  const auto last_seen = [&](const char* name) { return store().History("acme", TestKey(name))->back().last_seen; };
  Apply(RunBuilder(agent_, "packages", 1).At(at(1)).Record("a", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(at(2)).Record("a", "1").Batch());
  EXPECT_EQ(last_seen("a"), at(2));
  Apply(RunBuilder(agent_, "packages", 3).At(at(3)).Mode(pb::MERGE).Status(kPartial).Record("b", "1").Batch());
  EXPECT_EQ(last_seen("a"), at(2));
  EXPECT_EQ(last_seen("b"), at(3));
  EXPECT_EQ(Unit(agent_).last_complete_at, at(2));
  Apply(RunBuilder(agent_, "packages", 4).At(at(4)).Record("a", "1").Record("b", "1").Batch());
  EXPECT_EQ(last_seen("a"), at(4));
  EXPECT_EQ(last_seen("b"), at(4));
}

TEST_P(StoreContractTest, UnitThatNeverCompletedHasNoLastComplete) {
  Apply(RunBuilder(agent_, "packages", 1).At(start_).Mode(pb::MERGE).Status(kPartial).Record("a", "1").Batch());
  EXPECT_EQ(Unit(agent_).last_complete_at, std::nullopt);
  EXPECT_EQ(store().History("acme", TestKey("a"))->back().last_seen, start_);
}

TEST_P(StoreContractTest, VersionsStayInOrderWhenTheClockStepsBack) {
  const absl::Time t = start_ + absl::Hours(5);
  Apply(RunBuilder(agent_, "packages", 1).At(t).Record("a", "1").Record("b", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(t - absl::Hours(1)).Record("a", "2").Batch());
  Apply(RunBuilder(agent_, "packages", 3).At(t - absl::Hours(2)).Record("a", "3").Record("b", "1").Batch());
  for (const char* name : {"a", "b"}) {
    const auto history = store().History("acme", TestKey(name));
    ASSERT_TRUE(history.ok());
    for (size_t i = 0; i < history->size(); ++i) {
      const StoredVersion& v = (*history)[i];
      EXPECT_LE(v.first_seen, v.valid_from);
      EXPECT_LE(v.valid_from, v.last_seen);
      if (i + 1 == history->size()) continue;
      ASSERT_TRUE(v.ended_at.has_value());
      EXPECT_LT(v.valid_from, *v.ended_at);
      EXPECT_LE(v.last_seen, *v.ended_at);
      EXPECT_LE(*v.ended_at, (*history)[i + 1].valid_from);
    }
  }
  EXPECT_EQ(store().History("acme", TestKey("a"))->size(), 3);
}

TEST_P(StoreContractTest, ImplausibleRunStartCountsFromArrival) {
  PreparedBatch batch = RunBuilder(agent_, "packages", 1).At(start_).Record("a", "1").Batch();
  batch.run_result.mutable_started_at()->set_seconds(4'000'000'000);  // 2096
  Apply(batch);
  EXPECT_EQ(Unit(agent_).last_complete_at, batch.received_at);
  batch = RunBuilder(agent_, "packages", 2).At(start_ + absl::Hours(1)).Record("a", "1").Batch();
  batch.run_result.mutable_started_at()->set_seconds(0);
  Apply(batch);
  EXPECT_EQ(Unit(agent_).last_complete_at, batch.received_at);
}

TEST_P(StoreContractTest, TimesKeepNanosecondsAndSuspicion) {
  const absl::Time odd = start_ + absl::Nanoseconds(123'456'789);
  PreparedBatch batch = RunBuilder(agent_, "packages", 1).At(odd).Record("a", "1").Batch();
  batch.records[0].clock_suspect = true;
  Apply(batch);
  const auto history = store().History("acme", TestKey("a"));
  EXPECT_EQ(history->front().collected_at, odd);
  EXPECT_TRUE(history->front().clock_suspect);
  Apply(RunBuilder(agent_, "packages", 2).At(odd + absl::Hours(1)).Record("a", "2").Batch());
  EXPECT_TRUE(store().History("acme", TestKey("a"))->front().clock_suspect);
  EXPECT_FALSE(store().History("acme", TestKey("a"))->back().clock_suspect);
}

TEST_P(StoreContractTest, ScanAtGivesTheStateOfThatInstant) {
  const auto at = [&](double hour) { return start_ + absl::Hours(hour); };
  Apply(RunBuilder(agent_, "packages", 1).At(at(1)).Record("a", "1").Record("b", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(at(2)).Record("a", "2").Record("b", "1").Batch());
  Apply(RunBuilder(agent_, "packages", 3).At(at(3)).Record("a", "2").Batch());
  Apply(RunBuilder(agent_, "packages", 4).At(at(4)).Record("a", "2").Record("b", "2").Batch());
  EXPECT_THAT(Contents(agent_, at(0.5)), IsEmpty());
  EXPECT_THAT(Contents(agent_, at(1)), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(Contents(agent_, at(1.9)), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(Contents(agent_, at(2)), ElementsAre("a=2", "b=1"));
  EXPECT_THAT(Contents(agent_, at(3)), ElementsAre("a=2"));
  EXPECT_THAT(Contents(agent_, at(3.5)), ElementsAre("a=2"));
  EXPECT_THAT(Contents(agent_, at(4)), ElementsAre("a=2", "b=2"));
  EXPECT_THAT(Contents(agent_, absl::InfiniteFuture()), ElementsAre("a=2", "b=2"));
  EXPECT_THAT(Contents(agent_, absl::InfinitePast()), IsEmpty());
}

}  // namespace
}  // namespace rollcall
