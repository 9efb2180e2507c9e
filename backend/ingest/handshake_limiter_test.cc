#include "backend/ingest/handshake_limiter.h"

#include <gtest/gtest.h>

#include <map>

namespace rollcall {
namespace {

constexpr absl::Duration kStart = absl::Seconds(5000);

TEST(HandshakeLimiter, ASecondsWorthAtOnceThenTheRate) {
  HandshakeLimiter limiter(10);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limiter.Admit(kStart).has_value() ? 0 : 1;
  EXPECT_EQ(admitted, 10);
  for (int i = 0; i < 100; ++i) admitted += limiter.Admit(kStart + absl::Milliseconds(500)).has_value() ? 0 : 1;
  EXPECT_EQ(admitted, 15);
  for (int i = 0; i < 100; ++i) admitted += limiter.Admit(kStart + absl::Hours(1)).has_value() ? 0 : 1;
  EXPECT_EQ(admitted, 25) << "an hour of quiet saves up no more than a second";
}

TEST(HandshakeLimiter, TheRefusedComeBackAsAQueue) {
  HandshakeLimiter limiter(10);
  std::map<int64_t, int> arrivals;
  for (int i = 0; i < 1010; ++i) {
    const auto wait = limiter.Admit(kStart);
    if (!wait.has_value()) continue;
    EXPECT_GE(*wait, absl::Seconds(1));
    EXPECT_LE(*wait, HandshakeLimiter::kLongestWait);
    ++arrivals[absl::ToInt64Seconds(*wait)];
  }
  EXPECT_GE(arrivals.size(), 100u) << "a thousand at ten a second";
  for (const auto& [second, count] : arrivals) EXPECT_LE(count, 12) << "after " << second << " s";
}

TEST(HandshakeLimiter, NobodyIsSentAwayForLongerThanTheLongestWait) {
  HandshakeLimiter limiter(1);
  for (int i = 0; i < 5000; ++i) {
    const absl::Duration wait = limiter.NextSlot(kStart);
    EXPECT_GE(wait, absl::Seconds(1));
    EXPECT_LE(wait, HandshakeLimiter::kLongestWait);
  }
}

TEST(HandshakeLimiter, TheQueueIsForgottenOnceItIsOver) {
  HandshakeLimiter limiter(10);
  for (int i = 0; i < 1000; ++i) limiter.NextSlot(kStart);
  EXPECT_LE(limiter.NextSlot(kStart + absl::Minutes(10)), absl::Seconds(1.2));
}

}  // namespace
}  // namespace rollcall
