#include "backend/retention/bucket_decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "backend/retention/bucket_machine.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/testing/events.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const RetentionPolicy& Default() {
  static const auto* policy = new RetentionPolicy(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value());
  return *policy;
}

absl::Time Noon(absl::CivilDay day) { return absl::FromCivil(absl::CivilHour(day) + 12, absl::UTCTimeZone()); }
absl::Time Noon(int year, int month, int day) { return Noon(absl::CivilDay(year, month, day)); }
absl::Time Midnight(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}

Bucket Asset(absl::CivilDay day, pb::BucketState state = pb::BUCKET_ACTIVE, const char* service = "cvm") {
  Bucket bucket;
  bucket.key = {service, pb::ASSET_BASIC, day};
  bucket.state = state;
  return bucket;
}

Bucket Config(absl::CivilDay day) {
  Bucket bucket;
  bucket.key = {"cvm", pb::CONSOLE_CONFIG, day};
  return bucket;
}

BucketDecision Decide(const Bucket& bucket, const EventLog& log, absl::Time now) {
  auto decision = EvaluateBucketAt(Default(), bucket, log.facts, now);
  EXPECT_TRUE(decision.ok()) << decision.status();
  return decision.ok() ? *std::move(decision) : BucketDecision();
}

std::string Actions(const BucketDecision& decision) {
  return absl::StrJoin(decision.actions, ", ",
                       [](std::string* out, const DueAction& a) { out->append(std::string(ActionText(a.kind))); });
}

TEST(BucketDecision, LifeOfABucket) {
  EventLog log;
  log.facts.add_hosting_services("cvm");
  const absl::CivilDay day(2024, 2, 29);
  const BucketDecision running = Decide(Asset(day), log, Noon(2024, 3, 1));
  EXPECT_EQ(running.wanted, pb::BUCKET_ACTIVE);
  EXPECT_EQ(Actions(running), "");
  EXPECT_EQ(running.dates.deadline, std::nullopt);

  log.Terminate("t", Noon(2024, 2, 1), "cvm", Noon(2024, 3, 1));
  EXPECT_EQ(Decide(Asset(day), log, Noon(2024, 2, 29)).wanted, pb::BUCKET_ACTIVE);
  const BucketDecision ended = Decide(Asset(day), log, Noon(2024, 3, 1));
  EXPECT_EQ(ended.wanted, pb::BUCKET_COLD);
  ASSERT_EQ(Actions(ended), "archive");
  EXPECT_EQ(ended.actions[0].by, Noon(2024, 3, 4));  // within 72 hours
  EXPECT_EQ(Actions(Decide(Asset(day, pb::BUCKET_ARCHIVING), log, Noon(2024, 3, 2))), "finish archiving");
  EXPECT_EQ(Actions(Decide(Asset(day, pb::BUCKET_ARCHIVED), log, Noon(2024, 3, 2))), "empty stores");
  const BucketDecision cold = Decide(Asset(day, pb::BUCKET_COLD), log, Midnight(2024, 8, 28) - absl::Nanoseconds(1));
  EXPECT_EQ(Actions(cold), "");
  EXPECT_FALSE(cold.overdue);
  const BucketDecision due = Decide(Asset(day, pb::BUCKET_COLD), log, Midnight(2024, 8, 28));
  EXPECT_EQ(due.wanted, pb::BUCKET_PURGED);
  ASSERT_EQ(Actions(due), "purge");
  EXPECT_EQ(due.actions[0].by, Midnight(2024, 8, 29));
  EXPECT_EQ(Actions(Decide(Asset(day, pb::BUCKET_PURGING), log, Noon(2024, 8, 28))), "finish purging");
  EXPECT_TRUE(Decide(Asset(day, pb::BUCKET_PURGING), log, Midnight(2024, 8, 29)).overdue);
  const BucketDecision gone = Decide(Asset(day, pb::BUCKET_PURGED), log, Noon(2025, 1, 1));
  EXPECT_EQ(Actions(gone), "");
  EXPECT_FALSE(gone.overdue);
}

// A restore or a move that never ended is no reason to keep what is due.
TEST(BucketDecision, WhatIsDueIsDeletedWhereverItIs) {
  EventLog log;
  log.Terminate("t", Noon(2024, 3, 1), "cvm", Noon(2024, 3, 1));
  for (int state = pb::BUCKET_ACTIVE; state <= pb::BUCKET_RESTORING; ++state) {
    const auto in = static_cast<pb::BucketState>(state);
    EXPECT_EQ(Actions(Decide(Asset(absl::CivilDay(2023, 1, 1), in), log, Noon(2024, 4, 1))), "purge") << state;
  }
}

