#include "backend/retention/purge_guards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "backend/retention/testing/events.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'711'929'600);  // 2024-04-01T00:00:00Z

const RetentionPolicy& Default() {
  static const auto* policy = new RetentionPolicy(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value());
  return *policy;
}

ClockReading Reading(absl::Time wall, absl::Duration monotonic, const char* boot = "boot-1") {
  return {wall, absl::Milliseconds(20), true, monotonic, boot};
}

std::string Refusal(const ClockReading& reading, const std::optional<pb::ClockTick>& last) {
  const ClockVerdict verdict = CheckClock(reading, last, ClockLimits());
  const pb::ClockTick expected = verdict.status.ok() ? TickOf(reading) : last.value_or(pb::ClockTick());
  EXPECT_EQ(verdict.next.SerializeAsString(), expected.SerializeAsString());
  return std::string(verdict.status.message());
}

TEST(ClockGuard, AcceptsAClockThatWentOn) {
  const auto last = TickOf(Reading(kNow, absl::Hours(5)));
  EXPECT_EQ(Refusal(Reading(kNow, absl::Hours(5)), std::nullopt), "");
  EXPECT_EQ(Refusal(Reading(kNow + absl::Minutes(10), absl::Hours(5) + absl::Minutes(10)), last), "");
  // Slept for a month, and the monotonic clock with it.
  EXPECT_EQ(Refusal(Reading(kNow + absl::Hours(720), absl::Hours(725)), last), "");
  // Set right by less than an hour.
  EXPECT_EQ(Refusal(Reading(kNow + absl::Minutes(59), absl::Hours(5)), last), "");
}

TEST(ClockGuard, RefusesAJumpUntilItIsUndone) {
  const auto last = TickOf(Reading(kNow, absl::Hours(5)));
  EXPECT_THAT(Refusal(Reading(kNow + absl::Hours(24 * 400), absl::Hours(5) + absl::Minutes(10)), last),
              HasSubstr("jumped ahead by"));
  EXPECT_THAT(Refusal(Reading(kNow - absl::Hours(2), absl::Hours(5)), last), HasSubstr("jumped back by 2h"));
  EXPECT_THAT(Refusal(Reading(kNow, absl::Hours(4)), last), HasSubstr("monotonic clock went back"));
  // The refused reading was not persisted, so the next one is compared with the last that was right.
  const auto refused = CheckClock(Reading(kNow + absl::Hours(9999), absl::Hours(6)), last, ClockLimits());
  EXPECT_EQ(Refusal(Reading(kNow + absl::Hours(2), absl::Hours(7)), refused.next), "");
  EXPECT_NE(Refusal(Reading(kNow + absl::Hours(10000), absl::Hours(7)), refused.next), "");
}

TEST(ClockGuard, AcrossARestartOnlyAPersonCanTellALongPause) {
  const auto last = TickOf(Reading(kNow, absl::Hours(5)));
  EXPECT_EQ(Refusal(Reading(kNow + absl::Hours(24 * 6), absl::Minutes(1), "boot-2"), last), "");
  EXPECT_THAT(Refusal(Reading(kNow + absl::Hours(24 * 8), absl::Minutes(1), "boot-2"), last), HasSubstr("confirm"));
  EXPECT_THAT(Refusal(Reading(kNow - absl::Hours(2), absl::Minutes(1), "boot-2"), last), HasSubstr("went back"));
  // Without a boot id nothing can be compared either.
  EXPECT_THAT(
      Refusal(Reading(kNow + absl::Hours(24 * 8), absl::Hours(197), ""), TickOf(Reading(kNow, absl::Hours(5), ""))),
      HasSubstr("confirm"));
  const auto confirmed = TickOf(Reading(kNow + absl::Hours(24 * 8), absl::Minutes(1), "boot-2"));
  EXPECT_EQ(Refusal(Reading(kNow + absl::Hours(24 * 8), absl::Minutes(2), "boot-2"), confirmed), "");
}

TEST(ClockGuard, RefusesWhatIsNotKnown) {
  ClockReading reading = Reading(kNow, absl::Hours(5));
  reading.synchronised = false;
  EXPECT_THAT(Refusal(reading, std::nullopt), HasSubstr("not synchronised"));
  reading = Reading(kNow, absl::Hours(5));
  reading.uncertainty = absl::Minutes(6);
  EXPECT_THAT(Refusal(reading, std::nullopt), HasSubstr("uncertain by 6m"));
  reading.uncertainty = -absl::Seconds(1);
  EXPECT_THAT(Refusal(reading, std::nullopt), HasSubstr("uncertain"));
  EXPECT_THAT(Refusal(Reading(absl::InfiniteFuture(), absl::Hours(5)), std::nullopt), HasSubstr("no time"));
  EXPECT_THAT(Refusal(Reading(kNow, absl::Hours(5)), pb::ClockTick()), HasSubstr("cannot be read"));
}

TEST(VolumeGuard, StopsAtAFifthAndABucketMore) {
  EXPECT_TRUE(CheckVolume(0, 0).ok());
  EXPECT_TRUE(CheckVolume(0, 1).ok());
  EXPECT_FALSE(CheckVolume(0, 2).ok());
  EXPECT_TRUE(CheckVolume(100, 121).ok());
  EXPECT_FALSE(CheckVolume(100, 122).ok());
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_TRUE(CheckVolume(kMax, kMax).ok());
  EXPECT_FALSE(CheckVolume(0, kMax).ok());
  EXPECT_THAT(std::string(CheckVolume(10, 500).message()), HasSubstr("500 buckets, and 10 were forecast"));
}

