// Polls, windows and the ways a session ends in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "agent/transport/testing/upload_session_fixture.h"
#include "agent/transport/upload_session.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using State = SessionProgress::State;

pb::BackendMessage WindowOf(uint32_t batches, uint64_t bytes) {
  pb::BackendMessage message;
  message.mutable_window()->set_batches(batches);
  message.mutable_window()->set_bytes(bytes);
  return message;
}

TEST_F(UploadSessionTest, AWindowReplacesTheWindow) {
  for (uint64_t i = 1; i <= 9; ++i) Append("ports", i);
  Connect(Welcome(2));
  EXPECT_THAT(Sendable(), ElementsAre(1, 2));
  ASSERT_EQ(session_.Receive(WindowOf(4, 1 << 20)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre(3, 4));
  // A smaller one: what is on its way stays so, and nothing more is sent until it fits.
  ASSERT_EQ(session_.Receive(WindowOf(1, 1)), absl::OkStatus());
  ASSERT_EQ(session_.Receive(Ack(3)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre());
  ASSERT_EQ(session_.Receive(Ack(4)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre(5));
  // None at all would be for ever, and a giant one is not believed.
  ASSERT_EQ(session_.Receive(WindowOf(0, 0)), absl::OkStatus());
  ASSERT_EQ(session_.Receive(Ack(5)), absl::OkStatus());
  EXPECT_THAT(Sendable(), ElementsAre(6));
}

TEST_F(UploadSessionTest, AWindowCannotComeBeforeWelcome) {
  session_.Open();
  EXPECT_EQ(session_.Receive(WindowOf(1, 1)).code(), absl::StatusCode::kInvalidArgument);
}

pb::BackendMessage PollWelcome(int seconds, uint32_t batches = 4) {
  pb::BackendMessage message = Welcome(batches);
  message.mutable_welcome()->mutable_poll_interval()->set_seconds(seconds);
  return message;
}

TEST_F(UploadSessionTest, APollSendsEverythingThenAHeartbeatThenEnds) {
  for (uint64_t i = 1; i <= 3; ++i) Append("ports", i);
  Connect(PollWelcome(300, 2));
  UnitConfirmation confirmation;
  confirmation.confirms = {7, 1};
  states_.Confirm(kPorts, confirmation);
  EXPECT_EQ(session_.poll_interval(), absl::Seconds(300));
  EXPECT_THAT(Sendable(), ElementsAre(1, 2));
  Append("ports", 4);  // found meanwhile: for the next contact
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  const auto third = session_.Next();
  ASSERT_TRUE(third.ok() && third->has_value());
  EXPECT_EQ((*third)->batch().sequence(), 3u);
  ASSERT_EQ(session_.Receive(Ack(2)), absl::OkStatus());
  const auto last = session_.Next();
  ASSERT_TRUE(last.ok() && last->has_value());
  EXPECT_EQ((*last)->heartbeat().confirmations_size(), 1);
  EXPECT_FALSE(session_.drained());
  EXPECT_FALSE(session_.polled());
  EXPECT_THAT(Sendable(), ElementsAre());
  ASSERT_EQ(session_.Receive(Ack(3)), absl::OkStatus());
  EXPECT_TRUE(session_.drained());
  EXPECT_TRUE(session_.polled());
  session_.Close();
  EXPECT_EQ(session_.progress().state, State::kPolling);
  EXPECT_FALSE(session_.polled());
  EXPECT_EQ(session_.WakeAt(), absl::InfiniteDuration());
  EXPECT_FALSE(session_.Receive(Ack(3)).ok()) << "no stream is open";
  EXPECT_EQ(session_.poll_interval(), std::nullopt);
  Connect();  // and an open stream again
  EXPECT_THAT(Sendable(), ElementsAre(4));
}

TEST_F(UploadSessionTest, APollOfNothingIsOneHeartbeat) {
  Connect(PollWelcome(60));
  const auto only = session_.Next();
  ASSERT_TRUE(only.ok() && only->has_value() && (*only)->has_heartbeat());
  EXPECT_TRUE(session_.drained());
}

TEST_F(UploadSessionTest, APollThatBreaksIsNoPoll) {
  Append("ports", 1);
  Connect(PollWelcome(300));
  EXPECT_THAT(session_.Next()->value().batch().sequence(), 1u);
  session_.Close();
  EXPECT_EQ(session_.progress().state, State::kDisconnected);
}

TEST_F(UploadSessionTest, APollThatIsLeftBeforeItsEndIsNoPoll) {
  for (uint64_t i = 1; i <= 3; ++i) Append("ports", i);
  const auto send_home = [this] {
    pb::BackendMessage drain;
    drain.mutable_drain()->set_reason(pb::Drain::SHUTDOWN);
    ASSERT_EQ(session_.Receive(drain), absl::OkStatus());
  };
  const auto leave = [this] { session_.Leave(); };
  const std::function<void()> ways[] = {send_home, leave};
  for (uint64_t sequence = 1; const std::function<void()>& end : ways) {
    Connect(PollWelcome(300, 1));
    EXPECT_THAT(Sendable(), ElementsAre(sequence));
    end();
    ASSERT_EQ(session_.Receive(Ack(sequence)), absl::OkStatus());
    EXPECT_TRUE(session_.drained());
    EXPECT_FALSE(session_.polled()) << "entries are left";
    session_.Close();
    EXPECT_EQ(session_.progress().state, State::kDisconnected);
    ++sequence;
  }
}

TEST_F(UploadSessionTest, PollIntervalsAreWithinReason) {
  for (const auto& [asked, taken] : {std::pair<int64_t, absl::Duration>{-5, absl::ZeroDuration()},
                                     {0, absl::ZeroDuration()},
                                     {std::numeric_limits<int64_t>::max(), absl::Hours(24)}}) {
    pb::BackendMessage welcome = Welcome();
    welcome.mutable_welcome()->mutable_poll_interval()->set_seconds(asked);
    Connect(welcome);
    EXPECT_EQ(session_.poll_interval().value_or(absl::ZeroDuration()), taken) << asked;
  }
  pb::BackendMessage welcome = Welcome();
  welcome.mutable_welcome()->mutable_poll_interval()->set_nanos(1);
  Connect(welcome);
  EXPECT_EQ(session_.poll_interval(), absl::Seconds(1));
}

TEST_F(UploadSessionTest, DrainToPollIsPolling) {
  Connect();
  pb::BackendMessage drain;
  drain.mutable_drain()->mutable_reconnect_after()->set_seconds(300);
  drain.mutable_drain()->set_reason(pb::Drain::POLL);
  ASSERT_EQ(session_.Receive(drain), absl::OkStatus());
  EXPECT_EQ(session_.drain()->reason, pb::Drain::POLL);
  session_.Close();
  EXPECT_EQ(session_.progress().state, State::kPolling);
}

TEST_F(UploadSessionTest, LeavingSendsNothingMoreAndWaitsForAcknowledgements) {
  Append("ports", 1);
  Append("ports", 2);
  Connect(Welcome(1));
  EXPECT_THAT(Sendable(), ElementsAre(1));
  session_.Leave();
  EXPECT_FALSE(session_.drained());
  ASSERT_EQ(session_.Receive(Ack(1)), absl::OkStatus());
  EXPECT_TRUE(session_.drained());
  EXPECT_THAT(Sendable(), ElementsAre());
  session_.Close();
  EXPECT_EQ(session_.progress().state, State::kDisconnected);
}

TEST_F(UploadSessionTest, UnreadableEntriesDoNotHideWhatFollows) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(spool_.Append(kPorts, "\xff\xff not a batch").ok());
  Append("ports", 1);
  Connect(PollWelcome(300));
  const auto message = session_.Next();
  ASSERT_TRUE(message.ok() && message->has_value());
  EXPECT_EQ((*message)->batch().sequence(), 21u);
}

}  // namespace
}  // namespace rollcall