// Every action leads along a step of the table.
TEST(BucketDecision, ActionsAgreeWithTheTable) {
  EventLog ended;
  ended.Terminate("t", Noon(2024, 3, 1), "cvm", Noon(2024, 3, 1));
  const EventLog running;
  for (const EventLog* log : {static_cast<const EventLog*>(&ended), &running}) {
    for (int state = pb::BUCKET_ACTIVE; state <= pb::BUCKET_PURGED; ++state) {
      const auto in = static_cast<pb::BucketState>(state);
      const BucketDecision decision = Decide(Asset(absl::CivilDay(2024, 2, 1), in), *log, Noon(2024, 3, 2));
      const BucketEvent follows = decision.Wants(ActionKind::kStartArchive)    ? BucketEvent::kServiceEnded
                                  : decision.Wants(ActionKind::kFinishArchive) ? BucketEvent::kArchiveVerified
                                  : decision.Wants(ActionKind::kEmptyStores)   ? BucketEvent::kStoresEmptied
                                  : decision.Wants(ActionKind::kStartRestore)  ? BucketEvent::kServiceResumed
                                  : decision.Wants(ActionKind::kFinishRestore) ? BucketEvent::kRestoreVerified
                                  : decision.Wants(ActionKind::kPurge)         ? BucketEvent::kPurgeIntended
                                  : decision.Wants(ActionKind::kFinishPurge)   ? BucketEvent::kPurgeVerified
                                                                               : BucketEvent::kHostDecommissioned;
      if (decision.actions.empty()) {
        EXPECT_EQ(decision.wanted, in) << state;
      } else {
        EXPECT_EQ(NextStep(in, follows, true).kind, StepKind::kMoves) << state;
      }
    }
  }
}

TEST(BucketDecision, ReturnBringsBackWhatIsLeft) {
  EventLog log;
  log.Terminate("t1", Noon(2024, 3, 1), "cvm", Noon(2024, 3, 1));
  log.Return("r", Noon(2024, 3, 25), "cvm", Noon(2024, 3, 25));
  const absl::CivilDay day(2023, 5, 1);
  for (const auto state : {pb::BUCKET_ARCHIVING, pb::BUCKET_ARCHIVED, pb::BUCKET_COLD}) {
    EXPECT_EQ(Actions(Decide(Asset(day, state), log, Noon(2024, 4, 1))), "restore");
  }
  EXPECT_EQ(Actions(Decide(Asset(day, pb::BUCKET_RESTORING), log, Noon(2024, 4, 1))), "finish restoring");
  log.Terminate("t2", Noon(2024, 4, 10), "cvm", Noon(2024, 4, 10));
  const BucketDecision again = Decide(Asset(day), log, Noon(2024, 4, 11));
  EXPECT_EQ(again.dates.last_retained_day, absl::CivilDay(2024, 5, 10));
  // A deletion that has begun is finished, back or not.
  EXPECT_EQ(Actions(Decide(Asset(day, pb::BUCKET_PURGING), log, Noon(2024, 4, 1))), "finish purging");
}

