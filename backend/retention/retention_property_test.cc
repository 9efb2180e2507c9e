// Random agreements and random lives of tenants, against the slow calculator: every date must be the same, and
// a bucket that lives through its tenant's years is deleted neither too early nor too late, and never under
// a hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/bucket_machine.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/policy_check.h"
#include "backend/retention/testing/events.h"
#include "backend/retention/testing/random_world.h"
#include "backend/retention/testing/slow_calculator.h"

namespace rollcall {
namespace {

constexpr int kLives = kSlowBuild ? 15 : 120;
constexpr int kLogsPerPolicy = 4;

// What deciding about many buckets, or without words, changes of a decision: nothing that decides anything.
std::string DifferencesOfEvaluator(const World& world, const Bucket& bucket, const TenantTimeline& timeline,
                                   const BucketDecision& alone, bool remembers) {
  BucketEvaluator evaluator(world.policy(), timeline, remembers ? ZoneDays::Memory::kDays : ZoneDays::Memory::kNone);
  // Neighbours: of another service, and of another day.
  Bucket other = bucket;
  other.key.hosting_service = other.key.hosting_service == kAllServices ? Services().front() : kAllServices;
  evaluator.Evaluate(other, Detail::kBounds);
  other = bucket;
  other.key.collected_day -= 3;
  other.first_stored_at.reset();
  evaluator.Evaluate(other, Detail::kBounds);
  const BucketDecision decision = evaluator.Evaluate(bucket, Detail::kBounds);
  const auto facts = [](const BucketDecision& d) {
    return std::tie(d.dates.last_retained_day, d.dates.not_before, d.dates.due_from, d.dates.deadline, d.dates.ended_at,
                    d.dates.target, d.dates.restricted, d.dates.held, d.wanted, d.holds, d.overdue, d.epoch);
  };
  const auto actions = [](const BucketDecision& d) {
    std::string text;
    for (const DueAction& action : d.actions) {
      absl::StrAppend(&text, ActionText(action.kind), " ", action.request, " ",
                      absl::FormatTime(action.by.value_or(absl::InfiniteFuture())), "; ");
    }
    for (const PartialDeletion& part : d.parts) {
      absl::StrAppend(&text, part.request, absl::FormatTime(part.not_before), absl::FormatTime(part.due_from),
                      absl::FormatTime(part.deadline), part.done, "; ");
    }
    return text;
  };
  if (facts(decision) != facts(alone)) return "an evaluator of many buckets finds other dates\n";
  if (actions(decision) != actions(alone)) return "an evaluator of many buckets wants something else\n";
  return "";
}

std::string Differences(const World& world, const Bucket& bucket, const pb::TenantFacts& facts,
                        const std::vector<DiaryEntry>& diary, Wall now) {
  const auto timeline = FoldEvents(world.policy(), facts, world.ToTime(now));
  if (!timeline.ok()) return std::string(timeline.status().message());
  const BucketDecision decision = EvaluateBucket(world.policy(), bucket, *timeline, Detail::kDates);
  const RetentionDecision& dates = decision.dates;
  const SecondOpinion opinion = AskCalculator(world, bucket, diary, now);
  std::string text = DifferencesOfEvaluator(world, bucket, *timeline, decision, now % 8 == 0);
  const auto compare = [&](absl::string_view what, Wall engine, Wall other) {
    if (engine != other) absl::StrAppend(&text, what, ": ", engine, " and not ", other, "\n");
  };
  compare("held", dates.held, opinion.held);
  compare("restricted", dates.restricted, opinion.restricted);
  compare("ended", dates.ended_at.has_value(), opinion.ended);
  compare("not_before", world.ToWall(dates.not_before), opinion.not_before);
  compare("deadline", world.ToWall(dates.deadline.value_or(absl::InfiniteFuture())), opinion.deadline);
  compare("due_from", world.ToWall(dates.due_from), opinion.due_from);
  compare("purge", decision.Wants(ActionKind::kPurge), opinion.IsDue(now));
  if (decision.Wants(ActionKind::kPurge) && !opinion.MayDelete(now)) text += "purges what may not be deleted\n";
  if (!text.empty()) {
    pb::Policy rules = world.policy().data;
    rules.mutable_categories(0)->clear_elements();
    absl::StrAppend(&text, rules.ShortDebugString(), " ", facts.ShortDebugString(), " collected ",
                    DayText(bucket.key.collected_day), " of ", bucket.key.hosting_service, ", now ",
                    absl::FormatTime(world.ToTime(now), world.policy().zone));
  }
  return text;
}

TEST(RetentionProperty, EveryDateIsTheSlowCalculators) {
  int compared = 0;
  int with_deadline = 0;
  for (int i = 0; i < kPolicies; ++i) {
    World world(static_cast<uint32_t>(i));
    if (i < 500) {
      for (const PolicyProblem& problem : CheckPolicy(world.policy().data)) {
        ASSERT_THAT(problem.message, testing::HasSubstr("kept for ever")) << i;
      }
    }
    for (int j = 0; j < kLogsPerPolicy; ++j) {
      const std::vector<DiaryEntry> diary = world.MakeDiary();
      const pb::TenantFacts facts = ToFacts(world, diary);
      const Bucket bucket = MakeBucket(&world);
      const Wall now = world.Instant() + world.Below(400) * kWallDay;
      ASSERT_EQ(Differences(world, bucket, facts, diary, now), "") << "policy " << i << ", log " << j;
      ++compared;
      // And at the edges of what it says.
      const SecondOpinion opinion = AskCalculator(world, bucket, diary, now);
      if (opinion.deadline == kNever) continue;
      ++with_deadline;
      const Wall edges[] = {opinion.not_before, opinion.due_from, opinion.deadline};
      const Wall edge = edges[world.Below(3)];
      if (edge == kAlways || j % 2 != 0) continue;
      ASSERT_EQ(Differences(world, bucket, facts, diary, edge - world.Below(2)), "") << "policy " << i << ", log " << j;
    }
  }
  EXPECT_EQ(compared, kPolicies * kLogsPerPolicy);
  EXPECT_GT(with_deadline, compared / 4);  // or the test would test little
}

// What an engine does with a bucket over the years, a step a tick.
class Life {
 public:
  Life(World* world, std::vector<DiaryEntry> diary)
      : world_(world), diary_(std::move(diary)), facts_(ToFacts(*world, diary_)), bucket_(MakeBucket(world)) {}

