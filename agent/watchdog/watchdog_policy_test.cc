#include "agent/watchdog/watchdog_policy.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// Feeds samples five seconds apart.
class Feed {
 public:
  explicit Feed(const WatchdogLimits& limits = {}) : policy(limits) {}

  WatchdogDecision Step(uint64_t rss_mib, double cpu_share, bool inventory_done = true) {
    sample_.at += absl::Seconds(5);
    sample_.cpu_time += absl::Seconds(5) * cpu_share;
    sample_.resident_bytes = rss_mib * kMiB;
    sample_.first_inventory_done = inventory_done;
    return policy.Observe(sample_);
  }
  WatchdogDecision For(absl::Duration duration, uint64_t rss_mib, double cpu_share, bool inventory_done = true) {
    WatchdogDecision last;
    for (absl::Duration done; done < duration; done += absl::Seconds(5))
      last = Step(rss_mib, cpu_share, inventory_done);
    return last;
  }

  WatchdogPolicy policy;

 private:
  UsageSample sample_;
};

TEST(WatchdogPolicyTest, NothingWithinLimits) {
  Feed feed;
  for (int i = 0; i < 1000; ++i) {
    const WatchdogDecision decision = feed.Step(90, 0.04);
    EXPECT_FALSE(decision.shed || decision.exit);
    EXPECT_EQ(decision.stretch, 1u);
    EXPECT_EQ(decision.reason, "");
  }
  EXPECT_NEAR(feed.policy.cpu_share().value_or(0), 0.04, 1e-6);
}

TEST(WatchdogPolicyTest, SoftLimitShedsNowAndThenAndThrottles) {
  Feed feed;
  WatchdogDecision decision = feed.Step(97, 0);
  EXPECT_TRUE(decision.shed);
  EXPECT_EQ(decision.stretch, 2u);
  EXPECT_NE(decision.reason, "");
  int sheds = 0;
  for (int i = 0; i < 24; ++i) {  // two minutes
    decision = feed.Step(97, 0);
    sheds += decision.shed;
    EXPECT_EQ(decision.reason, "");
    EXPECT_FALSE(decision.exit);
  }
  EXPECT_EQ(sheds, 2);
  EXPECT_EQ(feed.Step(95, 0).stretch, 2u) << "barely below is not calm";
  decision = feed.Step(80, 0);
  EXPECT_EQ(decision.stretch, 1u);
  EXPECT_NE(decision.reason, "");
}

TEST(WatchdogPolicyTest, HardLimitEndsOnlyWhenSustained) {
  Feed feed;
  for (int turn = 0; turn < 20; ++turn) {
    EXPECT_FALSE(feed.For(absl::Seconds(60), 200, 0).exit);
    EXPECT_FALSE(feed.Step(150, 0).exit) << "a break starts the count again";
  }
  EXPECT_FALSE(feed.For(absl::Seconds(60), 200, 0).exit);
  const WatchdogDecision decision = feed.Step(200, 0);
  EXPECT_TRUE(decision.exit);
  EXPECT_NE(decision.reason.find("200.0 MiB"), std::string::npos);
}

TEST(WatchdogPolicyTest, CpuOverTheLimitStretchesStepByStep) {
  Feed feed;
  EXPECT_EQ(feed.For(absl::Minutes(5), 50, 0.5).stretch, 1u) << "the window is not full yet";
  EXPECT_EQ(feed.Step(50, 0.5).stretch, 2u);
  EXPECT_EQ(feed.For(absl::Seconds(295), 50, 0.5).stretch, 2u) << "a full window before the next step";
  EXPECT_EQ(feed.Step(50, 0.5).stretch, 4u);
  EXPECT_EQ(feed.For(absl::Hours(2), 50, 0.5).stretch, 8u) << "and no more than the most";
  EXPECT_EQ(feed.For(absl::Hours(1), 50, 0.04).stretch, 8u) << "below the limit is not calm";
  EXPECT_EQ(feed.For(absl::Hours(1), 50, 0.01).stretch, 1u);
}

TEST(WatchdogPolicyTest, AShortBurstIsForgiven) {
  Feed feed;
  feed.For(absl::Minutes(10), 50, 0.001);
  EXPECT_EQ(feed.For(absl::Seconds(10), 50, 1.0).stretch, 1u);
  EXPECT_EQ(feed.For(absl::Minutes(10), 50, 0.001).stretch, 1u);
}

TEST(WatchdogPolicyTest, TheFirstInventoryDoesNotCount) {
  Feed feed;
  EXPECT_EQ(feed.For(absl::Minutes(30), 50, 1.0, false).stretch, 1u);
  EXPECT_FALSE(feed.policy.cpu_share().has_value());
  EXPECT_EQ(feed.For(absl::Minutes(30), 50, 0.01, true).stretch, 1u);
}

TEST(WatchdogPolicyTest, ASuspendDilutesAndDoesNotAccuse) {
  WatchdogPolicy policy{WatchdogLimits()};
  UsageSample sample;
  sample.first_inventory_done = true;
  policy.Observe(sample);
  sample.at += absl::Hours(10);
  sample.cpu_time += absl::Minutes(1);
  EXPECT_EQ(policy.Observe(sample).stretch, 1u);
}

TEST(WatchdogPolicyTest, StretchNeverExceedsItsBound) {
  WatchdogLimits limits;
  limits.max_stretch = 1;
  Feed feed(limits);
  EXPECT_EQ(feed.For(absl::Hours(1), 120, 1.0).stretch, 1u);
}

}  // namespace
}  // namespace rollcall
