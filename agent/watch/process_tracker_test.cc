#include "agent/watch/process_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Type = ProcessEvent::Type;

const absl::Time kWall = absl::FromUnixSeconds(1'700'000'000);

class ProcessTrackerTest : public ::testing::Test {
 protected:
  void Make(const ProcessTrackerLimits& limits) { tracker_ = std::make_unique<ProcessTracker>(limits); }

  void Event(Type type, uint32_t pid, uint32_t wait_status = 0) {
    // The kernel's clock runs apart from the agent's.
    tracker_->Add({type, pid, now_ - absl::Minutes(7), wait_status}, now_, kWall);
  }
  void Fork(uint32_t pid) { Event(Type::kFork, pid); }
  void Exec(uint32_t pid) { Event(Type::kExec, pid); }
  void Exit(uint32_t pid, uint32_t wait_status = 0) { Event(Type::kExit, pid, wait_status); }
  void Wait(absl::Duration duration) { now_ += duration; }

  // Looks at what is due; those in `gone_` are gone.
  std::vector<uint32_t> Look() {
    const std::vector<uint32_t> due = tracker_->DueLooks(now_);
    for (const uint32_t pid : due) {
      if (gone_.count(pid) != 0) {
        tracker_->Gone(pid, kWall);
        continue;
      }
      ProcessSighting sighting;
      sighting.pid = pid;
      sighting.start_ticks = ticks_;
      tracker_->Seen(std::move(sighting), now_, kWall);
    }
    return due;
  }

  ProcessEventReport Take(std::set<uint32_t> known = {}) {
    return tracker_->Take([&](uint32_t pid, uint64_t ticks) { return ticks == ticks_ && known.count(pid) != 0; });
  }
  static std::vector<uint32_t> Pids(const ProcessEventReport& report) {
    std::vector<uint32_t> pids;
    for (const EndedProcess& ended : report.ended) pids.push_back(ended.sighting.pid);
    return pids;
  }

  absl::Duration now_ = absl::Hours(1);
  uint64_t ticks_ = 500;
  std::set<uint32_t> gone_;
  std::unique_ptr<ProcessTracker> tracker_ = std::make_unique<ProcessTracker>();
};

TEST_F(ProcessTrackerTest, AProcessOfThreeHundredMillisecondsIsTold) {
  EXPECT_EQ(tracker_->NextWake(), absl::InfiniteDuration());
  Fork(7);
  Exec(7);
  EXPECT_EQ(tracker_->NextWake(), now_ + absl::Milliseconds(50));
  EXPECT_THAT(Look(), IsEmpty()) << "it has not settled";
  Wait(absl::Milliseconds(60));
  EXPECT_THAT(Look(), ElementsAre(7));
  EXPECT_THAT(Look(), IsEmpty()) << "once";
  Wait(absl::Milliseconds(240));
  Exit(7, 3 << 8);
  const ProcessEventReport report = Take();
  ASSERT_THAT(Pids(report), ElementsAre(7));
  EXPECT_EQ(report.ended[0].ended_at, kWall);
  EXPECT_EQ(report.ended[0].wait_status, 3u << 8);
  EXPECT_EQ(report.missed + report.skipped, 0u);
  EXPECT_THAT(Pids(Take()), IsEmpty()) << "once";
  EXPECT_EQ(tracker_->starts(), 1u);
}

TEST_F(ProcessTrackerTest, WhoEndsBeforeHeSettlesCostsNothing) {
  for (uint32_t pid = 1; pid <= 1000; ++pid) {
    Fork(pid);
    Exec(pid);
    Exit(pid);
  }
  Wait(absl::Milliseconds(60));
  EXPECT_THAT(Look(), IsEmpty());
  const ProcessEventReport report = Take();
  EXPECT_THAT(report.ended, IsEmpty());
  EXPECT_EQ(report.missed + report.skipped, 0u) << "too short to be told of";
}

TEST_F(ProcessTrackerTest, WhoWasSeenButLivedTooShortIsNotTold) {
  Fork(7);
  Wait(absl::Milliseconds(60));
  Look();
  Wait(absl::Milliseconds(139));
  Exit(7);
  EXPECT_THAT(Take().ended, IsEmpty());
}

TEST_F(ProcessTrackerTest, AProcessThatExecutesAProgramIsLookedAtAgain) {
  Fork(7);
  Wait(absl::Milliseconds(60));
  EXPECT_THAT(Look(), ElementsAre(7));
  Exec(7);
  Wait(absl::Milliseconds(60));
  EXPECT_THAT(Look(), ElementsAre(7));
  // Also one that nobody has told the start of.
  Exec(8);
  Wait(absl::Milliseconds(200));
  EXPECT_THAT(Look(), ElementsAre(8));
  Exit(8);
  EXPECT_THAT(Pids(Take()), ElementsAre(8));
}

TEST_F(ProcessTrackerTest, WhoExecutesOverAndOverHasOnePlaceInTheQueue) {
  Fork(7);
  const absl::Duration first = tracker_->NextWake();
  for (int i = 0; i < 10'000; ++i) Exec(7);
  EXPECT_EQ(tracker_->NextWake(), first) << "nor does that put the look off";
  Wait(absl::Milliseconds(60));
  EXPECT_THAT(Look(), ElementsAre(7));
  EXPECT_EQ(tracker_->NextWake(), now_ + absl::Seconds(10));
}

TEST_F(ProcessTrackerTest, WhatTheScanHasSeenIsNotToldAgain) {
  Fork(7);
  Fork(8);
  Fork(9);
  Wait(absl::Milliseconds(300));
  Look();
  Exit(7);
  Exit(8);
  EXPECT_THAT(Pids(Take({8, 9})), ElementsAre(7));
  Exit(9);  // the scan after this one will not have it
  EXPECT_THAT(Take().ended, IsEmpty());
}

TEST_F(ProcessTrackerTest, WhoIsAliveAndNotInTheScanYetIsKept) {
  Fork(7);
  Wait(absl::Milliseconds(300));
  Look();
  EXPECT_THAT(Take().ended, IsEmpty());
  Exit(7);
  EXPECT_THAT(Pids(Take()), ElementsAre(7));
}

TEST_F(ProcessTrackerTest, ATakeBetweenLookAndAnswerLosesNothing) {
  Fork(7);
  Wait(absl::Milliseconds(300));
  ASSERT_THAT(tracker_->DueLooks(now_), ElementsAre(7));
  Take();
  ProcessSighting sighting;
  sighting.pid = 7;
  tracker_->Seen(sighting, now_, kWall);
  Exit(7);
  EXPECT_THAT(Pids(Take()), ElementsAre(7));
}

TEST_F(ProcessTrackerTest, WhoWasGoneWhenLookedAtIsMissedIfHeLivedLongEnough) {
  gone_ = {7, 8};
  Fork(7);
  Fork(8);
  Wait(absl::Milliseconds(150));
  Exit(8);
  Wait(absl::Milliseconds(100));
  EXPECT_THAT(Look(), ElementsAre(7));
  Exit(7);
  const ProcessEventReport report = Take();
  EXPECT_EQ(report.missed, 1u);
  EXPECT_EQ(report.skipped, 0u);
}

TEST_F(ProcessTrackerTest, AForkBombIsLookedAtSoOftenASecondAndTheRestIsCounted) {
  ProcessTrackerLimits limits;
  limits.looks_per_second = 10;
  Make(limits);
  for (uint32_t pid = 1; pid <= 100; ++pid) Fork(pid);
  Wait(absl::Milliseconds(60));
  EXPECT_EQ(Look().size(), 10u);
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_EQ(tracker_->NextWake(), now_ + absl::Seconds(1)) << "no busy loop over those that wait";
  Wait(absl::Milliseconds(300));
  for (uint32_t pid = 1; pid <= 80; ++pid) Exit(pid);
  Wait(absl::Seconds(1));
  EXPECT_EQ(Look().size(), 10u) << "those that have ended take no time";
  const ProcessEventReport report = Take();
  EXPECT_EQ(report.ended.size(), 10u);
  EXPECT_EQ(report.skipped, 70u);
  EXPECT_EQ(report.missed, 0u);
}

TEST_F(ProcessTrackerTest, MemoryIsBoundedAndAsksForARun) {
  ProcessTrackerLimits limits;
  limits.max_sightings = 8;
  limits.max_waiting = 20;
  Make(limits);
  for (uint32_t pid = 1; pid <= 30; ++pid) Fork(pid);
  EXPECT_FALSE(tracker_->WantsRun(now_));
  Wait(absl::Milliseconds(300));
  EXPECT_EQ(Look().size(), 8u);
  EXPECT_TRUE(tracker_->WantsRun(now_));
  EXPECT_FALSE(tracker_->WantsRun(now_)) << "once";
  for (uint32_t pid = 1; pid <= 30; ++pid) Exit(pid);
  const ProcessEventReport report = Take();
  EXPECT_EQ(report.ended.size(), 8u);
  EXPECT_EQ(report.skipped, 22u);
  Fork(40);
  Wait(absl::Milliseconds(60));
  EXPECT_THAT(Look(), ElementsAre(40)) << "there is room again";
}

TEST_F(ProcessTrackerTest, AProcessThatStaysAsksForARunAndNotTooOften) {
  Fork(7);
  Wait(absl::Milliseconds(60));
  Look();
  EXPECT_FALSE(tracker_->WantsRun(now_));
  EXPECT_EQ(tracker_->NextWake(), now_ + absl::Seconds(10));
  Wait(absl::Seconds(10));
  EXPECT_TRUE(tracker_->WantsRun(now_));
  Take({7});
  Fork(8);
  Wait(absl::Seconds(1));
  Look();
  Wait(absl::Seconds(10));
  EXPECT_FALSE(tracker_->WantsRun(now_)) << "11 s after the last";
  EXPECT_EQ(tracker_->NextWake(), now_ + absl::Seconds(19));
  Wait(absl::Seconds(19));
  EXPECT_TRUE(tracker_->WantsRun(now_));
}

TEST_F(ProcessTrackerTest, AShortProcessAsksForNoRun) {
  Fork(7);
  Wait(absl::Milliseconds(60));
  Look();
  Exit(7);
  Wait(absl::Seconds(11));
  EXPECT_FALSE(tracker_->WantsRun(now_));
  EXPECT_EQ(tracker_->NextWake(), absl::InfiniteDuration());
}

TEST_F(ProcessTrackerTest, AfterALossThoseWhoseEndWasDroppedAreFound) {
  Fork(7);
  Fork(8);
  Fork(9);
  Wait(absl::Milliseconds(300));
  Look();
  Fork(10);
  gone_ = {7, 10};  // and nobody told
  tracker_->EventsLost(now_);
  Wait(absl::Milliseconds(50));
  EXPECT_EQ(Look().size(), 4u);
  const ProcessEventReport report = Take();
  ASSERT_THAT(Pids(report), ElementsAre(7));
  EXPECT_FALSE(report.ended[0].wait_status.has_value());
  Exit(8);
  EXPECT_THAT(Pids(Take()), ElementsAre(8));
}

TEST_F(ProcessTrackerTest, APidThatIsUsedAgainIsAnotherProcess) {
  Fork(7);
  Wait(absl::Milliseconds(300));
  Look();
  Fork(7);  // the end of the first was dropped
  Wait(absl::Milliseconds(300));
  ticks_ = 600;
  Look();
  Exit(7);
  ProcessEventReport report = Take();
  EXPECT_THAT(Pids(report), ElementsAre(7, 7));
  EXPECT_EQ(report.ended[0].sighting.start_ticks, 500u);
  EXPECT_EQ(report.ended[1].sighting.start_ticks, 600u);

  // Both its end and the new start were dropped.
  Fork(8);
  Wait(absl::Milliseconds(300));
  Look();
  tracker_->EventsLost(now_);
  ticks_ = 700;
  Look();
  EXPECT_THAT(Pids(Take()), ElementsAre(8));
}

}  // namespace
}  // namespace rollcall
