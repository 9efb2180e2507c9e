// What several threads do with a logger and a fake clock. Apart from log_test.cc, whose JSON
// parser is a library that ThreadSanitizer cannot see into.
#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "platform/log.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

TEST(JsonLogger, ThreadsDoNotMixLines) {
  FakeClock clock;
  std::ostringstream out;
  JsonLogger logger(WriteLinesToStream(out), &clock);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) logger.Info("tick", "message");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = out.str();
  int lines = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    EXPECT_EQ(line.front(), '{');
    EXPECT_EQ(line.back(), '}');
    ++lines;
  }
  EXPECT_EQ(lines, 200);
}

TEST(FakeClock, AdvanceWakesAWaiter) {
  FakeClock clock;
  const absl::Duration start = clock.Monotonic();
  bool woke = false;
  std::thread waiter([&] { woke = clock.WaitFor(absl::Hours(2), StopToken()); });
  ASSERT_TRUE(clock.AwaitWaiters(1));
  clock.Advance(absl::Hours(3));
  waiter.join();
  EXPECT_TRUE(woke);
  EXPECT_EQ(clock.Monotonic() - start, absl::Hours(3));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(1704067200) + absl::Hours(3));
}

TEST(FakeClock, AStopWakesAWaiter) {
  FakeClock clock;
  StopSource source;
  bool reached = true;
  std::thread waiter([&] { reached = clock.WaitFor(absl::Hours(2), source.token()); });
  ASSERT_TRUE(clock.AwaitWaiters(1));
  source.RequestStop();
  waiter.join();
  EXPECT_FALSE(reached);
}

TEST(FakeClock, WallClockJumpsAlone) {
  FakeClock clock;
  const absl::Duration monotonic = clock.Monotonic();
  clock.JumpWallClock(absl::UnixEpoch());
  EXPECT_EQ(clock.Now(), absl::UnixEpoch());
  EXPECT_EQ(clock.Monotonic(), monotonic);
}

}  // namespace
}  // namespace rollcall
