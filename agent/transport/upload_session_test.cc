#include "agent/transport/upload_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "agent/transport/testing/upload_session_fixture.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using State = SessionProgress::State;

TEST_F(UploadSessionTest, SaysHelloWithTheEpochAndNothingElseBeforeWelcome) {
  Append("ports", 1);
  const pb::AgentMessage first = session_.Open();
  ASSERT_TRUE(first.has_hello());
  EXPECT_EQ(first.hello().agent_id(), "agent-1");
  EXPECT_EQ(first.hello().epoch(), 7u);
  EXPECT_EQ(first.hello().sent_at().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_THAT(Sendable(), ElementsAre());
  EXPECT_EQ(session_.progress().state, State::kGreeting);
}

TEST_F(UploadSessionTest, WelcomeSetsWhatTheBackendHolds) {
  states_.SetBackendDigest({"gone", "host"}, SetDigest(Digest(9)));
  pb::BackendMessage welcome = Welcome();
  pb::UnitState* unit = welcome.mutable_welcome()->add_units();
  unit->set_collector("ports");
  unit->mutable_scope()->set_type(pb::Scope::HOST);
  *unit->mutable_digest() = Digest(5);
  Connect(welcome);
  EXPECT_EQ(states_.BackendDigest(kPorts), SetDigest(Digest(5)));
  EXPECT_EQ(states_.BackendDigest({"gone", "host"}), std::nullopt);
}

TEST_F(UploadSessionTest, ClockOffsetTakesHalfOfTheRoundTripOff) {
  session_.Open();
  clock_.Advance(absl::Seconds(2));
  pb::BackendMessage welcome = Welcome();
  welcome.mutable_welcome()->mutable_server_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()) + 60);
  ASSERT_EQ(session_.Receive(welcome), absl::OkStatus());
  EXPECT_EQ(session_.progress().clock_offset, absl::Seconds(61));
}

TEST_F(UploadSessionTest, SendsInOrderWithinTheWindow) {
  for (uint64_t i = 1; i <= 6; ++i) Append("ports", i);
  Connect(Welcome(4));
  EXPECT_THAT(Sendable(), ElementsAre(1, 2, 3, 4));
  ASSERT_EQ(session_.Receive(Ack(2)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre(5, 6));
  EXPECT_EQ(states_.BackendDigest(kPorts), SetDigest(Digest(2)));
  EXPECT_EQ(spool_.Entries().front().sequence, 3u);
}

TEST_F(UploadSessionTest, TheWindowAlsoCountsBytesButNeverBlocksOneBatch) {
  Append("ports", 1, 5000);
  Append("ports", 2, 300);
  Append("ports", 3, 300);
  Append("ports", 4, 600);
  Connect(Welcome(10, 1000));
  EXPECT_THAT(Sendable(), ElementsAre(1));
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre(2, 3));
  ASSERT_EQ(session_.Receive(Ack(3)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre(4));
}

TEST_F(UploadSessionTest, AWindowOfNothingIsOneBatchAtATime) {
  Append("ports", 1);
  Append("ports", 2);
  Connect(Welcome(0, 0));
  EXPECT_THAT(Sendable(), ElementsAre(1));
}

TEST_F(UploadSessionTest, NoWindowIsLargerThanTheAgentsOwn) {
  for (int i = 0; i < 5; ++i) Append("ports", 1, 1 << 20);
  Connect(Welcome(std::numeric_limits<uint32_t>::max(), std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(Sendable().size(), UploadSession::kMaxWindowBytes / (1 << 20) - 1);  // payloads are a little larger
}

TEST_F(UploadSessionTest, WhatWasNotAcknowledgedIsSentAgain) {
  for (uint64_t i = 1; i <= 3; ++i) Append("ports", i);
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(1, 2, 3));
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  session_.Close();
  EXPECT_EQ(session_.progress().in_flight_batches, 0u);
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(2, 3));
}

TEST_F(UploadSessionTest, NewEntriesAreFoundWhileConnected) {
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre());
  Append("ports", 1);
  EXPECT_THAT(Sendable(), ElementsAre(1));
}

TEST_F(UploadSessionTest, AnAckOfWhatWasNeverSentIsRefusedAndDeletesNothing) {
  Append("ports", 1);
  Append("ports", 2);
  Connect(Welcome(1));
  EXPECT_THAT(Sendable(), ElementsAre(1));
  const absl::Status status = session_.Receive(Ack(2));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(spool_.Entries().size(), 2u);
}

TEST_F(UploadSessionTest, MessagesOutOfPlaceAreRefused) {
  EXPECT_FALSE(session_.Receive(Welcome()).ok());  // no stream
  session_.Open();
  EXPECT_FALSE(session_.Receive(Ack(0)).ok());
  EXPECT_FALSE(session_.Receive(Resync(pb::Resync::REJECTED)).ok());
  EXPECT_EQ(session_.Receive(pb::BackendMessage()), absl::OkStatus());  // from a newer backend
  EXPECT_EQ(session_.Receive(Welcome()), absl::OkStatus());
  EXPECT_FALSE(session_.Receive(Welcome()).ok());
}

