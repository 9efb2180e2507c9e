// As many lives as there is time for: nothing early, late, lost, left or deleted under a hold.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "platform/testing/slow_build.h"
#include "tests/simulator/summary.h"

namespace rollcall::simulator {
namespace {

// Sanitizers are slow; they look for something else, and a shorter life shows it as well.

constexpr int kFewest = 20;
constexpr double kYears = kSlowBuild ? 1 : 3;
constexpr std::chrono::seconds kTime(kSlowBuild ? 60 : 90);

TEST(SimulatorTest, EveryLifeIsAsTheAgreementSays) {
  Summary summary;
  const auto start = std::chrono::steady_clock::now();
  for (int tenant = 0; tenant < kFewest || std::chrono::steady_clock::now() - start < kTime; ++tenant) {
    LifeOptions options;
    options.history.tenant = tenant;
    options.history.years = kYears;
    const absl::StatusOr<Life> life = LiveThrough(options);
    ASSERT_TRUE(life.ok()) << "tenant " << tenant << ": " << life.status();
    ASSERT_TRUE(life->violations.empty()) << TellOf(*life, options);
    summary.Add(*life);
  }
  std::fputs(summary.Table().c_str(), stdout);
  // A simulator in which nothing happens finds nothing.
  EXPECT_GT(summary.broken.crashes, 20u * kFewest);
  EXPECT_GT(summary.judged.deleted, 30u * kFewest);
  EXPECT_GT(summary.judged.certificates, 20u * kFewest);
  EXPECT_GT(summary.engine.restored, 0u);
  EXPECT_GT(summary.engine.parts_erased, 0u);
}

TEST(SimulatorTest, TheSameSeedIsTheSameLife) {
  LifeOptions options;
  options.history.years = 0.8;
  const absl::StatusOr<Life> one = LiveThrough(options);
  const absl::StatusOr<Life> two = LiveThrough(options);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->diary, two->diary);
  EXPECT_EQ(one->ticks, two->ticks);
  EXPECT_EQ(one->broken.crashes, two->broken.crashes);
}

}  // namespace
}  // namespace rollcall::simulator
