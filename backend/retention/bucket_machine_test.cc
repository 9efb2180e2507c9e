#include "backend/retention/bucket_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr pb::BucketState kStates[] = {pb::BUCKET_ACTIVE,    pb::BUCKET_ARCHIVING, pb::BUCKET_ARCHIVED, pb::BUCKET_COLD,
                                       pb::BUCKET_RESTORING, pb::BUCKET_PURGING,   pb::BUCKET_PURGED};

// Columns in the order of kStates. A digit moves to that column, `=` stays, `L` is too late, `X` impossible.
constexpr struct {
  BucketEvent event;
  const char* row;
} kExpected[] = {
    {BucketEvent::kServiceEnded, "1====LL"},         {BucketEvent::kServiceResumed, "=444=LL"},
    {BucketEvent::kArchiveVerified, "X2==XLL"},      {BucketEvent::kStoresEmptied, "XX3=XLL"},
    {BucketEvent::kRestoreVerified, "=XXX0LL"},      {BucketEvent::kPurgeIntended, "55555=L"},
    {BucketEvent::kPurgeVerified, "XXXXX6="},        {BucketEvent::kHoldPlaced, "=====LL"},
    {BucketEvent::kHoldReleased, "=====LL"},         {BucketEvent::kDeletionRequested, "=====LL"},
    {BucketEvent::kDeletionCancelled, "=====LL"},    {BucketEvent::kRestrictionPlaced, "=====LL"},
    {BucketEvent::kRestrictionLifted, "=====LL"},    {BucketEvent::kTerminationScheduled, "=====LL"},
    {BucketEvent::kTerminationCancelled, "=====LL"}, {BucketEvent::kHostDecommissioned, "=====LL"},
    {BucketEvent::kLateArrival, "=LLLLLL"},
};

char Letter(pb::BucketState from, const BucketStep& step) {
  if (step.kind == StepKind::kMoves) return static_cast<char>('0' + static_cast<int>(step.to) - 1);
  EXPECT_EQ(step.to, from);
  return step.kind == StepKind::kStays ? '=' : step.kind == StepKind::kTooLate ? 'L' : 'X';
}

TEST(BucketMachine, EveryStateAndEveryEvent) {
  ASSERT_EQ(std::size(kExpected), static_cast<size_t>(kBucketEvents));
  ASSERT_EQ(std::size(kStates), static_cast<size_t>(kBucketStates));
  std::set<BucketEvent> seen;
  for (const auto& expected : kExpected) {
    seen.insert(expected.event);
    std::string row;
    for (const pb::BucketState state : kStates) {
      const BucketStep step = NextStep(state, expected.event, true);
      row += Letter(state, step);
      EXPECT_FALSE(step.why.empty());
      const BucketStep without = NextStep(state, expected.event, false);
      if (state == pb::BUCKET_ACTIVE && expected.event == BucketEvent::kServiceEnded) {
        EXPECT_EQ(without.kind, StepKind::kStays);
      } else {
        EXPECT_EQ(Letter(state, without), row.back());
      }
    }
    EXPECT_EQ(row, expected.row) << BucketEventText(expected.event);
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kBucketEvents));
}

TEST(BucketMachine, NothingElseIsAnEventOrAState) {
  EXPECT_EQ(NextStep(pb::BUCKET_STATE_UNSPECIFIED, BucketEvent::kHoldPlaced, true).kind, StepKind::kImpossible);
  EXPECT_EQ(NextStep(static_cast<pb::BucketState>(8), BucketEvent::kHoldPlaced, true).kind, StepKind::kImpossible);
  EXPECT_EQ(NextStep(pb::BUCKET_ACTIVE, static_cast<BucketEvent>(kBucketEvents), true).kind, StepKind::kImpossible);
  EXPECT_EQ(BucketEventText(static_cast<BucketEvent>(-1)), "unknown");
  std::set<std::string> texts;
  for (int i = 0; i < kBucketEvents; ++i) texts.emplace(BucketEventText(static_cast<BucketEvent>(i)));
  for (const pb::BucketState state : kStates) texts.emplace(BucketStateText(state));
  EXPECT_EQ(texts.size(), static_cast<size_t>(kBucketEvents + kBucketStates));
}

