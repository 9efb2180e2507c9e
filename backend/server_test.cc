// The server as its peers see it: real gRPC and mutual TLS on loopback.
#include "backend/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "backend/server_fixture.h"
#include "proto/wire_time.h"
#include "rollcall/v1/operate.grpc.pb.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

class ServerTest : public ServerFixture {
 protected:
  grpc::Status ListHosts(const std::shared_ptr<grpc::Channel>& channel, pb::Purpose purpose,
                         pb::ListHostsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(InOneMinute());
    pb::ListHostsRequest request;
    request.set_purpose(purpose);
    return pb::Query::NewStub(channel)->ListHosts(&context, request, response);
  }
};

TEST_F(ServerTest, WelcomesAnEnrolledAgentWithItsUnits) {
  UnitInfo unit;
  unit.agent = agent_;
  unit.collector = "ports";
  unit.scope.set_type(pb::Scope::HOST);
  unit.epoch = 4;
  unit.generation = 9;
  store_.AddUnit(unit);
  unit.agent.tenant = "other";
  store_.AddUnit(unit);
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Send(TestSession::HelloOf(kTestAgentId)));
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  ASSERT_TRUE(message.has_welcome());
  ASSERT_EQ(message.welcome().units_size(), 1);
  EXPECT_EQ(message.welcome().units(0).collector(), "ports");
  EXPECT_EQ(message.welcome().units(0).generation(), 9u);
  EXPECT_GT(message.welcome().window_batches(), 0u);
  EXPECT_TRUE(session.Close().ok());
  ASSERT_EQ(store_.Contacts().size(), 1u);
  EXPECT_EQ(store_.Contacts()[0].host_id, "host-1");
  EXPECT_LT(absl::AbsDuration(store_.Contacts()[0].clock_offset), absl::Seconds(30));
}

