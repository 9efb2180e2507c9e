#include "backend/ingest/credit_window.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

constexpr absl::Duration kStart = absl::Seconds(1000);

TEST(CreditWindow, BatchesAndBytesAreBounded) {
  CreditWindow window({4, 1000});
  for (uint64_t i = 1; i <= 4; ++i) EXPECT_TRUE(window.Take(i, 250));
  EXPECT_FALSE(window.Take(5, 1)) << "a fifth batch";
  CreditWindow bytes({4, 1000});
  EXPECT_TRUE(bytes.Take(1, 900));
  EXPECT_FALSE(bytes.Take(2, 900));
}

TEST(CreditWindow, OneBatchIsAlwaysAllowed) {
  CreditWindow window({4, 1000});
  EXPECT_TRUE(window.Take(1, 1'000'000));
  EXPECT_FALSE(window.Take(2, 1));
}

TEST(CreditWindow, AcknowledgementsMakeRoom) {
  CreditWindow window({4, 1000});
  for (uint64_t i = 1; i <= 4; ++i) EXPECT_TRUE(window.Take(i, 250));
  window.Release(3, kStart);
  EXPECT_EQ(window.batches(), 1u);
  EXPECT_EQ(window.bytes(), 250u);
  for (uint64_t i = 5; i <= 7; ++i) EXPECT_TRUE(window.Take(i, 250));
  EXPECT_FALSE(window.Take(8, 250));
}

// The agent counts a batch without its sequence number.
TEST(CreditWindow, TheAgentsOwnCountIsBelieved) {
  CreditWindow window({4, 1000});
  for (uint64_t i = 1; i <= 4; ++i) EXPECT_TRUE(window.Take(i, 250 + 11));
}

TEST(CreditWindow, ALargerWindowCountsAtOnce) {
  CreditWindow window({4, 1000});
  window.Grant({8, 4000}, kStart);
  for (uint64_t i = 1; i <= 8; ++i) EXPECT_TRUE(window.Take(i, 500));
}

TEST(CreditWindow, ASmallerWindowCountsOnceItMustBeKnown) {
  CreditWindow window({8, 8000});
  window.Grant({4, 1000}, kStart);
  for (uint64_t i = 1; i <= 8; ++i) EXPECT_TRUE(window.Take(i, 900)) << "sent before it was known";
  window.Release(7, kStart + absl::Hours(1));
  for (uint64_t i = 9; i <= 15; ++i) EXPECT_TRUE(window.Take(i, 900)) << "never empty since";
  window.Release(15, kStart + CreditWindow::kSettle);
  for (uint64_t i = 21; i <= 24; ++i) EXPECT_TRUE(window.Take(i, 200));
  EXPECT_FALSE(window.Take(25, 200));
}

TEST(CreditWindow, ASmallerWindowIsNotEnforcedTooSoon) {
  CreditWindow window({8, 8000});
  window.Grant({4, 1000}, kStart);
  window.Release(0, kStart + CreditWindow::kSettle - absl::Milliseconds(1));
  for (uint64_t i = 1; i <= 8; ++i) EXPECT_TRUE(window.Take(i, 900));
}

}  // namespace
}  // namespace rollcall