TEST(DryRunGuard, NeedsANameAndTheSameRules) {
  pb::DryRun run = MakeDryRun(Default(), absl::CivilDay(2024, 4, 1), {"b", "a"});
  EXPECT_EQ(run.list_hash(), MakeDryRun(Default(), absl::CivilDay(2024, 4, 2), {"a", "b"}).list_hash());
  EXPECT_NE(run.list_hash(), MakeDryRun(Default(), absl::CivilDay(2024, 4, 1), {"a"}).list_hash());
  EXPECT_FALSE(CheckDryRun(std::nullopt, Default()).ok());
  EXPECT_FALSE(CheckDryRun(run, Default()).ok());
  run.set_acknowledged_by("ann");
  EXPECT_FALSE(CheckDryRun(run, Default()).ok());
  *run.mutable_acknowledged_at() = ToWire(kNow);
  EXPECT_TRUE(CheckDryRun(run, Default()).ok());
  RetentionPolicy other = Default();
  other.hash = "other";
  EXPECT_THAT(std::string(CheckDryRun(run, other).message()), HasSubstr("rules changed"));
}

// One bucket that is due at kNow, with every guard content.
struct Scene {
  Scene() {
    log.Terminate("t", kNow - absl::Hours(24 * 31), "cvm", kNow - absl::Hours(24 * 31));
    bucket.key = {"cvm", pb::ASSET_BASIC, absl::CivilDay(2023, 1, 1)};
    Evaluate();
    guard.picked_epoch = decision.epoch;
    guard.picked_policy_hash = Default().hash;
    guard.policy = &Default();
    guard.clock = Reading(kNow + absl::Seconds(1), absl::Hours(5));
    guard.clock_verdict = CheckClock(guard.clock, std::nullopt, ClockLimits());
    guard.forecast = 10;
    guard.wanted = 10;
    pb::DryRun run = MakeDryRun(Default(), absl::CivilDay(2024, 3, 31), {"x"});
    run.set_acknowledged_by("ann");
    *run.mutable_acknowledged_at() = ToWire(kNow);
    guard.dry_run = run;
  }
  void Evaluate() { decision = EvaluateBucketAt(Default(), bucket, log.facts, kNow + absl::Seconds(1)).value(); }
  std::string Refusal() {
    guard.decision = &decision;
    return std::string(GuardPurge(guard).message());
  }

  EventLog log;
  Bucket bucket;
  BucketDecision decision;
  PurgeGuard guard;
};

TEST(GuardPurge, LetsThroughWhatIsDue) { EXPECT_EQ(Scene().Refusal(), ""); }

TEST(GuardPurge, EveryGuardCanStopIt) {
  const auto refused = [](auto change, absl::string_view why) {
    Scene scene;
    change(&scene);
    EXPECT_THAT(scene.Refusal(), HasSubstr(std::string(why)));
  };
  refused(
      [](Scene* s) {
        s->log.Hold("h", kNow);
        s->Evaluate();
      },
      "held by h; something became known");
  refused([](Scene* s) { s->guard.picked_epoch += 1; }, "something became known");
  refused([](Scene* s) { s->guard.picked_policy_hash = "other"; }, "the rules changed");
  refused([](Scene* s) { s->guard.clock.uncertainty = absl::Seconds(2); }, "not due before 2024-04-01T00:00:00");
  refused([](Scene* s) { s->guard.clock.wall = kNow - absl::Seconds(1); }, "not due before");
  refused([](Scene* s) { s->guard.clock_verdict.status = absl::FailedPreconditionError("clock!"); }, "clock!");
  refused([](Scene* s) { s->guard.wanted = 14; }, "14 buckets");
  refused([](Scene* s) { s->guard.dry_run.reset(); }, "no dry run");
  refused(
      [](Scene* s) {
        s->log.Return("r", kNow, "cvm", kNow);
        s->Evaluate();
      },
      "there is no date by which it must be gone");
}

TEST(Forecast, CountsTheDaysBucketsFallDue) {
  EventLog log;
  const absl::Time end = absl::FromCivil(absl::CivilHour(2024, 3, 1, 12), absl::UTCTimeZone());
  log.Terminate("t", end, "cvm", end);
  std::vector<BucketDecision> decisions;
  const auto add = [&](absl::CivilDay day, pb::BucketState state, absl::Time now) {
    Bucket bucket;
    bucket.key = {"cvm", pb::ASSET_BASIC, day};
    bucket.state = state;
    decisions.push_back(EvaluateBucketAt(Default(), bucket, log.facts, now).value());
  };
  for (absl::CivilDay day(2023, 1, 1); day <= absl::CivilDay(2024, 3, 1); ++day) {
    add(day, pb::BUCKET_COLD, end + absl::Hours(24));
  }
  auto days = ForecastPurges(Default(), decisions, end + absl::Hours(24));
  // One bulk at T + 31 days, then a bucket a day, the last at T + 181 days.
  EXPECT_EQ(days.size(), 151u);
  EXPECT_EQ(days.begin()->first, absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(days.begin()->second, 276u);
  EXPECT_EQ(days.rbegin()->first, absl::CivilDay(2024, 8, 29));
  EXPECT_EQ(days.rbegin()->second, 1u);
  // What is overdue counts today; what is gone does not count.
  decisions.clear();
  const absl::Time late = end + absl::Hours(24 * 60);
  add(absl::CivilDay(2023, 1, 1), pb::BUCKET_COLD, late);
  add(absl::CivilDay(2023, 1, 2), pb::BUCKET_PURGED, late);
  add(absl::CivilDay(2023, 1, 3), pb::BUCKET_PURGING, late);
  days = ForecastPurges(Default(), decisions, late);
  ASSERT_EQ(days.size(), 1u);
  EXPECT_EQ(days.begin()->first, absl::CivilDay(2024, 4, 30));
  EXPECT_EQ(days.begin()->second, 2u);
}

}  // namespace
}  // namespace rollcall
