#include "agent/transport/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace rollcall {
namespace {

constexpr absl::Duration kCap = absl::Minutes(5);
constexpr double kAlmostOne = 0.999999;

TEST(UploadBackoffTest, DoublesUpToTheCap) {
  const struct {
    uint32_t attempt;
    absl::Duration ceiling;
  } cases[] = {{0, absl::Seconds(1)},
               {1, absl::Seconds(2)},
               {5, absl::Seconds(32)},
               {8, absl::Seconds(256)},
               {9, kCap},
               {30, kCap},
               {31, kCap},
               {std::numeric_limits<uint32_t>::max(), kCap}};
  for (const auto& c : cases) {
    EXPECT_EQ(UploadBackoff(c.attempt, kCap, 0), absl::ZeroDuration()) << c.attempt;
    EXPECT_EQ(UploadBackoff(c.attempt, kCap, 0.5), c.ceiling / 2) << c.attempt;
    EXPECT_LT(UploadBackoff(c.attempt, kCap, kAlmostOne), c.ceiling) << c.attempt;
    EXPECT_GT(UploadBackoff(c.attempt, kCap, kAlmostOne), c.ceiling * 0.99) << c.attempt;
  }
}

TEST(RespectAskedWaitTest, NeverComesBackEarlierThanAsked) {
  const absl::Duration asked = absl::Seconds(60);
  EXPECT_EQ(RespectAskedWait(absl::ZeroDuration(), asked, 0), asked);
  EXPECT_EQ(RespectAskedWait(absl::Seconds(100), asked, 0), absl::Seconds(100));
  EXPECT_LT(RespectAskedWait(absl::ZeroDuration(), asked, kAlmostOne), absl::Seconds(90));
  EXPECT_GT(RespectAskedWait(absl::ZeroDuration(), asked, kAlmostOne), absl::Seconds(89));
}

TEST(RefusalBackoffTest, IsSlow) {
  EXPECT_EQ(RefusalBackoff(kCap, 0), kCap / 2);
  EXPECT_LT(RefusalBackoff(kCap, kAlmostOne), kCap);
}

TEST(PollPauseTest, IsTheIntervalWithinATenth) {
  EXPECT_EQ(PollPause(absl::Seconds(300), 0), absl::Seconds(270));
  EXPECT_EQ(PollPause(absl::Seconds(300), 0.5), absl::Seconds(300));
  EXPECT_LT(PollPause(absl::Seconds(300), kAlmostOne), absl::Seconds(330));
  EXPECT_GT(PollPause(absl::Seconds(300), kAlmostOne), absl::Seconds(329));
}

}  // namespace
}  // namespace rollcall
