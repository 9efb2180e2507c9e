// Which way a session takes: proxies, several backends, and backends that want no idle streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/transport/testing/connect_proxy.h"
#include "agent/transport/testing/grpc_session_fixture.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using State = SessionProgress::State;

std::string UriOf(const ConnectProxy& proxy) { return absl::StrCat("http://127.0.0.1:", proxy.port()); }

class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~ScopedVariable() { unsetenv(name_); }

 private:
  const char* const name_;
};

class ProxyTest : public GrpcSessionTest {
 protected:
  void UseCredentials(const std::string& text) {
    ASSERT_TRUE(WriteLocalFileDurably(dir_ / "proxy", text).ok());
    options_.proxy_credentials_path = dir_ / "proxy";
  }
};

TEST_F(ProxyTest, TheSessionGoesThroughTheProxy) {
  ConnectProxy proxy;
  StartServer(pki_);
  options_.proxy = UriOf(proxy);
  StartSession();
  Append(20);
  EXPECT_TRUE(SpoolEmpties());
  ASSERT_EQ(proxy.Requests().size(), 1u);
  EXPECT_THAT(proxy.Requests()[0], HasSubstr(absl::StrCat("CONNECT ", Address(port_), " HTTP/1.")));
  EXPECT_THAT(proxy.Requests()[0], Not(HasSubstr("Authorization")));
  session_.reset();
}

TEST_F(ProxyTest, CredentialsComeFromTheFileAndMayChange) {
  const std::string secret = "agent:s3cret/%word";
  ConnectProxy proxy(absl::StrCat("Basic ", absl::Base64Escape(secret)));
  StartServer(pki_);
  options_.proxy = UriOf(proxy);
  UseCredentials("agent:wrong\n");
  StartSession();
  Append(1);
  ASSERT_TRUE(Eventually([&] { return proxy.Requests().size() > 2; }));
  EXPECT_EQ(backend_.sessions, 0) << "refused by the proxy, it must not go round it";
  UseCredentials(secret + "\n");
  EXPECT_TRUE(SpoolEmpties());
  for (const std::string& line : logger_.lines()) EXPECT_THAT(line, Not(HasSubstr("wrong")));
  session_.reset();
}

TEST_F(ProxyTest, UnusableCredentialsAreToldAndNothingIsSent) {
  ConnectProxy proxy;
  StartServer(pki_);
  options_.proxy = UriOf(proxy);
  UseCredentials("agent:sword@fish");
  StartSession();
  Append(1);
  ASSERT_TRUE(Eventually([&] { return session_->Status().attempts > 2; }));
  EXPECT_THAT(proxy.Requests(), IsEmpty());
  EXPECT_EQ(backend_.sessions, 0);
  ASSERT_EQ(logger_.lines().size(), 1u);
  EXPECT_THAT(logger_.lines()[0], HasSubstr("USER:PASSWORD"));
  EXPECT_THAT(logger_.lines()[0], Not(HasSubstr("fish")));
}

TEST_F(ProxyTest, AProxyThatIsAwayIsNotGoneRound) {
  StartServer(pki_);
  options_.proxy = "http://127.0.0.1:1";
  StartSession();
  ASSERT_TRUE(Eventually([&] { return session_->Status().attempts > 2; }));
  EXPECT_EQ(backend_.sessions, 0);
  EXPECT_EQ(session_->Status().last_error.code(), absl::StatusCode::kUnavailable);
}

TEST_F(ProxyTest, TheEnvironmentsProxyIsForOthers) {
  ConnectProxy proxy;
  const ScopedVariable http("http_proxy", UriOf(proxy));
  const ScopedVariable https("https_proxy", UriOf(proxy));
  const ScopedVariable grpc("grpc_proxy", UriOf(proxy));
  StartServer(pki_);
  StartSession();
  Append(1);
  EXPECT_TRUE(SpoolEmpties());
  EXPECT_THAT(proxy.Requests(), IsEmpty());
}

TEST_F(ProxyTest, HostsInNoProxyAreReachedDirectly) {
  ConnectProxy proxy;
  const ScopedVariable direct("no_proxy", "example.org,127.0.0.1");
  StartServer(pki_);
  options_.proxy = UriOf(proxy);
  StartSession();
  Append(1);
  EXPECT_TRUE(SpoolEmpties());
  EXPECT_THAT(proxy.Requests(), IsEmpty());
}

// Two backends; with the fixture's random numbers the first is home.
class RouteTest : public TimedSessionTest {
 protected:
  void StartBoth() {
    StartServer(pki_);
    other_server_ = Serve(&other_, pki_, "DNS:backend.test", &other_port_);
    ASSERT_NE(other_server_, nullptr);
    options_.addresses = {Address(port_), Address(other_port_)};
  }
  ~RouteTest() override {
    session_.reset();
    if (other_server_ != nullptr) other_server_->Shutdown(std::chrono::system_clock::now());
  }

