#include "agent/scheduler/request_pace.h"

#include <gtest/gtest.h>

#include <vector>

namespace rollcall {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

// Asks every `every` from `from` to `until` and runs when due; returns when runs began.
std::vector<absl::Duration> RunsOfStream(RequestPace* pace, absl::Duration from, absl::Duration until,
                                         absl::Duration every, absl::Duration took) {
  std::vector<absl::Duration> runs;
  absl::Duration next_ask = from;
  for (absl::Duration now = from; now < until; now += absl::Milliseconds(10)) {
    if (now >= next_ask) {
      pace->Ask(now);
      next_ask += every;
    }
    if (pace->due() > now) continue;
    pace->RunBegins();
    runs.push_back(now);
    now += took;
    pace->RunEnded(now, took);
  }
  return runs;
}

TEST(RequestPaceTest, NobodyAskedNothingIsDue) { EXPECT_EQ(RequestPace().due(), absl::InfiniteDuration()); }

TEST(RequestPaceTest, TheFirstRequestIsServedAfterAShortSettle) {
  RequestPace pace;
  pace.Ask(kStart);
  EXPECT_EQ(pace.due(), kStart + absl::Milliseconds(300));
  pace.Ask(kStart + absl::Milliseconds(200));
  EXPECT_EQ(pace.due(), kStart + absl::Milliseconds(500));
}

TEST(RequestPaceTest, AStreamCannotPutTheFirstRunOff) {
  RequestPace pace;
  for (int i = 0; i < 100; ++i) pace.Ask(kStart + absl::Milliseconds(100) * i);
  EXPECT_EQ(pace.due(), kStart + absl::Seconds(1));
}

TEST(RequestPaceTest, AnUpgradeOfAMinuteIsAFewRuns) {
  RequestPace pace;
  const auto runs =
      RunsOfStream(&pace, kStart, kStart + absl::Minutes(1), absl::Milliseconds(10), absl::Milliseconds(20));
  ASSERT_FALSE(runs.empty());
  EXPECT_LE(runs.front(), kStart + absl::Seconds(1));
  EXPECT_GE(runs.size(), 3u);
  EXPECT_LE(runs.size(), 6u);
}

TEST(RequestPaceTest, AnEndlessStreamIsOneRunInThirtySeconds) {
  RequestPace pace;
  const auto runs = RunsOfStream(&pace, kStart, kStart + absl::Hours(1), absl::Milliseconds(50), absl::Milliseconds(1));
  EXPECT_LE(runs.size(), 125u);
  EXPECT_GE(runs.size(), 115u);
}

TEST(RequestPaceTest, WhatComesAtTheEndOfAStreamIsSeen) {
  RequestPace pace;
  RunsOfStream(&pace, kStart, kStart + absl::Minutes(2), absl::Milliseconds(50), absl::Milliseconds(1));
  const absl::Duration last = kStart + absl::Minutes(2);
  pace.Ask(last);
  EXPECT_GE(pace.due(), last);
  EXPECT_LE(pace.due(), last + absl::Seconds(30));
}

TEST(RequestPaceTest, AfterAQuietTimeTheFirstRunIsFastAgain) {
  RequestPace pace;
  RunsOfStream(&pace, kStart, kStart + absl::Minutes(2), absl::Milliseconds(50), absl::Milliseconds(1));
  pace.RunBegins();  // what is still wanted
  const absl::Duration end = kStart + absl::Minutes(2);
  pace.RunEnded(end, absl::Milliseconds(1));
  const absl::Duration later = end + absl::Seconds(30);
  pace.Ask(later);
  EXPECT_EQ(pace.due(), later + absl::Milliseconds(300));
}

TEST(RequestPaceTest, ALongRunIsFollowedByTenTimesItsLength) {
  RequestPace pace;
  pace.Ask(kStart);
  pace.RunBegins();
  const absl::Duration end = kStart + absl::Seconds(7);
  pace.RunEnded(end, absl::Seconds(7));
  pace.Ask(end + absl::Seconds(40));
  EXPECT_EQ(pace.due(), end + absl::Seconds(70));
  pace.RunBegins();
  pace.RunEnded(end, absl::Hours(1));
  pace.Ask(end);
  EXPECT_EQ(pace.due(), end + absl::Minutes(5));
}

TEST(RequestPaceTest, ARunNobodyAskedForCostsTheNextRequestNothing) {
  RequestPace pace;
  pace.RunBegins();
  pace.RunEnded(kStart, absl::Seconds(20));
  pace.Ask(kStart);
  EXPECT_EQ(pace.due(), kStart + absl::Milliseconds(300));
}

TEST(RequestPaceTest, ARequestDuringARunIsForAnother) {
  RequestPace pace;
  pace.Ask(kStart);
  pace.RunBegins();
  EXPECT_EQ(pace.due(), absl::InfiniteDuration());
  pace.Ask(kStart + absl::Seconds(1));
  pace.RunEnded(kStart + absl::Seconds(2), absl::Milliseconds(1));
  EXPECT_EQ(pace.due(), kStart + absl::Seconds(4));
}

}  // namespace
}  // namespace rollcall
