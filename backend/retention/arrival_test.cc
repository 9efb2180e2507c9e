#include "backend/retention/arrival.h"

#include <gtest/gtest.h>

#include "backend/retention/testing/events.h"

namespace rollcall {
namespace {

const absl::Time kReceived = absl::FromUnixSeconds(1'713'614'400);  // 2024-04-20T12:00:00Z

ArrivalDecision Decide(const Arrival& arrival, const EventLog& log) {
  const RetentionPolicy policy = LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value();
  return DecideArrival(policy, FoldEvents(policy, log.facts, arrival.received_at).value(), arrival, ArrivalLimits());
}

Arrival Fresh() {
  Arrival arrival;
  arrival.hosting_service = "cvm";
  arrival.category = pb::ASSET_BASIC;
  arrival.collected_at = kReceived - absl::Hours(30);
  arrival.received_at = kReceived;
  return arrival;
}

TEST(Arrival, IsTakenInWhileTheServiceRuns) {
  const ArrivalDecision decision = Decide(Fresh(), EventLog());
  EXPECT_TRUE(decision.accepted);
  EXPECT_FALSE(decision.clock_suspect);
  EXPECT_EQ(decision.collected_day, absl::CivilDay(2024, 4, 19));
}

TEST(Arrival, IsRefusedAfterTheEnd) {
  EventLog log;
  log.Terminate("t", kReceived - absl::Hours(24 * 50), "cvm", kReceived - absl::Hours(24 * 50));
  EXPECT_EQ(Decide(Fresh(), log).refusal, "TERMINATED");
  log.Return("r", kReceived - absl::Hours(1), "cvm", kReceived - absl::Hours(1));
  EXPECT_TRUE(Decide(Fresh(), log).accepted);
  // The end of the feature is that of the configuration.
  EventLog feature;
  feature.Terminate("t", kReceived, "", kReceived);
  EXPECT_TRUE(Decide(Fresh(), feature).accepted);
  Arrival config = Fresh();
  config.category = pb::CONSOLE_CONFIG;
  EXPECT_EQ(Decide(config, feature).refusal, "TERMINATED");
}

TEST(Arrival, IsRefusedOnceItsBucketHasLeft) {
  Arrival arrival = Fresh();
  for (const auto state : {pb::BUCKET_ARCHIVING, pb::BUCKET_COLD, pb::BUCKET_RESTORING, pb::BUCKET_PURGED}) {
    arrival.bucket_state = state;
    EXPECT_EQ(Decide(arrival, EventLog()).refusal, "ARCHIVED");
  }
  arrival.bucket_state = pb::BUCKET_ACTIVE;
  EXPECT_TRUE(Decide(arrival, EventLog()).accepted);
  arrival.category = pb::CATEGORY_UNSPECIFIED;
  EXPECT_EQ(Decide(arrival, EventLog()).refusal, "NO_CATEGORY");
}

TEST(Arrival, ClocksThatCannotBeRightAreNotBelieved) {
  const auto suspect = [](auto change) {
    Arrival arrival = Fresh();
    change(&arrival);
    const ArrivalDecision decision = Decide(arrival, EventLog());
    EXPECT_TRUE(decision.accepted);
    EXPECT_EQ(decision.collected_at, decision.clock_suspect ? kReceived : arrival.collected_at);
    return decision.clock_suspect;
  };
  EXPECT_TRUE(suspect([](Arrival* a) { a->collected_at = absl::FromUnixSeconds(4'070'908'800); }));  // 2099
  EXPECT_TRUE(suspect([](Arrival* a) { a->collected_at = absl::UnixEpoch(); }));
  EXPECT_TRUE(suspect([](Arrival* a) { a->collected_at = absl::InfinitePast(); }));
  EXPECT_TRUE(suspect([](Arrival* a) { a->clock_offset = -absl::Minutes(6); }));
  EXPECT_TRUE(suspect([](Arrival* a) { a->collected_at = kReceived - absl::Hours(169); }));
  EXPECT_FALSE(suspect([](Arrival* a) { a->collected_at = kReceived - absl::Hours(168); }));
  EXPECT_FALSE(suspect([](Arrival* a) { a->clock_offset = absl::Minutes(5); }));
}

}  // namespace
}  // namespace rollcall
