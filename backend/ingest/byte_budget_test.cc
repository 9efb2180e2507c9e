#include "backend/ingest/byte_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rollcall {
namespace {

TEST(ByteBudget, HoldsGiveBackWhatTheyTook) {
  ByteBudget budget(100);
  {
    const auto first = budget.Take(60);
    EXPECT_TRUE(first.has_value());
    EXPECT_FALSE(budget.Take(41).has_value());
    EXPECT_TRUE(budget.Take(40).has_value());
    EXPECT_EQ(budget.used(), 60u) << "a hold that nobody kept";
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_FALSE(budget.Take(101).has_value());
}

TEST(ByteBudget, AMovedHoldIsGivenBackOnce) {
  ByteBudget budget(100);
  ByteBudget::Hold kept;
  {
    auto taken = budget.Take(30);
    kept = *std::move(taken);
  }
  EXPECT_EQ(budget.used(), 30u);
  kept = *budget.Take(20);
  EXPECT_EQ(budget.used(), 20u) << "the earlier one is given back";
  const ByteBudget::Hold last(std::move(kept));
  EXPECT_EQ(budget.used(), 20u);
}

TEST(ByteBudget, TightFromThreeQuartersUntilAQuarter) {
  ByteBudget budget(1000);
  auto most = budget.Take(600);
  EXPECT_FALSE(budget.tight());
  auto more = budget.Take(200);
  EXPECT_TRUE(budget.tight());
  auto rest = budget.Take(60);
  most.reset();
  EXPECT_TRUE(budget.tight()) << "260 of 1000";
  rest.reset();
  EXPECT_FALSE(budget.tight());
  EXPECT_EQ(budget.used(), 200u);
}

TEST(ByteBudget, ManyThreadsNeverTakeMoreThanThereIs) {
  ByteBudget budget(1000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) {
        const auto hold = budget.Take(400);
        EXPECT_LE(budget.used(), 1000u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace rollcall