  void Tick(Wall now) {
    const auto timeline = FoldEvents(world_->policy(), facts_, world_->ToTime(now));
    ASSERT_TRUE(timeline.ok());
    const BucketDecision decision = EvaluateBucket(world_->policy(), bucket_, *timeline, Detail::kDates);
    const SecondOpinion opinion = AskCalculator(*world_, bucket_, diary_, now);
    const bool deletable = bucket_.state != pb::BUCKET_PURGING && bucket_.state != pb::BUCKET_PURGED;
    ASSERT_EQ(decision.Wants(ActionKind::kPurge), deletable && opinion.IsDue(now));
    ASSERT_EQ(decision.overdue, bucket_.state != pb::BUCKET_PURGED && opinion.deadline <= now);
    if (decision.Wants(ActionKind::kPurge)) {
      ASSERT_TRUE(opinion.MayDelete(now)) << "too early or held";
    }
    for (const DueAction& action : decision.actions) Act(action.kind);
  }

  const Bucket& bucket() const { return bucket_; }
  SecondOpinion Opinion(Wall now) const { return AskCalculator(*world_, bucket_, diary_, now); }

 private:
  void Act(ActionKind kind) {
    if (world_->Chance(30)) return;  // it failed, and is tried again
    switch (kind) {
      case ActionKind::kStartArchive:
        return Step(BucketEvent::kServiceEnded);
      case ActionKind::kFinishArchive:
        return Step(BucketEvent::kArchiveVerified);
      case ActionKind::kEmptyStores:
        return Step(BucketEvent::kStoresEmptied);
      case ActionKind::kStartRestore:
        return Step(BucketEvent::kServiceResumed);
      case ActionKind::kFinishRestore:
        return Step(BucketEvent::kRestoreVerified);
      case ActionKind::kPurge:
        return Step(BucketEvent::kPurgeIntended);
      case ActionKind::kFinishPurge:
        return Step(BucketEvent::kPurgeVerified);
      case ActionKind::kErasePart:
        return;
    }
  }

