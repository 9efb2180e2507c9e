// Who is let in, how much each may send, and who is sent away: real gRPC and mutual TLS on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "backend/server_fixture.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr char kRetryInfo[] = "google.rpc.RetryInfo";

class AdmissionTest : public ServerFixture {
 protected:
  // Sessions of agents 1 to `count`, all greeted.
  std::vector<std::unique_ptr<TestSession>> OpenSessions(int count) {
    std::vector<std::unique_ptr<TestSession>> sessions;
    for (int i = 1; i <= count; ++i) {
      const std::string id = Enroll(i);
      sessions.push_back(std::make_unique<TestSession>(ConnectAgent(id)));
      EXPECT_TRUE(sessions.back()->Open(id)) << i;
    }
    return sessions;
  }
  // A batch of about `bytes`.
  pb::Batch Large(uint64_t sequence, size_t bytes) {
    pb::Batch batch = Good(sequence);
    batch.set_body(std::string(bytes, 'x'));
    return batch;
  }
  static void ExpectToldToComeBack(const grpc::Status& status, const TestSession& session) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    EXPECT_THAT(status.error_details(), HasSubstr(kRetryInfo));
    int milliseconds = 0;
    EXPECT_TRUE(absl::SimpleAtoi(session.Trailer("grpc-retry-pushback-ms"), &milliseconds));
    EXPECT_GE(milliseconds, 1000);
  }
};

TEST_F(AdmissionTest, MoreSessionsThanAllowedAreToldToComeBack) {
  options_.admission.max_sessions = 2;
  Start();
  const auto held = OpenSessions(2);
  TestSession third(ConnectAgent());
  ExpectToldToComeBack(third.Result(), third);
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_sessions_refused_total{reason=\"max_sessions\"} 1"));
  EXPECT_TRUE(held.front()->Close().ok());
  EXPECT_TRUE(AwaitMetric("rollcall_sessions 1"));
  TestSession again(ConnectAgent());
  EXPECT_TRUE(again.Open());
}

TEST_F(AdmissionTest, MoreHandshakesThanTheRateAreToldToComeBack) {
  options_.admission.handshakes_per_second = 1;
  Start();
  TestSession first(ConnectAgent());
  ASSERT_TRUE(first.Open());
  // The first token is gone; at one a second, not all of these find another.
  int refused = 0;
  for (int i = 0; i < 5; ++i) {
    TestSession next(ConnectAgent());
    if (next.Open()) continue;
    ExpectToldToComeBack(next.Result(), next);
    ++refused;
  }
  EXPECT_GE(refused, 1);
  EXPECT_TRUE(AwaitMetric(absl::StrCat("rollcall_sessions_refused_total{reason=\"handshake_rate\"} ", refused)));
}

