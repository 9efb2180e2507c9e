#include "agent/agent_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/record_json.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AgentSnapshot Example() {
  AgentSnapshot snapshot;
  snapshot.now = absl::FromUnixSeconds(1704067200);
  snapshot.monotonic = absl::Hours(1);
  CollectionStats ports;
  ports.name = "ports";
  ports.interval = absl::Minutes(5);
  ports.timeout = absl::Seconds(30);
  ports.runs = 2;
  ports.last_result.emplace().set_status(pb::RunResult::COMPLETE);
  snapshot.collectors = {ports};
  TaskStats task;
  task.name = "ports";
  task.next_due = absl::Hours(1) + absl::Seconds(90);
  snapshot.tasks = {task};
  return snapshot;
}

pb::AgentStatus StatusOf(const AgentSnapshot& snapshot) {
  pb::AgentStatus status;
  FillAgentStatus(snapshot, &status);
  EXPECT_TRUE(ToJsonLine(status).ok());
  return status;
}

TEST(FillAgentStatusTest, TellsWhatRanAndWhatIsNext) {
  const pb::AgentStatus status = StatusOf(Example());
  EXPECT_TRUE(status.live());
  EXPECT_TRUE(status.ready());
  ASSERT_EQ(status.collectors_size(), 1);
  EXPECT_EQ(status.collectors(0).next_due().seconds(), 1704067200 + 90);
  EXPECT_EQ(status.collectors(0).interval().seconds(), 300);
  EXPECT_EQ(status.collectors(0).last_result().status(), pb::RunResult::COMPLETE);
  EXPECT_FALSE(status.session().has_last_welcome());
  EXPECT_EQ(status.session().state(), pb::SessionStatus::DISCONNECTED);
}

TEST(FillAgentStatusTest, PathsThatAreNotWatchedAreTheirCollectors) {
  AgentSnapshot snapshot = Example();
  EXPECT_FALSE(StatusOf(snapshot).watch().files()) << "off";
  snapshot.watch.emplace();
  snapshot.watch->watches = 4;
  snapshot.watch->gaps = {{"ports", "/etc/services", "permission denied"}, {"unknown", "/x", "y"}};
  const pb::AgentStatus status = StatusOf(snapshot);
  EXPECT_TRUE(status.watch().files());
  EXPECT_EQ(status.watch().watches(), 4u);
  EXPECT_THAT(status.collectors(0).not_watched(), ElementsAre("/etc/services (permission denied)"));
  EXPECT_TRUE(status.live() && status.ready()) << "scans go on";
  snapshot.process_watch = {absl::OkStatus(), 5, 1};
  EXPECT_TRUE(StatusOf(snapshot).watch().process_events());
  EXPECT_EQ(StatusOf(snapshot).watch().process_starts(), 5u);
  EXPECT_EQ(StatusOf(snapshot).watch().process_event_losses(), 1u);
  snapshot.process_watch->status = absl::PermissionDeniedError("not for you");
  EXPECT_FALSE(StatusOf(snapshot).watch().process_events());
  EXPECT_THAT(StatusOf(snapshot).watch().process_events_unavailable(), HasSubstr("not for you"));
  snapshot.watch->status = absl::UnavailableError("open inotify: too many");
  EXPECT_FALSE(StatusOf(snapshot).watch().files());
  EXPECT_THAT(StatusOf(snapshot).watch().files_unavailable(), HasSubstr("too many"));
}

TEST(FillAgentStatusTest, ACollectorThatDoesNotEndIsNotLive) {
  AgentSnapshot snapshot = Example();
  snapshot.collectors[0].running_since = snapshot.monotonic - snapshot.collectors[0].timeout - kStuckAfterTimeout;
  EXPECT_TRUE(StatusOf(snapshot).live());
  EXPECT_TRUE(StatusOf(snapshot).collectors(0).running());
  *snapshot.collectors[0].running_since -= absl::Seconds(1);
  const pb::AgentStatus status = StatusOf(snapshot);
  EXPECT_FALSE(status.live());
  EXPECT_THAT(status.reasons(), ElementsAre(HasSubstr("collector ports does not end")));
}

TEST(FillAgentStatusTest, ASpoolThatCannotBeWrittenIsLiveButNotReady) {
  AgentSnapshot snapshot = Example();
  snapshot.spool_write = absl::ResourceExhaustedError("write segment: disk full");
  snapshot.spool.drops = {{"ports", SpoolDropReason::kCollapsed, 7}};
  const pb::AgentStatus status = StatusOf(snapshot);
  EXPECT_TRUE(status.live());
  EXPECT_FALSE(status.ready());
  EXPECT_THAT(status.reasons(), ElementsAre(HasSubstr("disk full")));
  ASSERT_EQ(status.spool().drops_size(), 1);
  EXPECT_EQ(status.spool().drops(0).collector(), "ports");
  EXPECT_EQ(status.spool().drops(0).reason(), "collapsed");
  EXPECT_EQ(status.spool().drops(0).batches(), 7u);
}

TEST(FillAgentStatusTest, AnAbsentBackendIsNoIllness) {
  AgentSnapshot snapshot = Example();
  snapshot.session.last_error = absl::UnavailableError("connection refused");
  snapshot.session.attempts = 1000;
  snapshot.session.next_attempt = snapshot.now + absl::Seconds(5);
  const pb::AgentStatus status = StatusOf(snapshot);
  EXPECT_TRUE(status.live());
  EXPECT_TRUE(status.ready());
  EXPECT_THAT(status.session().last_error(), HasSubstr("connection refused"));
  EXPECT_EQ(status.session().next_attempt().seconds(), 1704067205);
}

TEST(FillAgentStatusTest, StatesAndCountsOfTheSession) {
  const struct {
    SessionProgress::State state;
    pb::SessionStatus::State wire;
  } cases[] = {{SessionProgress::State::kDisconnected, pb::SessionStatus::DISCONNECTED},
               {SessionProgress::State::kGreeting, pb::SessionStatus::GREETING},
               {SessionProgress::State::kStreaming, pb::SessionStatus::STREAMING},
               {SessionProgress::State::kDraining, pb::SessionStatus::DRAINING},
               {SessionProgress::State::kPolling, pb::SessionStatus::POLLING}};
  for (const auto& c : cases) {
    AgentSnapshot snapshot = Example();
    snapshot.session.progress.state = c.state;
    snapshot.session.progress.batches_sent = 5;
    snapshot.redactions.by_rule["argv.long_option"] = 3;
    const pb::AgentStatus status = StatusOf(snapshot);
    EXPECT_EQ(status.session().state(), c.wire);
    EXPECT_EQ(status.session().batches_sent(), 5u);
    ASSERT_EQ(status.redactions_size(), 1);
    EXPECT_EQ(status.redactions(0).count(), 3u);
  }
}

TEST(FillAgentStatusTest, ABackendsStrangeClockStillGivesJson) {
  AgentSnapshot snapshot = Example();
  for (const absl::Duration offset : {absl::InfiniteDuration(), -absl::InfiniteDuration(), absl::Seconds(-1.5)}) {
    snapshot.session.progress.clock_offset = offset;
    StatusOf(snapshot);
  }
}

}  // namespace
}  // namespace rollcall