  void Step(BucketEvent event) {
    const bool has_archive = !world_->policy().data.categories(0).archives().empty();
    const BucketStep step = NextStep(bucket_.state, event, has_archive);
    ASSERT_EQ(step.kind, StepKind::kMoves) << BucketStateText(bucket_.state) << ", " << BucketEventText(event);
    bucket_.state = step.to;
  }

  World* world_;
  std::vector<DiaryEntry> diary_;
  pb::TenantFacts facts_;
  Bucket bucket_;
};

TEST(RetentionProperty, BucketsLiveAndAreDeletedInTime) {
  int purged = 0;
  for (int i = 0; i < kLives; ++i) {
    World world(static_cast<uint32_t>(1'000'000 + i));
    Life life(&world, world.MakeDiary());
    const Wall start = world.Instant() - 100 * kWallDay;
    for (int tick = 0; tick < 800; ++tick) {
      life.Tick(start + tick * kWallDay + 13 * kWallHour / 2);
      if (HasFatalFailure()) FAIL() << "life " << i << ", tick " << tick;
    }
    // Much later whatever has an end is gone.
    const Wall later = start + 3000 * kWallDay;
    for (int tick = 0; tick < 60; ++tick) life.Tick(later + tick * kWallDay);
    if (life.Opinion(later).IsDue(later)) {
      ASSERT_EQ(life.bucket().state, pb::BUCKET_PURGED) << i;
    }
    purged += life.bucket().state == pb::BUCKET_PURGED ? 1 : 0;
  }
  EXPECT_GT(purged, kLives / 3);
  EXPECT_LT(purged, kLives);  // held, or without an end
}

TEST(RetentionProperty, HoldsRequestsAndTimeOnlyWorkOneWay) {
  for (int i = 0; i < kPolicies / 10; ++i) {
    World world(static_cast<uint32_t>(2'000'000 + i));
    const std::vector<DiaryEntry> diary = world.MakeDiary();
    const pb::TenantFacts facts = ToFacts(world, diary);
    const Bucket bucket = MakeBucket(&world);
    const absl::Time now = world.ToTime(world.Instant() + 500 * kWallDay);
    const auto decide = [&](const pb::TenantFacts& of, absl::Time at) {
      return EvaluateBucket(world.policy(), bucket, FoldEvents(world.policy(), of, at).value(), Detail::kDates).dates;
    };
    const RetentionDecision plain = decide(facts, now);
    // In time: what is due stays due while nothing happens.
    if (plain.DueAt(now)) {
      const absl::Time later = now + absl::Hours(world.Below(20000));
      ASSERT_TRUE(decide(facts, later).DueAt(later)) << i;
    }
    // In order.
    pb::TenantFacts shuffled = facts;
    std::mt19937 random(static_cast<uint32_t>(i));
    std::shuffle(shuffled.mutable_events()->begin(), shuffled.mutable_events()->end(), random);
    const RetentionDecision other = decide(shuffled, now);
    ASSERT_EQ(other.not_before, plain.not_before);
    ASSERT_EQ(other.deadline, plain.deadline);
    // A hold stops everything, and its release brings nothing forward.
    EventLog held{facts};
    held.Hold("new", world.ToTime(world.Instant()));
    ASSERT_FALSE(decide(held.facts, now).DeletableAt(now)) << i;
    held.Release("newer", now, "new");
    const RetentionDecision released = decide(held.facts, now);
    ASSERT_EQ(released.not_before, plain.not_before);
    ASSERT_GE(released.deadline.value_or(absl::InfiniteFuture()), plain.deadline.value_or(absl::InfiniteFuture()));
    // A request makes nothing later.
    EventLog requested{facts};
    requested.Request("new", world.ToTime(world.Instant()));
    ASSERT_LE(decide(requested.facts, now).deadline.value_or(absl::InfiniteFuture()),
              plain.deadline.value_or(absl::InfiniteFuture()))
        << i;
  }
}

}  // namespace
}  // namespace rollcall