TEST_F(AdmissionTest, AtLeastFourBatchesAreInFlightBeforeAnyAcknowledgement) {
  Start();
  store_.HoldApplies(true);
  TestSession session(ConnectAgent());
  const auto welcome = session.Greet();
  ASSERT_TRUE(welcome.has_value());
  ASSERT_GE(welcome->window_batches(), 4u);
  for (uint64_t i = 1; i <= welcome->window_batches(); ++i) ASSERT_TRUE(session.Send(Good(i)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  store_.HoldApplies(false);
  EXPECT_TRUE(session.AwaitAck(welcome->window_batches())) << "a full window is no offence";
}

TEST_F(AdmissionTest, WhoExceedsItsWindowIsRefusedAndCounted) {
  options_.session.window = {4, 1 << 20};
  Start();
  store_.HoldApplies(true);
  {
    TestSession session(ConnectAgent());
    ASSERT_TRUE(session.Open());
    for (uint64_t i = 1; i <= 5; ++i) session.Send(Good(i));
    EXPECT_TRUE(AwaitMetric("rollcall_sessions_refused_total{reason=\"window_exceeded\"} 1"));
    store_.HoldApplies(false);
    const grpc::Status status = session.Result();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), HasSubstr("may send 4"));
    EXPECT_EQ(status.error_details(), "") << "coming back does not help";
  }
  TestSession bytes(ConnectAgent());
  ASSERT_TRUE(bytes.Open());
  store_.HoldApplies(true);
  const size_t calls = store_.GroupSizes().size();
  ASSERT_TRUE(bytes.Send(Good(6)));
  ASSERT_TRUE(store_.AwaitApplyCalls(calls + 1));
  bytes.Send(Large(7, 700 << 10));
  bytes.Send(Large(8, 700 << 10));
  EXPECT_TRUE(AwaitMetric("rollcall_sessions_refused_total{reason=\"window_exceeded\"} 2"));
  store_.HoldApplies(false);
  EXPECT_EQ(bytes.Result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(AdmissionTest, WindowsAreLoweredWhenMemoryIsTightAndRaisedAgain) {
  options_.max_inflight_bytes = 4 << 20;
  options_.session.window = {32, 8 << 20};
  options_.session.tight_window = {4, 256 << 10};
  options_.apply.threads = 16;
  Start();
  store_.HoldApplies(true);
  TestSession session(ConnectAgent());
  const auto welcome = session.Greet();
  ASSERT_TRUE(welcome.has_value());
  EXPECT_EQ(welcome->window_bytes(), 8u << 20);
  ASSERT_TRUE(session.Send(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  for (uint64_t i = 2; i <= 8; ++i) ASSERT_TRUE(session.Send(Large(i, 500 << 10)));
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  ASSERT_TRUE(message.has_window()) << message.ShortDebugString();
  EXPECT_EQ(message.window().batches(), 4u);
  EXPECT_EQ(message.window().bytes(), 256u << 10);
  EXPECT_TRUE(AwaitMetric("rollcall_windows_lowered 1"));
  // Who is greeted meanwhile begins with the smaller window; a few may have to wait for the busy worker.
  std::vector<std::unique_ptr<TestSession>> newcomers;
  for (int i = 1; i <= 6; ++i) {
    const std::string id = Enroll(i);
    newcomers.push_back(std::make_unique<TestSession>(ConnectAgent(id)));
    ASSERT_TRUE(newcomers.back()->Send(TestSession::HelloOf(id)));
  }
  ASSERT_TRUE(Eventually(
      [&] { return metrics_.Text().find("rollcall_greetings_total{agent=\"new\"} 1\n") == std::string::npos; }));
  store_.HoldApplies(false);
  const auto await_raise = [&](TestSession& one) {
    do {
      ASSERT_TRUE(one.Read(&message));
    } while (!message.has_window());
    EXPECT_EQ(message.window().batches(), 32u);
    EXPECT_EQ(message.window().bytes(), 8u << 20);
  };
  await_raise(session);
  int smaller = 0;
  for (const auto& newcomer : newcomers) {
    ASSERT_TRUE(newcomer->Read(&message));
    if (message.welcome().window_bytes() != 256u << 10) continue;
    ++smaller;
    await_raise(*newcomer);
  }
  EXPECT_GE(smaller, 1);
  EXPECT_TRUE(AwaitMetric("rollcall_windows_lowered 0"));
  EXPECT_TRUE(AwaitMetric("rollcall_inflight_bytes 0"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_window_changes_total{change=\"lowered\"} 1"));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr(absl::StrCat("rollcall_window_changes_total{change=\"raised\"} ", smaller + 1)));
}

TEST_F(AdmissionTest, BeyondTheBudgetSessionsAreToldToComeBackAndNothingIsLost) {
  options_.max_inflight_bytes = 2 << 20;
  options_.session.window = {32, 8 << 20};
  Start();
  store_.HoldApplies(true);
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  ASSERT_TRUE(session.Send(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  for (uint64_t i = 2; i <= 6; ++i) session.Send(Large(i, 500 << 10));
  EXPECT_TRUE(AwaitMetric("rollcall_sessions_refused_total{reason=\"bytes_in_flight\"} 1"));
  store_.HoldApplies(false);
  ExpectToldToComeBack(session.Result(), session);
  EXPECT_TRUE(AwaitMetric("rollcall_inflight_bytes 0"));
  TestSession again(ConnectAgent());
  ASSERT_TRUE(again.Open());
  ASSERT_TRUE(again.Send(Good(7)));
  EXPECT_TRUE(again.AwaitAck(7));
}

TEST_F(AdmissionTest, AboveTheWatermarkNewSessionsPollAndIdleOnesAreAskedTo) {
  options_.admission.poll_above = 4;
  options_.admission.poll_below = 3;
  options_.session.poll_interval = absl::Minutes(10);
  options_.session.idle_after = absl::Milliseconds(50);
  Start();
  auto sessions = OpenSessions(4);
  const std::string id = Enroll(5);
  TestSession fifth(ConnectAgent(id));
  const auto welcome = fifth.Greet(id);
  ASSERT_TRUE(welcome.has_value());
  ASSERT_TRUE(welcome->has_poll_interval());
  const absl::Duration interval = FromWire(welcome->poll_interval()).value();
  EXPECT_GE(interval, absl::Minutes(7.5));
  EXPECT_LE(interval, absl::Minutes(10));
  ASSERT_TRUE(fifth.Send(Good(1)));
  EXPECT_TRUE(fifth.AwaitAck(1));
  EXPECT_TRUE(AwaitMetric("rollcall_drains_total{reason=\"poll\"} 3")) << "down to two, below the low watermark";
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_polls_asked_total 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_polling 1"));
  // All leave; those that were asked say so.
  int asked = 0;
  sessions.push_back(nullptr);
  for (auto& session : sessions) {
    TestSession& one = session == nullptr ? fifth : *session;
    one.HalfClose();
    pb::BackendMessage message;
    while (one.Read(&message)) {
      ASSERT_TRUE(message.has_drain()) << message.ShortDebugString();
      EXPECT_EQ(message.drain().reason(), pb::Drain::POLL);
      const absl::Duration wait = FromWire(message.drain().reconnect_after()).value();
      EXPECT_GE(wait, absl::Minutes(7.5));
      EXPECT_LE(wait, absl::Minutes(10));
      ++asked;
    }
    EXPECT_TRUE(one.Result().ok());
  }
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(AwaitMetric("rollcall_polling 0"));
  TestSession later(ConnectAgent(id));
  const auto held = later.Greet(id);
  ASSERT_TRUE(held.has_value());
  EXPECT_FALSE(held->has_poll_interval());
}

TEST_F(AdmissionTest, BusySessionsAreNotAskedToPoll) {
  options_.admission.poll_above = 2;
  options_.admission.poll_below = 1;
  options_.session.idle_after = absl::ZeroDuration();
  Start();
  TestSession busy(ConnectAgent());
  ASSERT_TRUE(busy.Open());
  const auto idle = OpenSessions(1);
  store_.HoldApplies(true);
  ASSERT_TRUE(busy.Send(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  // One that has not said Hello yet brings the number over the watermark.
  TestSession silent(ConnectAgent(Enroll(2)));
  EXPECT_TRUE(AwaitMetric("rollcall_drains_total{reason=\"poll\"} 1"));
  StopToken().WaitFor(10 * options_.housekeeping_interval);
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_drains_total{reason=\"poll\"} 1"));
  pb::BackendMessage message;
  ASSERT_TRUE(idle.front()->Read(&message));
  EXPECT_EQ(message.drain().reason(), pb::Drain::POLL);
  store_.HoldApplies(false);
  ASSERT_TRUE(busy.Read(&message));
  EXPECT_TRUE(message.has_ack()) << message.ShortDebugString();
}

TEST_F(AdmissionTest, AContactOfAPollingHostCountsWhole) {
  options_.admission.poll_above = 1;
  options_.admission.poll_below = 1;
  Start();
  const auto held = OpenSessions(1);
  TestSession polling(ConnectAgent());
  const auto welcome = polling.Greet();
  ASSERT_TRUE(welcome.has_value() && welcome->has_poll_interval());
  ASSERT_TRUE(polling.Send(Good(1)));
  pb::Heartbeat heartbeat;
  pb::UnitConfirmation* confirmation = heartbeat.add_confirmations();
  confirmation->set_collector("ports");
  confirmation->set_epoch(1);
  confirmation->set_generation(7);
  ASSERT_TRUE(polling.Send(heartbeat));
  polling.HalfClose();
  // What the last heartbeat asks for is answered although the agent has said its last.
  bool acknowledged = false;
  bool resync = false;
  pb::BackendMessage message;
  while (polling.Read(&message)) {
    acknowledged = acknowledged || message.has_ack();
    resync = resync || message.resync().cause() == pb::Resync::UNCONFIRMED;
  }
  EXPECT_TRUE(acknowledged);
  EXPECT_TRUE(resync);
  EXPECT_TRUE(polling.Result().ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_resyncs_total{cause=\"unconfirmed\"} 1"));
}

TEST_F(AdmissionTest, AgedSessionsAreSpreadAndToldWhy) {
  options_.session.max_age = absl::Milliseconds(30);
  options_.session.drain_patience = absl::Milliseconds(100);
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  ASSERT_TRUE(message.has_drain());
  EXPECT_EQ(message.drain().reason(), pb::Drain::CONNECTION_AGE);
  EXPECT_LE(FromWire(message.drain().reconnect_after()).value(), absl::Seconds(5));
  ExpectToldToComeBack(session.Result(), session);
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_sessions_refused_total{reason=\"drain_ignored\"} 1"));
}

TEST_F(AdmissionTest, AStoppingBackendSpreadsItsAgents) {
  options_.admission.handshakes_per_second = 1;
  options_.admission.max_sessions = 100;
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  std::thread stopper([&] { EXPECT_TRUE(server_->Shutdown(absl::Seconds(10))); });
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  ASSERT_TRUE(message.has_drain());
  EXPECT_EQ(message.drain().reason(), pb::Drain::SHUTDOWN);
  const absl::Duration wait = FromWire(message.drain().reconnect_after()).value();
  EXPECT_GE(wait, absl::Seconds(1));
  EXPECT_LE(wait, absl::Seconds(2)) << "one agent, one a second";
  ExpectToldToComeBack(session.Result(), session);
  stopper.join();
}

// Its Welcome alone is more than any buffer on the way takes.
TEST_F(AdmissionTest, WhoDoesNotReadIsCutOff) {
  for (int i = 0; i < 60'000; ++i) {
    UnitInfo unit;
    unit.agent = agent_;
    unit.collector = "ports";
    unit.scope.set_type(pb::Scope::CONTAINER);
    unit.scope.set_id(absl::StrCat(std::string(240, 'c'), i));
    store_.AddUnit(unit);
  }
  options_.session.write_timeout = absl::Seconds(2);
  options_.session.finish_patience = absl::Milliseconds(300);
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Send(TestSession::HelloOf(kTestAgentId)));
  EXPECT_TRUE(AwaitMetric("rollcall_sessions_refused_total{reason=\"slow_reader\"} 1"));
  EXPECT_TRUE(AwaitMetric("rollcall_sessions 0")) << "it is not waited for";
  EXPECT_FALSE(session.Result().ok());
}

TEST_F(AdmissionTest, SharedPortsAreADecision) {
  options_.reuse_port = true;
  Start();
  options_.listen = absl::StrCat("127.0.0.1:", server_->port());
  auto second = BackendServer::Start(options_, ServerParts{store(), &retention_, &clock_, &logger_, &metrics_});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ((*second)->port(), server_->port());
  options_.reuse_port = false;
  EXPECT_EQ(
      BackendServer::Start(options_, ServerParts{store(), &retention_, &clock_, &logger_, &metrics_}).status().code(),
      absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace rollcall