TEST_F(UploadSessionTest, ResyncAsksForAFullSetNow) {
  Append("ports", 1);
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(1));
  ASSERT_EQ(session_.Receive(Resync(pb::Resync::BASE_MISMATCH)), absl::OkStatus());
  EXPECT_TRUE(states_.FullRequested(kPorts));
  EXPECT_THAT(delegate_.run_soon, ElementsAre("ports"));
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  EXPECT_EQ(states_.BackendDigest(kPorts), std::nullopt);  // the batch was not applied
  EXPECT_EQ(delegate_.epoch, 7u);
}

TEST_F(UploadSessionTest, ResyncAgainAndAgainDoesNotRunTheCollectorEachTime) {
  Connect();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(session_.Receive(Resync(pb::Resync::REJECTED)), absl::OkStatus());
  EXPECT_EQ(delegate_.run_soon.size(), 1u);
  clock_.Advance(UploadSession::kResyncPause);
  ASSERT_EQ(session_.Receive(Resync(pb::Resync::REJECTED)), absl::OkStatus());
  EXPECT_EQ(delegate_.run_soon.size(), 2u);
  EXPECT_EQ(session_.progress().resyncs, 11u);
}

TEST_F(UploadSessionTest, EpochBehindRaisesTheEpoch) {
  Connect();
  ASSERT_EQ(session_.Receive(Resync(pb::Resync::EPOCH_BEHIND, 50)), absl::OkStatus());
  EXPECT_EQ(delegate_.epoch, 51u);
  EXPECT_TRUE(states_.FullRequested(kPorts));
  session_.Close();
  EXPECT_EQ(session_.Open().hello().epoch(), 51u);
}

TEST_F(UploadSessionTest, HeartbeatsCarryWhatWasConfirmed) {
  Connect();
  UnitConfirmation confirmation;
  confirmation.confirms = {7, 42};
  confirmation.digest = SetDigest(Digest(99));
  confirmation.started_at = clock_.Now() - absl::Seconds(2);
  states_.Confirm(kPorts, confirmation);
  states_.Confirm({"ports", "container:abc"}, confirmation);
  // A batch on the way does not put the heartbeat off.
  clock_.Advance(absl::Seconds(29));
  Append("packages", 1);
  EXPECT_THAT(Sendable(), ElementsAre(1));
  clock_.Advance(absl::Seconds(1));
  const auto message = session_.Next();
  ASSERT_TRUE(message.ok() && message->has_value() && (*message)->has_heartbeat());
  const auto& confirmations = (*message)->heartbeat().confirmations();
  ASSERT_EQ(confirmations.size(), 2);
  EXPECT_EQ(confirmations[0].collector(), "ports");
  EXPECT_EQ(confirmations[0].scope().type(), pb::Scope::CONTAINER);
  EXPECT_EQ(confirmations[0].scope().id(), "abc");
  EXPECT_FALSE(confirmations[1].has_scope()) << "the host goes without saying";
  EXPECT_EQ(confirmations[1].epoch(), 7u);
  EXPECT_EQ(confirmations[1].generation(), 42u);
  EXPECT_EQ(confirmations[1].digest_low(), 99u);
  EXPECT_EQ(confirmations[1].age_ms(), 32'000u);
  EXPECT_LT(confirmations[1].ByteSizeLong(), 30u) << "sent all day long";
  clock_.Advance(absl::Seconds(30));
  const auto next = session_.Next();
  ASSERT_TRUE(next.ok() && next->has_value());
  EXPECT_EQ((*next)->heartbeat().confirmations_size(), 0);
}

TEST_F(UploadSessionTest, HeartbeatsComeAtTheIntervalTheBackendNames) {
  Append("ports", 1);
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(1));
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  clock_.Advance(absl::Seconds(29));
  EXPECT_THAT(Sendable(), ElementsAre());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(session_.WakeAt(), clock_.Monotonic());
  const auto message = session_.Next();
  ASSERT_TRUE(message.ok() && message->has_value());
  EXPECT_TRUE((*message)->has_heartbeat());
  EXPECT_EQ((*message)->heartbeat().rss_bytes(), 123u);
  EXPECT_EQ(session_.WakeAt(), clock_.Monotonic() + absl::Seconds(30));
}

