// People with tokens, at the real server over gRPC and TLS, beside people and agents with certificates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/server_fixture.h"
#include "backend/tokens/testing/test_tokens.h"
#include "backend/tokens/token_keeper.h"
#include "rollcall/v1/operate.grpc.pb.h"
#include "rollcall/v1/people.grpc.pb.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using grpc::StatusCode;

class MovedClock : public SystemClock {
 public:
  absl::Time Now() const override { return SystemClock::Now() + absl::Seconds(seconds.load()); }
  absl::Duration Monotonic() const override { return SystemClock::Monotonic() + absl::Seconds(seconds.load()); }
  std::atomic<int64_t> seconds{0};
};

class ServerTokensTest : public ServerFixture, public AuditSink {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    commands_ = TokenStore::Open(folder_.database()).value();
    keeper_ = TokenKeeper::Open(folder_.database(), &moved_, &logger_, nullptr).value();
    keeper_->Start();
    options_.people_listen = "127.0.0.1:0";
    ServerParts parts{&store_, &retention_, &moved_, &logger_, &metrics_, static_cast<AuditSink*>(this)};
    parts.tokens = keeper_->book();
    auto server = BackendServer::Start(options_, parts);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void TearDown() override {
    server_.reset();
    keeper_.reset();
    ServerFixture::TearDown();
  }

  absl::Status Record(const AuditEvent& event) override {
    denied_ += event.what == AuditEvent::What::kReadDenied ? 1 : 0;
    return absl::OkStatus();
  }

  // Keeps token number `number`, of alice, and gives its text once the backend knows it, which reads what commands
  // write once a second. Asked of the book: the server would count the calls before as guesses.
  std::string Make(int number, std::vector<std::string> identities, absl::Duration lifetime = absl::Hours(8)) {
    const TokenRow row = TestTokenRow(number, std::move(identities), moved_.Now(), lifetime);
    EXPECT_TRUE(commands_->Add(row).ok());
    EXPECT_TRUE(BookSays(TestToken(number), absl::StatusCode::kOk));
    return TestToken(number);
  }
  bool BookSays(const std::string& token, absl::StatusCode code) {
    return Eventually([&] { return keeper_->book()->Authenticate(token).status().code() == code; });
  }

  // At the people's port, with a token if it is not empty.
  std::shared_ptr<grpc::Channel> ConnectPeople(const std::string& token) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = authority_.pem().certificate_pem;
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::SslCredentials(tls);
    if (!token.empty()) {
      credentials = grpc::CompositeChannelCredentials(credentials, grpc::AccessTokenCredentials(token));
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->people_port()), credentials, arguments);
  }

  static grpc::Status ListHosts(const std::shared_ptr<grpc::Channel>& channel, const std::string& tenant = "",
                                pb::Purpose purpose = pb::PROVIDE_FEATURE, const std::string& header = "") {
    grpc::ClientContext context;
    context.set_deadline(InOneMinute());
    if (!tenant.empty()) context.AddMetadata("rollcall-tenant", tenant);
    if (!header.empty()) context.AddMetadata("authorization", header);
    pb::ListHostsRequest request;
    request.set_purpose(purpose);
    pb::ListHostsResponse response;
    return pb::Query::NewStub(channel)->ListHosts(&context, request, &response);
  }
  static grpc::Status WhoAmI(const std::shared_ptr<grpc::Channel>& channel, pb::WhoAmIResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(InOneMinute());
    return pb::People::NewStub(channel)->WhoAmI(&context, pb::WhoAmIRequest(), response);
  }

  MovedClock moved_;
  TokenFolder folder_;
  std::unique_ptr<TokenStore> commands_;
  std::unique_ptr<TokenKeeper> keeper_;
  std::atomic<int> denied_{0};
};

TEST_F(ServerTokensTest, ARightTokenIsAnsweredAndRevocationEndsAnOpenConnection) {
  const auto alice = ConnectPeople(Make(1, {"rollcall://acme/viewer/alice"}));
  ASSERT_TRUE(ListHosts(alice).ok());
  pb::WhoAmIResponse me;
  ASSERT_TRUE(WhoAmI(alice, &me).ok());
  EXPECT_EQ(me.person(), "alice");
  ASSERT_EQ(me.rights_size(), 1);
  EXPECT_EQ(me.rights(0).tenant(), "acme");
  EXPECT_EQ(me.rights(0).roles(0), "viewer");
  EXPECT_GT(me.ends_at().seconds(), absl::ToUnixSeconds(moved_.Now()));

  ASSERT_TRUE(commands_->Revoke(ParseToken(TestToken(1))->id, moved_.Now()).ok());
  EXPECT_TRUE(BookSays(TestToken(1), absl::StatusCode::kUnauthenticated));
  const grpc::Status refused = ListHosts(alice);
  EXPECT_EQ(refused.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(refused.error_message(), HasSubstr("was revoked"));
  EXPECT_EQ(WhoAmI(alice, &me).error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(Log(), Not(HasSubstr(ParseToken(TestToken(1))->secret)));
  EXPECT_THAT(Log(), Not(HasSubstr("rct1.")));
}

TEST_F(ServerTokensTest, ATokenEndsOnAnOpenConnection) {
  const auto alice = ConnectPeople(Make(1, {"rollcall://acme/viewer/alice"}, absl::Minutes(30)));
  ASSERT_TRUE(ListHosts(alice).ok());
  moved_.seconds = 30 * 60;
  // The book is as old as the clock says until it is compared again.
  EXPECT_TRUE(BookSays(TestToken(1), absl::StatusCode::kUnauthenticated));
  const grpc::Status refused = ListHosts(alice);
  EXPECT_EQ(refused.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(refused.error_message(), HasSubstr("has ended"));
}

TEST_F(ServerTokensTest, AWrongTokenAndNoneAreRefusedCountedAndKept) {
  const std::string token = Make(1, {"rollcall://acme/viewer/alice"});
  std::string wrong = token;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const std::string& text : {wrong, TestToken(2), std::string("rct1.x")}) {
    const grpc::Status status = ListHosts(ConnectPeople(text));
    EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr("not a valid one"));
  }
  const auto nobody = ConnectPeople("");
  EXPECT_EQ(ListHosts(nobody).error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ListHosts(nobody, "", pb::PROVIDE_FEATURE, token).error_code(), StatusCode::UNAUTHENTICATED) << "no Bearer";
  EXPECT_EQ(ListHosts(ConnectPeople(token), "", pb::PROVIDE_FEATURE, "Bearer " + token).error_code(),
            StatusCode::UNAUTHENTICATED)
      << "two are none";
  EXPECT_EQ(denied_, 6);
  EXPECT_TRUE(AwaitMetric("rollcall_tokens_refused_total{reason=\"none\"} 1"));
}

TEST_F(ServerTokensTest, WhoGuessesIsToldSoAFewTimesAndIsKeptNoMoreOften) {
  const auto alice = ConnectPeople(Make(1, {"rollcall://acme/viewer/alice"}));
  const auto stranger = ConnectPeople(TestToken(2));
  int limited = 0;
  for (int i = 0; i < 40; ++i) limited += ListHosts(stranger).error_code() == StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
  EXPECT_GE(limited, 1);
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(metrics_.Text(), "{reason=\"limited\"}"); }));
  EXPECT_EQ(denied_ + limited, 40) << "what is limited is not kept";
  EXPECT_TRUE(ListHosts(alice).ok()) << "a right token is no guess, though it comes from the same address";
}