TEST(BucketDecision, ConfigurationIsNotArchived) {
  EventLog log;
  log.Terminate("t", Noon(2024, 1, 31), "", Noon(2024, 1, 31));
  const BucketDecision decision = Decide(Config(absl::CivilDay(2023, 1, 1)), log, Noon(2024, 2, 10));
  EXPECT_EQ(decision.wanted, pb::BUCKET_ACTIVE);
  EXPECT_EQ(Actions(decision), "");
  EXPECT_EQ(decision.dates.last_retained_day, absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(Actions(Decide(Config(absl::CivilDay(2023, 1, 1)), log, Midnight(2024, 3, 1))), "purge");
  // The end of the feature is not that of the hosting service.
  EXPECT_EQ(Decide(Asset(absl::CivilDay(2023, 1, 1)), log, Noon(2024, 6, 1)).dates.deadline, std::nullopt);
}

TEST(BucketDecision, DataOfAllServicesWaitsForTheLast) {
  EventLog log;
  log.facts.add_hosting_services("cvm");
  log.facts.add_hosting_services("ecm");
  log.Terminate("t1", Noon(2024, 3, 1), "cvm", Noon(2024, 3, 1));
  const Bucket shared = Asset(absl::CivilDay(2024, 2, 10), pb::BUCKET_ACTIVE, "ALL");
  EXPECT_EQ(Decide(shared, log, Noon(2024, 9, 1)).dates.deadline, std::nullopt);
  log.Terminate("t2", Noon(2024, 9, 15), "ecm", Noon(2024, 9, 15));
  EXPECT_EQ(Decide(shared, log, Noon(2024, 9, 16)).dates.last_retained_day, absl::CivilDay(2024, 10, 15));
}

TEST(BucketDecision, HoldsStopEverythingButWhatHasBegun) {
  EventLog log;
  log.Terminate("t", Noon(2024, 3, 1), "cvm", Noon(2024, 3, 1));
  log.Hold("h", Noon(2024, 3, 20))->add_hosts("one-of-many");
  const absl::CivilDay day(2023, 1, 1);
  const BucketDecision held = Decide(Asset(day, pb::BUCKET_COLD), log, Noon(2024, 4, 1));
  EXPECT_TRUE(held.dates.held);
  EXPECT_THAT(held.holds, ElementsAre("h"));
  EXPECT_EQ(held.wanted, pb::BUCKET_COLD);
  EXPECT_EQ(Actions(held), "");
  EXPECT_EQ(Actions(Decide(Asset(day), log, Noon(2024, 4, 1))), "archive");  // moving is not deleting
  EXPECT_EQ(Actions(Decide(Asset(day, pb::BUCKET_PURGING), log, Noon(2024, 4, 1))), "finish purging");
  log.Release("l", Noon(2024, 7, 15), "h");
  const BucketDecision released = Decide(Asset(day, pb::BUCKET_COLD), log, Noon(2024, 7, 15));
  EXPECT_EQ(Actions(released), "purge");
  EXPECT_EQ(released.dates.deadline, Midnight(2024, 7, 17));
  EXPECT_FALSE(released.overdue);
}

TEST(BucketDecision, RequestWaitsForTheCoolingOffAndRestrictsAtOnce) {
  EventLog log;
  log.Request("q", Noon(2024, 1, 15))->add_categories(pb::CONSOLE_CONFIG);
  const Bucket bucket = Config(absl::CivilDay(2023, 1, 1));
  const BucketDecision asked = Decide(bucket, log, Noon(2024, 1, 16));
  EXPECT_TRUE(asked.dates.restricted);
  EXPECT_EQ(Actions(asked), "");
  EXPECT_EQ(Actions(Decide(bucket, log, Noon(2024, 1, 18))), "purge");
  EXPECT_FALSE(Decide(Asset(absl::CivilDay(2023, 1, 1)), log, Noon(2024, 1, 16)).dates.restricted);
  // What is collected after the request is not what was asked about.
  EXPECT_FALSE(Decide(Config(absl::CivilDay(2024, 1, 16)), log, Noon(2024, 1, 20)).dates.restricted);
  EXPECT_TRUE(Decide(Config(absl::CivilDay(2024, 1, 15)), log, Noon(2024, 1, 20)).dates.restricted);
  log.CancelRequest("c", Noon(2024, 1, 17), "q");
  EXPECT_FALSE(Decide(bucket, log, Noon(2024, 1, 18)).dates.restricted);
  EXPECT_EQ(Actions(Decide(bucket, log, Noon(2024, 6, 18))), "");
}

TEST(BucketDecision, RequestForAPartErasesThePart) {
  EventLog log;
  log.Request("bob", Noon(2024, 6, 3))->add_elements(pb::ACCOUNTS);
  Bucket bucket = Asset(absl::CivilDay(2023, 1, 1));
  const BucketDecision asked = Decide(bucket, log, Noon(2024, 6, 4));
  ASSERT_EQ(asked.parts.size(), 1u);
  EXPECT_EQ(asked.parts[0].deadline, Midnight(2024, 7, 17));
  EXPECT_EQ(asked.dates.deadline, std::nullopt);  // the rest stays
  EXPECT_TRUE(asked.dates.restricted);
  EXPECT_EQ(Actions(asked), "");
  const BucketDecision due = Decide(bucket, log, Noon(2024, 6, 6));
  ASSERT_EQ(Actions(due), "erase part");
  EXPECT_EQ(due.actions[0].request, "bob");
  bucket.state = pb::BUCKET_ARCHIVED;  // not while it moves
  EXPECT_FALSE(Decide(bucket, log, Noon(2024, 6, 6)).Wants(ActionKind::kErasePart));
  bucket.state = pb::BUCKET_ACTIVE;
  bucket.erased_for = {"bob"};
  EXPECT_EQ(Actions(Decide(bucket, log, Noon(2024, 6, 6))), "");
  // Within the 180 days the part waits as well.
  EXPECT_EQ(Decide(Asset(absl::CivilDay(2024, 6, 1)), log, Noon(2024, 6, 6)).parts[0].not_before,
            Midnight(2024, 11, 29));
}

TEST(BucketDecision, RestrictionIsLifted) {
  EventLog log;
  log.Restrict("r", Noon(2024, 3, 1));
  EXPECT_TRUE(Decide(Asset(absl::CivilDay(2024, 1, 1)), log, Noon(2024, 3, 1)).dates.restricted);
  log.Unrestrict("l", Noon(2024, 3, 5), "r");
  EXPECT_FALSE(Decide(Asset(absl::CivilDay(2024, 1, 1)), log, Noon(2024, 3, 5)).dates.restricted);
}

TEST(BucketDecision, PaidPeriodsCount) {
  const auto policy =
      LoadRetentionPolicy(ROLLCALL_SOURCE_DIR "/backend/retention/agreements/ctsdb-shaped.textproto").value();
  EventLog log;
  log.Paid("p1", Noon(2024, 1, 1), "", Noon(2024, 2, 29));
  log.Paid("p2", Noon(2024, 2, 1), "", Noon(2024, 3, 31));
  log.Terminate("t", Noon(2024, 3, 1), "", Noon(2024, 3, 1));
  const auto decision = EvaluateBucketAt(policy, Config(absl::CivilDay(2024, 1, 1)), log.facts, Noon(2024, 3, 2));
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->dates.last_retained_day, absl::CivilDay(2024, 4, 4));
}

