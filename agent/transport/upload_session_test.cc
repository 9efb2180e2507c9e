#include "agent/transport/upload_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "agent/spool/fake_spool.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = SessionProgress::State;

class FakeDelegate : public SessionDelegate {
 public:
  uint64_t Epoch() const override { return epoch; }
  absl::Status RaiseEpochAbove(uint64_t seen) override {
    epoch = seen + 1;
    return absl::OkStatus();
  }
  void RunSoon(const std::string& collector) override { run_soon.push_back(collector); }
  void EntryLost(uint64_t sequence, const absl::Status&) override { lost.push_back(sequence); }
  void FillUsage(pb::Heartbeat* heartbeat) const override { heartbeat->set_rss_bytes(123); }

  uint64_t epoch = 7;
  std::vector<std::string> run_soon;
  std::vector<uint64_t> lost;
};

const SpoolUnit kPorts = {"ports", "host"};

pb::SetDigest Digest(uint64_t low) {
  pb::SetDigest digest;
  digest.set_low(low);
  digest.set_count(1);
  return digest;
}

// A run of one part whose set afterwards has the digest `after`.
std::string BatchPayload(const std::string& collector, uint64_t after, size_t body_bytes = 10) {
  pb::Batch batch;
  batch.set_collector(collector);
  batch.mutable_scope()->set_type(pb::Scope::HOST);
  batch.set_mode(pb::FULL);
  batch.set_last(true);
  *batch.mutable_after() = Digest(after);
  batch.set_body(std::string(body_bytes, 'b'));
  return batch.SerializeAsString();
}

pb::BackendMessage Welcome(uint32_t batches = 4, uint64_t bytes = 1 << 20) {
  pb::BackendMessage message;
  message.mutable_welcome()->set_window_batches(batches);
  message.mutable_welcome()->set_window_bytes(bytes);
  message.mutable_welcome()->mutable_heartbeat_interval()->set_seconds(30);
  return message;
}

pb::BackendMessage Ack(uint64_t sequence) {
  pb::BackendMessage message;
  message.mutable_ack()->set_sequence(sequence);
  return message;
}

pb::BackendMessage Resync(pb::Resync::Cause cause, uint64_t epoch = 0) {
  pb::BackendMessage message;
  message.mutable_resync()->set_collector("ports");
  message.mutable_resync()->mutable_scope()->set_type(pb::Scope::HOST);
  message.mutable_resync()->set_cause(cause);
  message.mutable_resync()->set_epoch(epoch);
  return message;
}

class UploadSessionTest : public ::testing::Test {
 protected:
  UploadSessionTest() : session_(MakeHello(), &spool_, &states_, &delegate_, &clock_, &logger_) {}

  static pb::Hello MakeHello() {
    pb::Hello hello;
    hello.set_agent_id("agent-1");
    return hello;
  }

  void Append(const std::string& collector, uint64_t after, size_t bytes = 10) {
    ASSERT_TRUE(spool_.Append({collector, "host"}, BatchPayload(collector, after, bytes)).ok());
  }

  void Connect(const pb::BackendMessage& welcome = Welcome()) {
    session_.Open();
    ASSERT_EQ(session_.Receive(welcome), absl::OkStatus());
  }

  // Sequences of the batches that may be sent now.
  std::vector<uint64_t> Sendable() {
    std::vector<uint64_t> sequences;
    while (true) {
      const auto message = session_.Next();
      EXPECT_EQ(message.status(), absl::OkStatus());
      if (!message.ok() || !message->has_value()) return sequences;
      EXPECT_TRUE((*message)->has_batch());
      sequences.push_back((*message)->batch().sequence());
    }
  }

  FakeSpool spool_;
  UnitStates states_;
  FakeDelegate delegate_;
  FakeClock clock_;
  NullLogger logger_;
  UploadSession session_;
};

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
  EXPECT_EQ(session_.reconnect_after(), absl::Seconds(90));
  EXPECT_EQ(session_.WakeAt(), absl::InfiniteDuration());
}

TEST_F(UploadSessionTest, AFullBackendTurnsAgentsAwayBeforeGreetingThem) {
  session_.Open();
  pb::BackendMessage drain;
  drain.mutable_drain()->mutable_reconnect_after()->set_seconds(std::numeric_limits<int64_t>::max());
  ASSERT_EQ(session_.Receive(drain), absl::OkStatus());
  EXPECT_TRUE(session_.drained());
  EXPECT_EQ(session_.reconnect_after(), absl::Hours(24));  // no backend silences an agent for good
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