TEST_F(ServerTokensTest, ATokenGivesItsRolesInItsTenantsAndNoMore) {
  const auto alice = ConnectPeople(Make(1, {"rollcall://acme/viewer/alice", "rollcall://beta/privacy-officer/alice"}));
  EXPECT_TRUE(ListHosts(alice, "acme").ok());
  EXPECT_EQ(ListHosts(alice, "gamma").error_code(), StatusCode::PERMISSION_DENIED) << "a foreign tenant";
  EXPECT_EQ(ListHosts(alice, "beta").error_code(), StatusCode::PERMISSION_DENIED) << "the role has not the purpose";
  EXPECT_EQ(ListHosts(alice).error_code(), StatusCode::INVALID_ARGUMENT) << "which of them?";
  grpc::ClientContext context;
  context.set_deadline(InOneMinute());
  context.AddMetadata("rollcall-tenant", "acme");
  pb::RetractRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  request.set_collector("os_packages");
  request.set_collector_version("1");
  pb::RetractResponse response;
  EXPECT_EQ(pb::Operate::NewStub(alice)->Retract(&context, request, &response).error_code(),
            StatusCode::PERMISSION_DENIED)
      << "a viewer retracts nothing";
  pb::WhoAmIResponse me;
  ASSERT_TRUE(WhoAmI(alice, &me).ok()) << "needs neither tenant nor purpose";
  EXPECT_EQ(me.rights_size(), 2);
}

TEST_F(ServerTokensTest, ThePeoplesPortTakesNoAgent) {
  const std::string token = Make(1, {"rollcall://acme/operator/alice"});
  const auto alice = ConnectPeople(token);
  EXPECT_TRUE(ListHosts(alice).ok());
  TestSession session(alice);
  EXPECT_FALSE(session.Open());
  const grpc::Status status = session.Result();
  EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("no client certificate"));
}

TEST_F(ServerTokensTest, AgentsAndPeopleWithCertificatesAreServedAsBefore) {
  const std::string token = Make(1, {"rollcall://acme/viewer/alice"});
  EXPECT_TRUE(ListHosts(ConnectPeople(token)).ok());
  TestSession session(ConnectAgent());
  EXPECT_TRUE(session.Open());
  const auto with_certificate = ConnectOperator();
  EXPECT_TRUE(ListHosts(with_certificate).ok());
  pb::WhoAmIResponse me;
  ASSERT_TRUE(WhoAmI(with_certificate, &me).ok());
  EXPECT_EQ(me.rights(0).roles(0), "operator");
  EXPECT_EQ(WhoAmI(ConnectAgent(), &me).error_code(), StatusCode::PERMISSION_DENIED) << "an agent is no person";
  // Two claims about who calls are none.
  const grpc::Status both = ListHosts(with_certificate, "", pb::PROVIDE_FEATURE, "Bearer " + token);
  EXPECT_EQ(both.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(both.error_message(), HasSubstr("beside a certificate"));
  // Without a certificate the agents' port ends in the handshake, token or not.
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = authority_.pem().certificate_pem;
  const auto bare = grpc::CreateChannel(
      absl::StrCat("127.0.0.1:", server_->port()),
      grpc::CompositeChannelCredentials(grpc::SslCredentials(tls), grpc::AccessTokenCredentials(token)));
  EXPECT_EQ(ListHosts(bare).error_code(), StatusCode::UNAVAILABLE);
}

class NoPeoplesPortTest : public ServerFixture {};

TEST_F(NoPeoplesPortTest, IsTheDefaultAndATakenOneIsNamed) {
  Start();
  EXPECT_EQ(server_->people_port(), 0);
  ServerOptions second = options_;
  second.people_listen = absl::StrCat("127.0.0.1:", server_->port());
  const auto server = BackendServer::Start(second, ServerParts{&store_, &retention_, &clock_, &logger_, &metrics_});
  EXPECT_TRUE(absl::IsUnavailable(server.status())) << server.status();
}

}  // namespace
}  // namespace rollcall