// Where a bucket's data is. `half` is what a crash may leave of either.
struct Whereabouts {
  enum Amount { kNone, kHalf, kAll };
  Amount stores = kAll;
  Amount archive = kNone;
};

// What the engine's work may have changed by the time it reports nothing: any part of what the state allows.
void Work(pb::BucketState state, Whereabouts* w) {
  if (state == pb::BUCKET_ARCHIVING && w->archive == Whereabouts::kNone) w->archive = Whereabouts::kHalf;
  if (state == pb::BUCKET_ARCHIVED && w->stores == Whereabouts::kAll) w->stores = Whereabouts::kHalf;
  if (state == pb::BUCKET_RESTORING && w->stores == Whereabouts::kAll && w->archive == Whereabouts::kAll) {
    w->archive = Whereabouts::kHalf;  // verified in the stores; the archive's versions are going
  }
}

// Every sequence of ten events: as long as no deletion was intended, one of the two places has all of it.
void Walk(pb::BucketState state, Whereabouts w, int depth, int* walks) {
  if (state == pb::BUCKET_PURGING || state == pb::BUCKET_PURGED) return;
  ASSERT_TRUE(w.stores == Whereabouts::kAll || w.archive == Whereabouts::kAll) << BucketStateText(state);
  if (depth == 0) return;
  ++*walks;
  for (int event = 0; event <= static_cast<int>(BucketEvent::kPurgeVerified); ++event) {
    const BucketStep step = NextStep(state, static_cast<BucketEvent>(event), true);
    if (step.kind == StepKind::kImpossible) continue;
    Whereabouts next = w;
    Work(state, &next);
    switch (static_cast<BucketEvent>(event)) {
      case BucketEvent::kArchiveVerified:
        // Comes only after a comparison with stores that have all of it.
        if (state == pb::BUCKET_ARCHIVING && next.stores != Whereabouts::kAll) continue;
        if (state == pb::BUCKET_ARCHIVING) next.archive = Whereabouts::kAll;
        break;
      case BucketEvent::kStoresEmptied:
        if (state == pb::BUCKET_ARCHIVED) next.stores = Whereabouts::kNone;
        break;
      case BucketEvent::kRestoreVerified:
        if (state == pb::BUCKET_RESTORING) next = {Whereabouts::kAll, Whereabouts::kNone};
        break;
      default:
        break;
    }
    Walk(step.to, next, depth - 1, walks);
  }
}

TEST(BucketMachine, NoOrderOfEventsLosesData) {
  int walks = 0;
  Walk(pb::BUCKET_ACTIVE, Whereabouts(), 10, &walks);
  EXPECT_GT(walks, 10000);
}

TEST(BucketMachine, EveryBucketCanBeReachedAndDeleted) {
  std::set<pb::BucketState> reached = {pb::BUCKET_ACTIVE};
  for (int round = 0; round < kBucketStates; ++round) {
    for (const pb::BucketState state : std::set<pb::BucketState>(reached)) {
      for (int event = 0; event < kBucketEvents; ++event) {
        reached.insert(NextStep(state, static_cast<BucketEvent>(event), true).to);
      }
    }
  }
  EXPECT_EQ(reached.size(), static_cast<size_t>(kBucketStates));
  for (const pb::BucketState state : kStates) {
    if (state == pb::BUCKET_PURGED) continue;
    const pb::BucketState purging = NextStep(state, BucketEvent::kPurgeIntended, true).to;
    EXPECT_EQ(NextStep(purging, BucketEvent::kPurgeVerified, true).to, pb::BUCKET_PURGED);
  }
}

}  // namespace
}  // namespace rollcall
