#include "backend/retention/tenant_timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/lifecycle_check.h"
#include "backend/retention/retention_policy.h"
#include "backend/retention/testing/events.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const RetentionPolicy& Default() {
  static const auto* policy = new RetentionPolicy(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value());
  return *policy;
}

absl::Time Day(int month, int day, int hour = 12) {
  return absl::FromCivil(absl::CivilHour(2024, month, day, hour), absl::UTCTimeZone());
}

const absl::Time kEnd = Day(12, 31);

TenantTimeline Fold(const pb::TenantFacts& facts, absl::Time now) {
  auto timeline = FoldEvents(Default(), facts, now);
  EXPECT_TRUE(timeline.ok()) << timeline.status();
  return timeline.ok() ? *std::move(timeline) : TenantTimeline();
}

TEST(Timeline, TerminationIsAFactOnceItTakesEffect) {
  EventLog log;
  log.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
  EXPECT_EQ(Fold(log.facts, Day(6, 29)).hosting["cvm"].ended_at, std::nullopt);
  EXPECT_EQ(Fold(log.facts, Day(6, 29)).hosting["cvm"].ends_at, Day(6, 30));
  EXPECT_EQ(Fold(log.facts, Day(6, 30)).hosting["cvm"].ended_at, Day(6, 30));
  EXPECT_EQ(Fold(log.facts, Day(2, 28)).hosting["cvm"].ends_at, std::nullopt);  // not known yet
  EXPECT_EQ(Fold(log.facts, kEnd).feature.ended_at, std::nullopt);
}

TEST(Timeline, TerminationMovesUntilItTakesEffect) {
  EventLog log;
  log.Terminate("t1", Day(3, 1), "cvm", Day(6, 30));
  log.Terminate("t2", Day(4, 1), "cvm", Day(7, 31));
  EXPECT_EQ(Fold(log.facts, kEnd).hosting["cvm"].ended_at, Day(7, 31));
  log.Terminate("t3", Day(8, 1), "cvm", Day(12, 1));
  const TenantTimeline timeline = Fold(log.facts, kEnd);
  EXPECT_EQ(timeline.hosting.at("cvm").ended_at, Day(7, 31));
  EXPECT_THAT(timeline.notes, ElementsAre(HasSubstr("event t3 changes nothing: it ended before")));
}

TEST(Timeline, WithdrawalCountsUntilItTakesEffect) {
  EventLog log;
  log.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
  log.Withdraw("w", Day(6, 29), "cvm");
  EXPECT_EQ(Fold(log.facts, kEnd).hosting["cvm"].ended_at, std::nullopt);

  EventLog late;
  late.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
  late.Withdraw("w", Day(7, 1), "cvm");
  EXPECT_EQ(Fold(late.facts, kEnd).hosting["cvm"].ended_at, Day(6, 30));
  EXPECT_THAT(Fold(late.facts, kEnd).notes, ElementsAre(HasSubstr("it has ended")));
}

TEST(Timeline, ReturnAndSecondEnd) {
  EventLog log;
  log.Terminate("t1", Day(3, 1), "cvm", Day(3, 1));
  log.Return("r", Day(3, 25), "cvm", Day(3, 25));
  log.Terminate("t2", Day(4, 10), "cvm", Day(4, 10));
  EXPECT_EQ(Fold(log.facts, Day(3, 20)).hosting["cvm"].ended_at, Day(3, 1));
  EXPECT_EQ(Fold(log.facts, Day(3, 25)).hosting["cvm"].ended_at, std::nullopt);
  EXPECT_EQ(Fold(log.facts, kEnd).hosting["cvm"].ended_at, Day(4, 10));
}

TEST(Timeline, ReturnThatIsAnnounced) {
  EventLog log;
  log.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
  log.Return("r", Day(4, 1), "cvm", Day(7, 15));
  log.Terminate("t2", Day(7, 1), "cvm", Day(9, 1));
  EXPECT_EQ(Fold(log.facts, Day(7, 1)).hosting["cvm"].ended_at, Day(6, 30));
  EXPECT_EQ(Fold(log.facts, Day(7, 15)).hosting["cvm"].ended_at, std::nullopt);
  EXPECT_EQ(Fold(log.facts, kEnd).hosting["cvm"].ended_at, Day(9, 1));
}