  bool ConnectedTo(int port) {
    const SessionStatus status = session_->Status();
    return status.progress.state == State::kStreaming && status.address == Address(port);
  }

  TestBackend other_;
  std::unique_ptr<grpc::Server> other_server_;
  int other_port_ = 0;
};

TEST_F(RouteTest, FailsOverAndComesHomeWithinTheHour) {
  StartBoth();
  StopServer();
  StartSession(&time_);
  ASSERT_TRUE(Passing(absl::Milliseconds(10), [&] { return ConnectedTo(other_port_); }));
  server_ = Serve(&backend_, pki_, "DNS:backend.test", &port_);
  time_.Advance(absl::Minutes(44));
  session_->Wake();
  Append(3);
  EXPECT_TRUE(SpoolEmpties());
  EXPECT_EQ(other_.half_closed, 0) << "it has time until then";
  time_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Passing(absl::Milliseconds(100), [&] { return ConnectedTo(port_); }));
  EXPECT_EQ(other_.half_closed, 1) << "ended in order, not broken off";
  time_.Advance(absl::Hours(2));
  session_->Wake();
  Append(1);
  EXPECT_TRUE(SpoolEmpties());
  EXPECT_EQ(backend_.half_closed, 0) << "at home it stays";
}

TEST_F(RouteTest, WithoutAHomeItIsBackAtTheOtherAtOnce) {
  StartBoth();
  StopServer();
  StartSession(&time_);
  ASSERT_TRUE(Passing(absl::Milliseconds(10), [&] { return ConnectedTo(other_port_); }));
  time_.Advance(absl::Hours(1));
  EXPECT_TRUE(Passing(absl::Milliseconds(100), [&] { return other_.sessions == 2 && ConnectedTo(other_port_); }));
}

TEST_F(RouteTest, AMissingFileIsNoReasonToGoToTheOther) {
  StartBoth();
  std::filesystem::rename(dir_ / "key", dir_ / "kept");
  StartSession();
  std::set<std::string> tried;
  ASSERT_TRUE(Eventually([&] {
    const SessionStatus status = session_->Status();
    if (!status.address.empty()) tried.insert(status.address);
    return status.attempts > 20;
  }));
  EXPECT_THAT(tried, ElementsAre(Address(port_))) << "nobody was tried";
  std::filesystem::rename(dir_ / "kept", dir_ / "key");
  EXPECT_TRUE(Eventually([&] { return ConnectedTo(port_); }));
  EXPECT_EQ(other_.sessions, 0);
}

TEST_F(RouteTest, ABackendThatStopsSendsItsAgentsToTheOther) {
  StartBoth();
  backend_.drain_after = 1;
  backend_.drain_reason = pb::Drain::SHUTDOWN;
  StartSession(&time_);
  Append(2);
  EXPECT_TRUE(Passing(absl::Milliseconds(100), [&] { return ConnectedTo(other_port_); }));
  EXPECT_TRUE(SpoolEmpties());
}

TEST_F(RouteTest, ABackendThatDoesNotEndIsLeft) {
  StartServer(pki_);
  backend_.drain_after = 1;
  backend_.never_ends = true;
  StartSession(&time_);
  Append(1);
  ASSERT_TRUE(Eventually([&] { return backend_.half_closed == 1; }));
  EXPECT_EQ(backend_.sessions, 1);
  EXPECT_TRUE(Passing(absl::Seconds(1), [&] { return backend_.sessions == 2; }));
  backend_.never_ends = false;
}

TEST_F(RouteTest, PollsSayEverythingAndComeBackAfterTheInterval) {
  StartServer(pki_);
  backend_.poll_seconds = 300;
  StartSession(&time_);
  ASSERT_TRUE(Eventually([&] { return session_->Status().progress.state == State::kPolling; }));
  EXPECT_EQ(backend_.heartbeats, 1);
  EXPECT_EQ(session_->Status().next_attempt, time_.Now() + absl::Seconds(300)) << "in the middle of +-10 %";
  EXPECT_EQ(session_->Status().last_error, absl::OkStatus());
  Append(20);
  ASSERT_TRUE(time_.AwaitWaiters(1));
  time_.Advance(absl::Seconds(299));
  EXPECT_EQ(backend_.sessions, 1) << "news do not shorten it";
  time_.Advance(absl::Seconds(1));
  EXPECT_TRUE(SpoolEmpties());
  EXPECT_TRUE(Eventually([&] { return session_->Status().progress.state == State::kPolling; }));
  EXPECT_EQ(backend_.sessions, 2);
  EXPECT_EQ(backend_.heartbeats, 2);
  EXPECT_THAT(logger_.lines(), ElementsAre());
  // And the backend has room again.
  backend_.poll_seconds = 0;
  time_.Advance(absl::Seconds(300));
  EXPECT_TRUE(Eventually([&] { return ConnectedTo(port_); }));
}

}  // namespace
}  // namespace rollcall