TEST_F(ServerTest, AppliesAndAcknowledges) {
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  for (uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(session.Send(Good(i)));
  EXPECT_TRUE(session.AwaitAck(20));
  EXPECT_TRUE(session.Close().ok());
  EXPECT_EQ(store_.Applied().size(), 20u);
  EXPECT_EQ(store_.Applied()[0].agent, agent_) << "tenant and agent come from the certificate";
}

// An agent that was put back to an older state continues above the epoch the backend holds, on the same session.
TEST_F(ServerTest, AnAgentThatWasBehindGoesOnInALaterEpoch) {
  store_.SetVerdict([](const PreparedBatch& batch) {
    ApplyOutcome outcome;
    if (batch.epoch > 4) return outcome;
    outcome.verdict = ApplyVerdict::kResync;
    outcome.cause = pb::Resync::EPOCH_BEHIND;
    outcome.epoch = 4;
    return outcome;
  });
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  ASSERT_TRUE(session.Send(Good(1)));
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  ASSERT_EQ(message.resync().cause(), pb::Resync::EPOCH_BEHIND) << message.ShortDebugString();
  const uint64_t behind = message.resync().epoch();
  ASSERT_TRUE(session.Read(&message));
  ASSERT_TRUE(message.has_ack());
  pb::Batch later = Good(2);
  later.set_epoch(behind + 1);
  ASSERT_TRUE(session.Send(later));
  EXPECT_TRUE(session.AwaitAck(2));
  EXPECT_TRUE(session.Close().ok());
  ASSERT_EQ(store_.Applied().size(), 2u);
  EXPECT_EQ(store_.Applied()[1].epoch, 5u);
}

// Who asks for coverage is told by the heartbeats that agents were asked for.
TEST_F(ServerTest, CoverageGoesByTheHeartbeatsThatWereAskedFor) {
  UnitInfo unit;
  unit.agent = agent_;
  unit.collector = "ports";
  unit.scope.set_type(pb::Scope::HOST);
  unit.last_run.set_status(pb::RunResult::COMPLETE);
  *unit.last_run.mutable_interval() = ToWire(absl::Minutes(1));
  unit.last_run_received_at = clock_.Now() - absl::Hours(1);
  store_.AddUnit(unit);
  for (const bool often : {false, true}) {
    options_.session.heartbeat_interval = often ? absl::Minutes(3) : absl::Hours(1);
    options_.admission.poll_above = 0;
    Start();
    pb::GetCoverageRequest request;
    request.set_purpose(pb::PROVIDE_FEATURE);
    pb::GetCoverageResponse response;
    grpc::ClientContext context;
    context.set_deadline(InOneMinute());
    ASSERT_TRUE(pb::Query::NewStub(ConnectOperator())->GetCoverage(&context, request, &response).ok());
    ASSERT_EQ(response.units_size(), 1);
    EXPECT_EQ(response.units(0).state(),
              often ? pb::UnitCoverage::COVERAGE_STALE : pb::UnitCoverage::COVERAGE_COMPLETE);
  }
}

TEST_F(ServerTest, UnknownAgentIsDeniedWithAReason) {
  Start();
  TestSession session(ConnectAs({"acme", PeerRole::kAgent, kStrangerId}));
  session.Send(TestSession::HelloOf(kStrangerId));
  const grpc::Status status = session.Result();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("not enrolled"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_sessions_refused_total{reason=\"not_enrolled\"} 1"));
}

TEST_F(ServerTest, AgentOfAnotherTenantIsDenied) {
  Start();
  TestSession session(ConnectAs({"other", PeerRole::kAgent, kTestAgentId}));
  session.Send(TestSession::HelloOf(kTestAgentId));
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerTest, HelloForAnotherAgentIsDenied) {
  EXPECT_TRUE(store_.EnrollAgent({"acme", kStrangerId}, clock_.Now()).ok());
  Start();
  TestSession session(ConnectAgent());
  session.Send(TestSession::HelloOf(kStrangerId));
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerTest, OperatorMayNotReport) {
  Start();
  TestSession session(ConnectOperator());
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerTest, AgentMayNotQuery) {
  Start();
  pb::ListHostsResponse response;
  const grpc::Status status = ListHosts(ConnectAgent(), pb::PROVIDE_FEATURE, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerTest, OperatorSeesItsTenantOnlyAndMustNameAPurpose) {
  EXPECT_TRUE(store_.EnrollAgent({"other", kStrangerId}, clock_.Now()).ok());
  Start();
  pb::ListHostsResponse response;
  ASSERT_TRUE(ListHosts(ConnectOperator(), pb::PROVIDE_FEATURE, &response).ok());
  ASSERT_EQ(response.hosts_size(), 1);
  EXPECT_EQ(response.hosts(0).agent_id(), kTestAgentId);
  EXPECT_FALSE(response.hosts(0).connected());
  EXPECT_EQ(ListHosts(ConnectOperator(), pb::PURPOSE_UNSPECIFIED, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ListHosts(ConnectOperator(), pb::LEGAL_OBLIGATION, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_queries_denied_total 2"));
}

TEST_F(ServerTest, AnOperatorRetractsAndLeavesALine) {
  StoredVersion version;
  version.agent = agent_;
  version.collector = "os_packages";
  version.collector_version = "0.9";
  version.payload = "content";
  store_.AddVersion(version);
  UnitInfo unit;
  unit.agent = agent_;
  unit.collector = "os_packages";
  store_.AddUnit(unit);
  Start();
  pb::RetractRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  request.set_collector("os_packages");
  request.set_collector_version("0.9");
  pb::RetractResponse response;
  const auto retract = [&](const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(InOneMinute());
    return pb::Operate::NewStub(channel)->Retract(&context, request, &response).error_code();
  };
  EXPECT_EQ(retract(ConnectAgent()), grpc::StatusCode::PERMISSION_DENIED) << "agents may not";
  EXPECT_THAT(Log(), HasSubstr("\"event\":\"operate.denied\""));
  EXPECT_EQ(retract(ConnectAs({"other", PeerRole::kOperator, "eve"})), grpc::StatusCode::OK);
  EXPECT_EQ(response.units_size(), 0) << "another tenant's records";
  EXPECT_EQ(retract(ConnectOperator()), grpc::StatusCode::OK);
  ASSERT_EQ(response.units_size(), 1);
  EXPECT_EQ(response.units(0).records(), 1u);
  EXPECT_THAT(Log(), HasSubstr("\"tenant\":\"acme\",\"operator\":\"alice\",\"purpose\":\"PROVIDE_FEATURE\","
                               "\"collector\":\"os_packages\",\"collector_version\":\"0.9\",\"host\":\"\","
                               "\"dry_run\":false,\"units\":1,\"records\":1"));
  EXPECT_THAT(Log(), Not(HasSubstr("content")));
}

TEST_F(ServerTest, NoCertificateNoHandshake) {
  Start();
  TestSession session(Connect({"", ""}));
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, CertificateOfAnotherAuthorityIsNoGood) {
  Start();
  const CertificateAuthority other = CertificateAuthority::Create("other CA", validity_).value();
  TestSession session(Connect(other.IssuePeer({"acme", PeerRole::kAgent, kTestAgentId}, validity_).value()));
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, ServerCertificateIsNoClientCertificate) {
  Start();
  TestSession session(Connect(options_.server_pair));
  EXPECT_FALSE(session.Result().ok());
}

TEST_F(ServerTest, ProtocolViolationsEndTheSession) {
  Start();
  {
    TestSession session(ConnectAgent());
    session.Send(Good(1));
    EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "batch before Hello";
  }
  {
    TestSession session(ConnectAgent());
    ASSERT_TRUE(session.Open());
    session.Send(TestSession::HelloOf(kTestAgentId));
    EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "second Hello";
  }
  {
    TestSession session(ConnectAgent());
    ASSERT_TRUE(session.Open());
    ASSERT_TRUE(session.Send(Good(5)));
    session.Send(Good(4));
    EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "sequence going back";
  }
  {
    TestSession session(ConnectAgent());
    EXPECT_EQ(session.Close().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "nothing at all";
  }
}

TEST_F(ServerTest, ReservedFieldsAreRefusedAndTheSessionGoesOn) {
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  pb::Record record = TestPackage("bash", clock_.Now());
  record.set_kind("host");
  pb::BatchBody body;
  *body.add_records() = record;
  pb::Batch bad = Good(1);
  SetBody(body, &bad);
  ASSERT_TRUE(session.Send(bad));
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  EXPECT_EQ(message.resync().cause(), pb::Resync::REJECTED);
  EXPECT_EQ(message.resync().collector(), "os_packages");
  ASSERT_TRUE(session.Read(&message));
  EXPECT_EQ(message.ack().sequence(), 1u);
  ASSERT_TRUE(session.Send(Good(2)));
  EXPECT_TRUE(session.AwaitAck(2));
  EXPECT_EQ(store_.Applied().size(), 1u);
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_batches_rejected_total{reason=\"reserved_field\"} 1"));
}

TEST_F(ServerTest, OversizedMessageEndsTheSession) {
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  pb::Batch huge = Good(1);
  huge.set_body(std::string(5 << 20, 'x'));
  session.Send(huge);
  EXPECT_FALSE(session.Result().ok());
  EXPECT_TRUE(store_.Applied().empty());
}

TEST_F(ServerTest, ReplayAfterALostAcknowledgementIsAppliedOnce) {
  Start();
  store_.HoldApplies(true);
  {
    TestSession session(ConnectAgent());
    ASSERT_TRUE(session.Open());
    ASSERT_TRUE(session.Send(Good(1)));
    ASSERT_TRUE(store_.AwaitApplyCalls(1));
    session.Cancel();  // the agent dies between the commit and the acknowledgement
    EXPECT_FALSE(session.Result().ok());
  }
  store_.HoldApplies(false);
  ASSERT_TRUE(store_.AwaitApplied(1));
  TestSession again(ConnectAgent());
  ASSERT_TRUE(again.Open());
  ASSERT_TRUE(again.Send(Good(1)));
  EXPECT_TRUE(again.AwaitAck(1));
  EXPECT_EQ(store_.Applied().size(), 1u);
}

TEST_F(ServerTest, FullQueuesSlowTheAgentDownAndLoseNothing) {
  options_.session.window.batches = 100;
  options_.apply.threads = 1;
  options_.apply.queue_bytes = 2000;
  Start();
  store_.HoldApplies(true);
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  std::thread writer([&] {
    for (uint64_t i = 1; i <= 100; ++i) EXPECT_TRUE(session.Send(Good(i)));
  });
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  store_.HoldApplies(false);
  EXPECT_TRUE(session.AwaitAck(100));
  writer.join();
  EXPECT_EQ(store_.Applied().size(), 100u);
  for (size_t size : store_.GroupSizes()) EXPECT_LE(size, 5u) << "more than the queue's bytes were taken";
}

TEST_F(ServerTest, AnAgentThatNeverReadsStillGetsItsDataIn) {
  options_.session.window.batches = 300;
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Send(TestSession::HelloOf(kTestAgentId)));
  for (uint64_t i = 1; i <= 300; ++i) ASSERT_TRUE(session.Send(Good(i)));
  EXPECT_TRUE(store_.AwaitApplied(300));
  EXPECT_TRUE(session.Close().ok());
}

TEST_F(ServerTest, ASecondSessionOfAnAgentEndsTheFirst) {
  Start();
  TestSession first(ConnectAgent());
  ASSERT_TRUE(first.Open());
  TestSession second(ConnectAgent());
  ASSERT_TRUE(second.Open());
  EXPECT_EQ(first.Result().error_code(), grpc::StatusCode::ABORTED);
  ASSERT_TRUE(second.Send(Good(1)));
  EXPECT_TRUE(second.AwaitAck(1));
}

TEST_F(ServerTest, TooManySessionsAreRefusedForLater) {
  options_.admission.max_sessions = 1;
  Start();
  TestSession first(ConnectAgent());
  ASSERT_TRUE(first.Open());
  TestSession second(ConnectAgent());
  EXPECT_EQ(second.Result().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, SilentStreamsAreEnded) {
  options_.session.hello_timeout = absl::Milliseconds(50);
  Start();
  TestSession session(ConnectAgent());
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(ServerTest, OldSessionsAreAskedToComeBack) {
  options_.session.max_age = absl::Milliseconds(30);
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  EXPECT_TRUE(message.has_drain());
  ASSERT_TRUE(session.Send(Good(1)));
  EXPECT_TRUE(session.AwaitAck(1)) << "until it leaves it may finish";
}

TEST_F(ServerTest, ShutdownCommitsAndAcknowledgesWhatItTook) {
  Start();
  store_.HoldApplies(true);
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  ASSERT_TRUE(session.Send(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  bool clean = false;
  std::thread stopper([&] { clean = server_->Shutdown(absl::Seconds(10)); });
  pb::BackendMessage message;
  ASSERT_TRUE(session.Read(&message));
  EXPECT_TRUE(message.has_drain());
  store_.HoldApplies(false);
  EXPECT_TRUE(session.AwaitAck(1));
  EXPECT_EQ(session.Result().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopper.join();
  EXPECT_TRUE(clean);
}

TEST_F(ServerTest, ShutdownWithABrokenStoreAcknowledgesNothing) {
  store_.FailNextApplies(1'000'000, absl::UnavailableError("disk full"));
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  ASSERT_TRUE(session.Send(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(2));
  EXPECT_FALSE(server_->Shutdown(absl::Milliseconds(20)));
  pb::BackendMessage message;
  while (session.Read(&message)) EXPECT_FALSE(message.has_ack());
}

TEST_F(ServerTest, TakenPortIsOneClearError) {
  Start();
  options_.listen = absl::StrCat("127.0.0.1:", server_->port());
  const auto second = BackendServer::Start(options_, ServerParts{&store_, &retention_, &clock_, &logger_, &metrics_});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("taken"));
}

TEST_F(ServerTest, BadCertificatesAreRefusedAtStart) {
  options_.server_pair.certificate_pem = "nonsense";
  const auto server = BackendServer::Start(options_, ServerParts{&store_, &retention_, &clock_, &logger_, &metrics_});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall
