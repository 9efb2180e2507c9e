// The simulated hosts' records, and their runs as batches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "backend/ingest/batch_validator.h"
#include "proto/record_identity.h"
#include "tests/bench/fleet/latency_histogram.h"
#include "tests/bench/fleet/unit_runs.h"

namespace rollcall {
namespace {

using ::testing::Gt;
using ::testing::Lt;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

size_t UnitNamed(const HostModel& model, absl::string_view collector) {
  size_t unit = 0;
  while (model.units()[unit].collector != collector) ++unit;
  return unit;
}

std::set<AssetKey> KeysOf(const HostModel& model, uint64_t host, size_t unit) {
  std::set<AssetKey> keys;
  for (uint32_t i = 0; i < model.units()[unit].records; ++i) {
    keys.insert(AssetKeyOf(model.MakeRecord(host, unit, i, 0)).value());
  }
  return keys;
}

// The batches of a run as a backend would take them; fails the test if it refuses one.
std::vector<PreparedBatch> Prepared(UnitRuns* runs, uint64_t host, const PlannedRun& run) {
  std::vector<PreparedBatch> prepared;
  for (uint32_t part = 0; part < runs->PartsOf(run); ++part) {
    const absl::StatusOr<pb::Batch> batch = runs->MakeBatch(host, run, part, kNow);
    EXPECT_TRUE(batch.ok()) << batch.status();
    ValidatedBatch validated =
        ValidateBatch(*batch, {{"acme", "agent"}, kNow + absl::Seconds(1), absl::ZeroDuration()}, BatchLimits());
    EXPECT_TRUE(validated.status.ok()) << validated.status;
    EXPECT_EQ(validated.clock_suspects, 0u);
    prepared.push_back(std::move(validated.batch));
  }
  return prepared;
}

// What a backend would have after applying the batches to `set`.
using Set = std::map<AssetKey, Fingerprint>;
void Apply(const std::vector<PreparedBatch>& batches, Set* set) {
  if (batches.back().mode == pb::FULL) set->clear();
  for (const PreparedBatch& batch : batches) {
    for (const AssetKey& key : batch.retired) EXPECT_EQ(set->erase(key), 1u);
    for (const PreparedRecord& record : batch.records) (*set)[record.asset_key] = record.fingerprint;
  }
}
SetDigest DigestOf(const Set& set) {
  SetDigest digest;
  for (const auto& [key, fingerprint] : set) digest.Add(key, fingerprint);
  return digest;
}

TEST(HostModelTest, AnOrdinaryHostHasFifteenHundredRecords) {
  EXPECT_EQ(HostModel(1, 1500, 4).records_per_host(), 1500u);
  EXPECT_THAT(HostModel(1, 150, 4).records_per_host(), ::testing::AllOf(Gt(140u), Lt(151u)));
  EXPECT_EQ(HostModel(1, 1, 4).records_per_host(), 9u);
}

TEST(HostModelTest, KeysOfAUnitAreDistinctAndHostsOverlap) {
  const HostModel model(1, 1500, 4);
  for (size_t unit = 0; unit < model.units().size(); ++unit) {
    EXPECT_EQ(KeysOf(model, 0, unit).size(), model.units()[unit].records) << model.units()[unit].collector;
  }
  const size_t packages = UnitNamed(model, "os_packages");
  EXPECT_EQ(KeysOf(model, 0, packages), KeysOf(model, 4, packages)) << "of one image";
  std::vector<AssetKey> common;
  const std::set<AssetKey> one = KeysOf(model, 0, packages);
  const std::set<AssetKey> other = KeysOf(model, 1, packages);
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(common));
  EXPECT_EQ(common.size(), 784u * 3 / 4) << "of two images";
  const size_t processes = UnitNamed(model, "processes");
  EXPECT_NE(KeysOf(model, 0, processes), KeysOf(model, 4, processes));
}

TEST(HostModelTest, TheSeedDecides) {
  EXPECT_EQ(HostModel(1, 1500, 4).MakeRecord(3, 1, 2, 0).SerializeAsString(),
            HostModel(1, 1500, 4).MakeRecord(3, 1, 2, 0).SerializeAsString());
  EXPECT_NE(HostModel(1, 1500, 4).MakeRecord(3, 1, 2, 0).SerializeAsString(),
            HostModel(2, 1500, 4).MakeRecord(3, 1, 2, 0).SerializeAsString());
}

TEST(HostModelTest, EveryChangeMakesANewVersionOfOneRecord) {
  const HostModel model(1, 1500, 4);
  const size_t unit = UnitNamed(model, "scheduled_tasks");
  for (uint64_t change = 0; change < 70; ++change) {
    for (uint32_t i = 0; i < model.units()[unit].records; ++i) {
      const uint32_t step = i == model.ChangedBy(unit, change) ? 1 : 0;
      EXPECT_EQ(model.VersionOf(unit, i, change + 1), model.VersionOf(unit, i, change) + step);
    }
  }
}

// The backend's own validator takes every batch, and its set has the digest the agent claims: after
// the first inventory, after changes, and after a complete set that was asked for later.
TEST(UnitRunsTest, RunsLeadToTheDigestsTheyClaim) {
  const HostModel model(1, 1500, 4);
  UnitRuns runs(&model, 8, kNow);
  for (size_t unit = 0; unit < model.units().size(); ++unit) {
    SCOPED_TRACE(std::string(model.units()[unit].collector));
    PlannedRun full{.unit = unit, .epoch = 1, .generation = 1, .mode = pb::FULL};
    full.after = runs.DigestOf(5, unit, 0).value();
    Set set;
    Apply(Prepared(&runs, 5, full), &set);
    EXPECT_EQ(set.size(), model.units()[unit].records);
    EXPECT_EQ(DigestOf(set), full.after);

    PlannedRun delta{.unit = unit, .epoch = 1, .generation = 2, .mode = pb::DELTA, .changes_before = 0, .changes = 5};
    delta.before = full.after;
    delta.after = runs.DigestAfter(5, unit, 0, 5, full.after).value();
    EXPECT_NE(delta.after, full.after);
    Apply(Prepared(&runs, 5, delta), &set);
    EXPECT_EQ(DigestOf(set), delta.after);

    PlannedRun again{.unit = unit, .epoch = 1, .generation = 3, .mode = pb::FULL, .changes = 5};
    again.after = runs.DigestOf(5, unit, 5).value();
    EXPECT_EQ(again.after, delta.after);
    Apply(Prepared(&runs, 5, again), &set);
    EXPECT_EQ(DigestOf(set), delta.after);
  }
}

TEST(UnitRunsTest, PartsHoldAsManyRecordsAsAnAgentsDo) {
  const HostModel model(1, 1500, 4);
  UnitRuns runs(&model, 1, kNow);
  const PlannedRun run{.unit = UnitNamed(model, "os_packages"), .epoch = 1, .generation = 1, .mode = pb::FULL};
  ASSERT_EQ(runs.PartsOf(run), 2u);
  EXPECT_EQ(runs.RecordsOf(run, 0) + runs.RecordsOf(run, 1), 784u);
  EXPECT_FALSE(runs.MakeBatch(0, run, 0, kNow)->last());
  EXPECT_TRUE(runs.MakeBatch(0, run, 1, kNow)->last());
}

TEST(LatencyHistogramTest, QuantilesAreAtMostASixteenthTooLarge) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), absl::ZeroDuration());
  for (int i = 1; i <= 1000; ++i) histogram.Add(absl::Milliseconds(i));
  EXPECT_EQ(histogram.count(), 1000u);
  for (const auto& [share, exact] : {std::pair(0.5, 500.0), {0.99, 990.0}, {1.0, 1000.0}}) {
    const double milliseconds = absl::ToDoubleMilliseconds(histogram.Quantile(share));
    EXPECT_GE(milliseconds, exact * 0.999);
    EXPECT_LE(milliseconds, exact * 1.07);
  }
  histogram.Add(absl::Hours(1000));
  histogram.Add(-absl::Seconds(1));
}

}  // namespace
}  // namespace rollcall