TEST(BucketDecision, ExplanationSaysWhy) {
  EventLog log;
  log.Terminate("t", Noon(2024, 3, 1), "cvm", Noon(2024, 3, 1));
  auto* gone = log.Add("d", Noon(2024, 2, 1))->mutable_host_decommissioned();
  gone->set_host("web-1");
  gone->set_hosting_service("cvm");
  const BucketDecision decision = Decide(Asset(absl::CivilDay(2023, 1, 1)), log, Noon(2024, 4, 1));
  const std::string text = absl::StrJoin(decision.explanation, "\n");
  EXPECT_THAT(text, HasSubstr("R3, R1: the hosting service ended on 2024-03-01."));
  EXPECT_THAT(text, HasSubstr("Host web-1 is gone"));
  EXPECT_THAT(decision.actions[0].reason, HasSubstr("it is due since 2024-04-01T00:00:00"));
}

TEST(BucketDecision, FilesOfBuckets) {
  pb::BucketFacts facts;
  facts.set_hosting_service("cvm");
  facts.set_category(pb::ASSET_BASIC);
  facts.set_collected_day("2024-02-27");
  facts.set_through_day("2024-03-01");
  const auto buckets = BucketsFrom(facts);
  ASSERT_TRUE(buckets.ok()) << buckets.status();
  ASSERT_EQ(buckets->size(), 4u);
  EXPECT_EQ(buckets->back().key.collected_day, absl::CivilDay(2024, 3, 1));
  EXPECT_EQ(buckets->back().state, pb::BUCKET_ACTIVE);
  const auto refused = [&](auto change) {
    pb::BucketFacts broken = facts;
    change(&broken);
    return BucketsFrom(broken).status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](auto* f) { f->clear_hosting_service(); }));
  EXPECT_TRUE(refused([](auto* f) { f->clear_category(); }));
  EXPECT_TRUE(refused([](auto* f) { f->set_collected_day("2024-02-30"); }));
  EXPECT_TRUE(refused([](auto* f) { f->set_through_day("2024-02-26"); }));
  EXPECT_TRUE(refused([](auto* f) { f->set_through_day("2044-02-26"); }));
  EXPECT_TRUE(refused([](auto* f) { f->mutable_first_stored_at()->set_nanos(-1); }));
}

}  // namespace
}  // namespace rollcall