TEST_F(UploadSessionTest, ASilentBackendIsLeft) {
  session_.Open();
  clock_.Advance(UploadSession::kWelcomeTimeout);
  EXPECT_EQ(session_.Next().status().code(), absl::StatusCode::kDeadlineExceeded);
  Append("ports", 1);
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(1));
  clock_.Advance(UploadSession::kAckTimeout);
  EXPECT_EQ(session_.Next().status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(UploadSessionTest, DrainSendsNothingMoreAndWaitsForAcknowledgements) {
  Append("ports", 1);
  Append("ports", 2);
  Connect(Welcome(1));
  EXPECT_THAT(Sendable(), ElementsAre(1));
  pb::BackendMessage drain;
  drain.mutable_drain()->mutable_reconnect_after()->set_seconds(90);
  ASSERT_EQ(session_.Receive(drain), absl::OkStatus());
  EXPECT_FALSE(session_.drained());
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  EXPECT_TRUE(session_.drained());
  EXPECT_THAT(Sendable(), ElementsAre());
  ASSERT_TRUE(session_.drain().has_value());
  EXPECT_EQ(session_.drain()->reconnect_after, absl::Seconds(90));
  EXPECT_EQ(session_.drain()->reason, pb::Drain::REASON_UNSPECIFIED);
  EXPECT_EQ(session_.WakeAt(), absl::InfiniteDuration());
}

TEST_F(UploadSessionTest, AFullBackendTurnsAgentsAwayBeforeGreetingThem) {
  session_.Open();
  pb::BackendMessage drain;
  drain.mutable_drain()->mutable_reconnect_after()->set_seconds(std::numeric_limits<int64_t>::max());
  ASSERT_EQ(session_.Receive(drain), absl::OkStatus());
  EXPECT_TRUE(session_.drained());
  EXPECT_EQ(session_.drain()->reconnect_after, absl::Hours(24));  // no backend silences an agent for good
}

TEST_F(UploadSessionTest, AnUnreadableEntryIsReportedAndPassedOver) {
  Append("ports", 1);
  ASSERT_TRUE(spool_.Append(kPorts, "\xff\xff not a batch").ok());
  Append("ports", 3);
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(1, 3));
  EXPECT_THAT(delegate_.lost, ElementsAre(2));
  ASSERT_EQ(session_.Receive(Ack(3)), absl::OkStatus());
  EXPECT_TRUE(spool_.Entries().empty());
  ASSERT_TRUE(spool_.Append(kPorts, "\xff").ok());
  EXPECT_THAT(Sendable(), ElementsAre());
  EXPECT_TRUE(spool_.Entries().empty()) << "alone in the spool, it would be met again at every connection";
}

TEST_F(UploadSessionTest, EntriesTheSpoolDroppedLeaveAGap) {
  Append("a", 1);
  Append("b", 2);
  Append("a", 3);
  Append("b", 4);
  spool_.DropUnit({"a", "host"});
  Connect();
  EXPECT_THAT(Sendable(), ElementsAre(2, 4));
  ASSERT_EQ(session_.Receive(Ack(4)), absl::OkStatus());
  EXPECT_TRUE(spool_.Entries().empty());
}

// A backend that commits batches in order and acknowledges some time later. Both directions
// are pipes that lose what is in them when the connection breaks.
struct ModelBackend {
  std::set<uint64_t> committed;
  uint64_t last_committed = 0;
  std::deque<pb::AgentMessage> to_backend;
  std::deque<pb::BackendMessage> to_agent;

  void Commit() {
    const pb::AgentMessage message = to_backend.front();
    to_backend.pop_front();
    if (!message.has_batch()) return;
    committed.insert(message.batch().sequence());
    last_committed = message.batch().sequence();
    to_agent.push_back(Ack(last_committed));
  }
};

TEST_F(UploadSessionTest, NothingIsLostWhateverBreaksWhen) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    FakeSpool spool;
    UnitStates states;
    UploadSession session(MakeHello(), &spool, &states, &delegate_, &clock_, &logger_);
    ModelBackend backend;
    uint64_t appended = 0;
    bool connected = false;
    const auto step = [&](uint32_t action) {
      if (action < 25) {
        ASSERT_TRUE(spool.Append(kPorts, BatchPayload("ports", ++appended)).ok());
      } else if (!connected) {
        session.Open();
        ASSERT_EQ(session.Receive(Welcome(1 + random() % 5, 1 + random() % 200)), absl::OkStatus());
        connected = true;
      } else if (action < 60) {
        const auto next = session.Next();
        ASSERT_EQ(next.status(), absl::OkStatus());
        if (next->has_value()) backend.to_backend.push_back(**next);
        ASSERT_LE(session.progress().in_flight_batches, 5u);
      } else if (action < 78) {
        if (!backend.to_backend.empty()) backend.Commit();
      } else if (action < 95) {
        if (backend.to_agent.empty()) return;
        if (backend.to_agent.size() > 1 && random() % 2 == 0) backend.to_agent.pop_front();  // cumulative
        ASSERT_EQ(session.Receive(backend.to_agent.front()), absl::OkStatus());
        backend.to_agent.pop_front();
      } else {
        backend.to_backend.clear();
        backend.to_agent.clear();
        session.Close();
        connected = false;
      }
    };
    for (int i = 0; i < 400; ++i) step(random() % 100);
    for (int i = 0; i < 5000 && !spool.Entries().empty(); ++i) step(25 + random() % 70);  // no more breaks
    EXPECT_TRUE(spool.Entries().empty());
    EXPECT_EQ(backend.committed.size(), appended);
    if (appended > 0) {
      EXPECT_EQ(states.BackendDigest(kPorts), SetDigest(Digest(appended)));
    }
  }
}

}  // namespace
}  // namespace rollcall
