// The rules of Store::ApplyGroup for kinds that are samples.
#include <gmock/gmock.h>

#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kSample = pb::Record::kResourceUsageFieldNumber;

// Run `generation`, a minute long, that brings one sample and nothing else. Its unit's set is empty.
PreparedBatch SampleRun(const AgentName& agent, uint64_t generation, absl::Time at, const std::string& value) {
  return RunBuilder(agent, "resources", generation)
      .At(at)
      .Mode(pb::DELTA)
      .Base(SetDigest())
      .After(SetDigest())
      .Record("host", value, kSample)
      .Batch();
}

std::vector<std::string> Payloads(const std::vector<StoredVersion>& versions) {
  std::vector<std::string> payloads;
  for (const StoredVersion& version : versions) payloads.push_back(version.payload);
  return payloads;
}

TEST_P(StoreContractTest, TheLatestSampleIsCurrentAndTheOthersAreItsHistory) {
  for (uint64_t i = 1; i <= 3; ++i) {
    const ApplyOutcome outcome =
        Apply(SampleRun(agent_, i, start_ + static_cast<int64_t>(i) * absl::Minutes(15), std::to_string(i)));
    EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
    EXPECT_EQ(outcome.digest, SetDigest()) << "samples are in no digest";
  }
  const auto history = store().History("acme", TestKey("host"));
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 3u);
  EXPECT_EQ((*history)[0].collected_at, start_ + absl::Minutes(15));
  EXPECT_EQ((*history)[0].ended_at, (*history)[1].valid_from);
  EXPECT_EQ((*history)[2].ended_at, std::nullopt);
  EXPECT_THAT(Payloads(ScanAll({"acme"})), ElementsAre(history->back().payload));
  ScanQuery query{"acme"};
  query.at = start_ + absl::Minutes(31);
  EXPECT_THAT(Payloads(ScanAll(query)), ElementsAre((*history)[1].payload));
}

TEST_P(StoreContractTest, ARunWithoutSamplesRetiresNone) {
  Apply(SampleRun(agent_, 1, start_, "1"));
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "resources", 2).At(start_ + absl::Hours(1)).Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied) << "a complete run, and FULL";
  EXPECT_EQ(outcome.retired, 0u);
  EXPECT_EQ(ScanAll({"acme"}).size(), 1u);
}

TEST_P(StoreContractTest, SamplesMixWithRecordsOfTheSameRun) {
  Apply(RunBuilder(agent_, "resources", 1)
            .At(start_)
            .Record("a", "1")
            .Record("host", "s1", kSample)
            .After(RunBuilder(agent_, "resources", 1).Record("a", "1").OwnDigest())
            .Batch());
  const ApplyOutcome outcome = Apply(RunBuilder(agent_, "resources", 2)
                                         .At(start_ + absl::Hours(1))
                                         .Record("host", "s2", kSample)
                                         .After(SetDigest())
                                         .Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.retired, 1u) << "the record, not the sample";
  EXPECT_EQ(ScanAll({"acme"}).size(), 1u);
}

TEST_P(StoreContractTest, ASampleThatComesLateGoesToTheHistory) {
  Apply(SampleRun(agent_, 1, start_ + absl::Hours(1), "late"));
  Apply(SampleRun(agent_, 2, start_, "early"));
  const auto history = store().History("acme", TestKey("host"));
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ((*history)[0].collected_at, start_);
  EXPECT_EQ((*history)[0].last_seen, start_);
  ASSERT_TRUE((*history)[0].ended_at.has_value());
  EXPECT_EQ((*history)[1].ended_at, std::nullopt) << "the later one stays current";
}

// A clock that was put back, or a host that was copied: two samples of one instant that say different things.
TEST_P(StoreContractTest, SamplesOfOneInstantFollowEachOther) {
  const absl::Time instants[] = {start_, start_, start_ + absl::Nanoseconds(1), start_, start_ + absl::Minutes(15)};
  uint64_t generation = 0;
  for (const absl::Time at : instants) {
    ++generation;
    const ApplyOutcome outcome = Apply(SampleRun(agent_, generation, at, std::to_string(generation)));
    EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied) << generation;
  }
  EXPECT_THAT(Contents(agent_), ElementsAre("host=5"));
  const auto history = store().History("acme", TestKey("host"));
  ASSERT_TRUE(history.ok()) << history.status();
  for (size_t i = 1; i < history->size(); ++i) {
    EXPECT_LT((*history)[i - 1].valid_from, (*history)[i].valid_from);
  }
  // The fourth came late, for an instant that had its version.
  EXPECT_THAT(Payloads(*history), ElementsAre("host=1", "host=2", "host=3", "host=5"));

  const UnitName unit = {agent_, "resources", Unit(agent_, "resources").scope};
  EXPECT_EQ(*store().Retract(unit, "1.2.3", start_ + absl::Hours(1)), 1u);
  EXPECT_THAT(Contents(agent_), IsEmpty());
  EXPECT_EQ(Apply(SampleRun(agent_, ++generation, start_, "6")).verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(Apply(SampleRun(agent_, ++generation, start_, "7")).verdict, ApplyVerdict::kApplied);
}

TEST_P(StoreContractTest, TheSameSampleAgainChangesNothing) {
  Apply(SampleRun(agent_, 1, start_, "1"));
  Apply(SampleRun(agent_, 2, start_, "1"));
  EXPECT_EQ(store().History("acme", TestKey("host"))->size(), 1u);
  EXPECT_THAT(ScanAll({"globex"}), IsEmpty());
}

}  // namespace
}  // namespace rollcall
