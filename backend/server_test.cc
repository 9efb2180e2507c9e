// The server as its peers see it: real gRPC and mutual TLS on loopback.
#include "backend/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "backend/ingest/testing/test_batches.h"
#include "backend/store/testing/fake_store.h"
#include "proto/wire_time.h"
#include "rollcall/v1/ingest.grpc.pb.h"
#include "rollcall/v1/operate.grpc.pb.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr char kAgentId[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
constexpr char kStrangerId[] = "aaaaaaaa-9d4a-4c55-8f0e-6b1d2a7c9e10";
const AgentName kAgent{"acme", kAgentId};

gpr_timespec InTwentySeconds() {
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(20, GPR_TIMESPAN));
}

class NoRetention : public RetentionExplainer {
 public:
  absl::StatusOr<RetentionAnswer> Explain(const StoredVersion&, const AgentContact&, absl::Time) const override {
    return RetentionAnswer();
  }
};

// One stream, played by hand. Deadline of 20 s, so that a fault is a failure and not a hang.
class TestSession {
 public:
  explicit TestSession(const std::shared_ptr<grpc::Channel>& channel) : stub_(pb::Ingest::NewStub(channel)) {
    context_.set_deadline(InTwentySeconds());
    stream_ = stub_->Session(&context_);
  }

  static pb::Hello HelloOf(const std::string& agent_id) {
    pb::Hello hello;
    hello.set_agent_id(agent_id);
    hello.set_epoch(1);
    hello.set_host_id("host-1");
    *hello.mutable_sent_at() = ToWire(SystemClock().Now());
    return hello;
  }
  bool Send(const pb::Hello& hello) {
    pb::AgentMessage message;
    *message.mutable_hello() = hello;
    return stream_->Write(message);
  }
  bool Send(const pb::Batch& batch) {
    pb::AgentMessage message;
    *message.mutable_batch() = batch;
    return stream_->Write(message);
  }
  bool Read(pb::BackendMessage* message) { return stream_->Read(message); }
  // Sends Hello and reads the Welcome.
  bool Open(const std::string& agent_id = kAgentId) {
    pb::BackendMessage message;
    return Send(HelloOf(agent_id)) && Read(&message) && message.has_welcome();
  }
  // Reads until the acknowledgement of `sequence`; 0 resyncs expected.
  bool AwaitAck(uint64_t sequence) {
    pb::BackendMessage message;
    while (Read(&message)) {
      if (message.has_resync()) return false;
      if (message.has_ack() && message.ack().sequence() >= sequence) return true;
    }
    return false;
  }
  grpc::Status Close() {
    stream_->WritesDone();
    return Result();
  }
  grpc::Status Result() {
    pb::BackendMessage message;
    while (stream_->Read(&message)) {
    }
    return stream_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<pb::Ingest::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::AgentMessage, pb::BackendMessage>> stream_;
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EXPECT_TRUE(store_.EnrollAgent(kAgent, clock_.Now()).ok());
    options_.server_pair = authority_.IssueServer({"localhost", "127.0.0.1"}, validity_).value();
    options_.authority_pem = authority_.pem().certificate_pem;
    options_.housekeeping_interval = absl::Milliseconds(20);
    options_.apply.retry_first = absl::Milliseconds(1);
    options_.apply.retry_last = absl::Milliseconds(5);
  }

  void Start() {
    auto server = BackendServer::Start(options_, ServerParts{&store_, &retention_, &clock_, &logger_, &metrics_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::shared_ptr<grpc::Channel> Connect(const CertifiedKey& pair) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = authority_.pem().certificate_pem;
    tls.pem_cert_chain = pair.certificate_pem;
    tls.pem_private_key = pair.key_pem;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::SslCredentials(tls), arguments);
  }
  std::shared_ptr<grpc::Channel> ConnectAs(const PeerIdentity& identity) {
    return Connect(authority_.IssuePeer(identity, validity_).value());
  }
  std::shared_ptr<grpc::Channel> ConnectAgent() { return ConnectAs({"acme", PeerRole::kAgent, kAgentId}); }
  std::shared_ptr<grpc::Channel> ConnectOperator() { return ConnectAs({"acme", PeerRole::kOperator, "alice"}); }

  grpc::Status ListHosts(const std::shared_ptr<grpc::Channel>& channel, pb::Purpose purpose,
                         pb::ListHostsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(InTwentySeconds());
    pb::ListHostsRequest request;
    request.set_purpose(purpose);
    return pb::Query::NewStub(channel)->ListHosts(&context, request, response);
  }

  std::string Log() {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }

  pb::Batch Good(uint64_t sequence) {
    return TestFullBatch(sequence, sequence, {TestPackage("bash", clock_.Now() - absl::Seconds(1))});
  }

  SystemClock clock_;
  std::mutex log_mutex_;
  std::string log_;
  JsonLogger logger_{[this](absl::string_view line) {
                       const std::lock_guard lock(log_mutex_);
                       log_ += std::string(line);
                     },
                     &clock_};
  const Validity validity_ = ValidFor(SystemClock().Now(), absl::Hours(1));
  const CertificateAuthority authority_ = CertificateAuthority::Create("test CA", validity_).value();
  FakeStore store_;
  NoRetention retention_;
  BackendMetrics metrics_{"test"};
  ServerOptions options_;
  std::unique_ptr<BackendServer> server_;
};

TEST_F(ServerTest, WelcomesAnEnrolledAgentWithItsUnits) {
  UnitInfo unit;
  unit.agent = kAgent;
  unit.collector = "ports";
  unit.scope.set_type(pb::Scope::HOST);
  unit.epoch = 4;
  unit.generation = 9;
  store_.AddUnit(unit);
  unit.agent.tenant = "other";
  store_.AddUnit(unit);
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Send(TestSession::HelloOf(kAgentId)));
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
  EXPECT_EQ(store_.Applied()[0].agent, kAgent) << "tenant and agent come from the certificate";
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
  TestSession session(ConnectAs({"other", PeerRole::kAgent, kAgentId}));
  session.Send(TestSession::HelloOf(kAgentId));
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
  EXPECT_EQ(response.hosts(0).agent_id(), kAgentId);
  EXPECT_FALSE(response.hosts(0).connected());
  EXPECT_EQ(ListHosts(ConnectOperator(), pb::PURPOSE_UNSPECIFIED, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ListHosts(ConnectOperator(), pb::LEGAL_OBLIGATION, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_queries_denied_total 2"));
}

TEST_F(ServerTest, AnOperatorRetractsAndLeavesALine) {
  StoredVersion version;
  version.agent = kAgent;
  version.collector = "os_packages";
  version.collector_version = "0.9";
  version.payload = "content";
  store_.AddVersion(version);
  UnitInfo unit;
  unit.agent = kAgent;
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
    context.set_deadline(InTwentySeconds());
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
  TestSession session(Connect(other.IssuePeer({"acme", PeerRole::kAgent, kAgentId}, validity_).value()));
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
    session.Send(TestSession::HelloOf(kAgentId));
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
  Start();
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Send(TestSession::HelloOf(kAgentId)));
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
  options_.max_sessions = 1;
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