TEST(Timeline, FeatureAndServicesEndApart) {
  EventLog log;
  log.facts.add_hosting_services("ecm");
  log.Terminate("t", Day(3, 1), "", Day(3, 1));
  const TenantTimeline timeline = Fold(log.facts, kEnd);
  EXPECT_EQ(timeline.feature.ended_at, Day(3, 1));
  EXPECT_EQ(timeline.hosting.at("ecm").ended_at, std::nullopt);
}

TEST(Timeline, AtOneInstantWhatKeepsCountsLast) {
  EventLog log;
  log.Withdraw("a", Day(3, 1), "cvm");
  log.Terminate("z", Day(3, 1), "cvm", Day(3, 1));
  EXPECT_EQ(Fold(log.facts, kEnd).hosting["cvm"].ended_at, std::nullopt);
  EventLog two;
  two.Terminate("a", Day(3, 1), "cvm", Day(5, 1));
  two.Terminate("b", Day(3, 1), "cvm", Day(2, 1));
  EXPECT_EQ(Fold(two.facts, kEnd).hosting["cvm"].ended_at, Day(5, 1));
  EventLog back;
  back.Return("a", Day(3, 1), "cvm", Day(3, 1));
  back.Terminate("b", Day(3, 1), "cvm", Day(3, 1));
  EXPECT_EQ(Fold(back.facts, kEnd).hosting["cvm"].ended_at, std::nullopt);
  EventLog hold;
  hold.Release("a", Day(3, 1), "z");
  hold.Hold("z", Day(3, 1));
  EXPECT_EQ(Fold(hold.facts, kEnd).holds[0].lifted_at, Day(3, 1));
}

TEST(Timeline, RequestsAreTakenBackWithinTheCoolingOff) {
  EventLog log;
  log.Request("q1", Day(3, 1));
  log.CancelRequest("c1", Day(3, 4, 11), "q1");
  log.Request("q2", Day(3, 1));
  log.CancelRequest("c2", Day(3, 4, 12), "q2");
  log.CancelRequest("c3", Day(3, 4, 12), "q9");
  const TenantTimeline timeline = Fold(log.facts, kEnd);
  ASSERT_EQ(timeline.requests.size(), 1u);
  EXPECT_EQ(timeline.requests[0].id, "q2");
  EXPECT_EQ(timeline.requests[0].selection.to_day, absl::CivilDay(2024, 3, 1));
  EXPECT_THAT(timeline.notes, ElementsAre(HasSubstr("72 hours"), HasSubstr("no request q9")));
  EXPECT_EQ(Fold(log.facts, Day(3, 2)).requests.size(), 2u);
}

TEST(Timeline, EventsAreFoldedInAnyOrderAndOnce) {
  EventLog log;
  log.Terminate("t1", Day(3, 1), "cvm", Day(6, 30));
  log.Terminate("t2", Day(4, 1), "cvm", Day(7, 31));
  log.Return("r", Day(8, 5), "cvm", Day(8, 5));
  log.Hold("h", Day(5, 5));
  log.Release("l", Day(9, 9), "h");
  log.Request("q", Day(5, 6));
  log.Terminate("t3", Day(9, 1), "", Day(9, 30));
  std::mt19937 random(5);
  const TenantTimeline expected = Fold(log.facts, kEnd);
  for (int i = 0; i < 200; ++i) {
    pb::TenantFacts shuffled = log.facts;
    *shuffled.add_events() = log.facts.events(static_cast<int>(random() % 7));
    std::shuffle(shuffled.mutable_events()->begin(), shuffled.mutable_events()->end(), random);
    const TenantTimeline timeline = Fold(shuffled, kEnd);
    ASSERT_EQ(timeline.epoch, expected.epoch);
    ASSERT_EQ(timeline.hosting.at("cvm").ended_at, expected.hosting.at("cvm").ended_at);
    ASSERT_EQ(timeline.feature.ended_at, expected.feature.ended_at);
    ASSERT_EQ(timeline.holds[0].lifted_at, expected.holds[0].lifted_at);
    ASSERT_EQ(timeline.requests.size(), 1u);
    ASSERT_EQ(timeline.notes, expected.notes);
  }
}

TEST(Timeline, EverythingNewChangesTheEpoch) {
  EventLog log;
  log.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
  const uint64_t before = Fold(log.facts, Day(6, 29)).epoch;
  EXPECT_GT(Fold(log.facts, Day(6, 30)).epoch, before);  // it took effect
  const uint64_t after = Fold(log.facts, kEnd).epoch;
  log.Withdraw("w", Day(6, 1), "cvm");  // became known late: the end did not happen
  EXPECT_GT(Fold(log.facts, kEnd).epoch, after);
}

TEST(Timeline, OneIdWithTwoContentsStopsEverything) {
  EventLog log;
  log.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
  log.Terminate("t", Day(3, 1), "cvm", Day(7, 30));
  EXPECT_THAT(std::string(FoldEvents(Default(), log.facts, kEnd).status().message()), HasSubstr("two contents"));
}

TEST(Timeline, IncompleteEventsAreRefused) {
  const auto refused = [](auto change, absl::string_view why) {
    EventLog log;
    log.Terminate("t", Day(3, 1), "cvm", Day(6, 30));
    log.Hold("h", Day(3, 1));
    log.Release("l", Day(3, 2), "h");
    for (const pb::LifecycleEvent& event : log.facts.events()) EXPECT_TRUE(CheckEvent(event).ok());
    change(&log.facts);
    EXPECT_THAT(std::string(FoldEvents(Default(), log.facts, kEnd).status().message()), HasSubstr(std::string(why)));
  };
  refused([](auto* f) { f->mutable_events(0)->clear_id(); }, "1 to 128 characters");
  refused([](auto* f) { f->mutable_events(0)->set_id(std::string(129, 'x')); }, "1 to 128 characters");
  refused([](auto* f) { f->mutable_events(0)->clear_at(); }, "has no time");
  refused([](auto* f) { f->mutable_events(0)->mutable_at()->set_nanos(-1); }, "has no time");
  refused([](auto* f) { f->mutable_events(0)->clear_what(); }, "says nothing");
  refused([](auto* f) { f->mutable_events(0)->mutable_termination_scheduled()->clear_subscription(); },
          "names no subscription");
  refused([](auto* f) { f->mutable_events(0)->mutable_termination_scheduled()->clear_effective_at(); },
          "no time it takes effect");
  refused([](auto* f) { f->mutable_events(1)->mutable_hold_placed()->clear_legal_basis(); }, "legal basis");
  refused([](auto* f) { f->mutable_events(1)->mutable_hold_placed()->set_review_by("2024-02-30"); }, "review_by");
  refused([](auto* f) { f->mutable_events(1)->mutable_hold_placed()->mutable_selector()->set_to_day("x"); }, "to_day");
  refused([](auto* f) { f->mutable_events(2)->mutable_hold_released()->clear_hold(); }, "which event it is about");
}

TEST(Selection, CoversWholesAndParts) {
  const BucketKey bucket = {"cvm", pb::ASSET_BASIC, absl::CivilDay(2024, 3, 1)};
  const BucketKey shared = {kAllServices, pb::ASSET_BASIC, absl::CivilDay(2024, 3, 1)};
  Selection all;
  EXPECT_EQ(all.Covers(bucket), Coverage::kWhole);
  Selection days = all;
  days.from_day = absl::CivilDay(2024, 3, 2);
  EXPECT_EQ(days.Covers(bucket), Coverage::kNone);
  Selection service = all;
  service.of.add_hosting_services("cvm");
  EXPECT_EQ(service.Covers(bucket), Coverage::kWhole);
  EXPECT_EQ(service.Covers(shared), Coverage::kNone);
  EXPECT_TRUE(service.Touches(shared));
  service.of.set_hosting_services(0, "ecm");
  EXPECT_EQ(service.Covers(bucket), Coverage::kNone);
  EXPECT_FALSE(service.Touches(bucket));
  Selection category = all;
  category.of.add_categories(pb::CONSOLE_CONFIG);
  EXPECT_EQ(category.Covers(bucket), Coverage::kNone);
  Selection part = all;
  part.of.add_elements(pb::ACCOUNTS);
  EXPECT_EQ(part.Covers(bucket), Coverage::kPart);
  part = all;
  part.of.add_hosts("h1");
  EXPECT_EQ(part.Covers(bucket), Coverage::kPart);
  EXPECT_TRUE(part.Touches(bucket));
  part = all;
  part.of.add_fields()->set_field("account.name");
  EXPECT_EQ(part.Covers(bucket), Coverage::kPart);
}

}  // namespace
}  // namespace rollcall
