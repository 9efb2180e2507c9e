// The session over a real connection with mutual TLS, against a backend made for the test.
#include "agent/transport/grpc_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/transport/testing/grpc_session_fixture.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST_F(GrpcSessionTest, DeliversOverMutualTls) {
  StartServer(pki_);
  StartSession();
  Append(100);
  EXPECT_TRUE(SpoolEmpties());
  const std::lock_guard lock(backend_.mutex);
  EXPECT_EQ(backend_.committed.size(), 100u);
  EXPECT_EQ(backend_.received, 100);
  EXPECT_EQ(backend_.peer, "rollcall://acme/agent/0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30");
  EXPECT_EQ(session_->Status().progress.state, SessionProgress::State::kStreaming);
  EXPECT_EQ(backend_.sessions, 1);
}

TEST_F(GrpcSessionTest, StopIsImmediateWhateverTheSessionDoes) {
  StartServer(pki_);
  StartSession();
  ASSERT_TRUE(Eventually([&] { return session_->Status().progress.welcomes == 1; }));
  const absl::Duration started = clock_.Monotonic();
  session_->Stop();
  session_->Stop();
  EXPECT_LT(clock_.Monotonic() - started, absl::Seconds(5));
  EXPECT_THAT(logger_.lines(), ::testing::IsEmpty());
}

TEST_F(GrpcSessionTest, ComesBackWhenTheBackendBreaksOffAndLosesNothing) {
  backend_.break_after = 30;
  StartServer(pki_);
  StartSession();
  Append(100);
  EXPECT_TRUE(SpoolEmpties());
  const std::lock_guard lock(backend_.mutex);
  EXPECT_EQ(backend_.committed.size(), 100u);
  EXPECT_GE(backend_.sessions, 2);
}

TEST_F(GrpcSessionTest, OutlivesABackendThatIsAwayAndSaysSoOnce) {
  StartServer(pki_);
  StopServer();
  StartSession();
  Append(10);
  ASSERT_TRUE(Eventually([&] { return session_->Status().attempts > 5; }));
  EXPECT_EQ(logger_.lines().size(), 1u);
  EXPECT_EQ(session_->Status().last_error.code(), absl::StatusCode::kUnavailable);
  StartServer(pki_);
  EXPECT_TRUE(SpoolEmpties());
}

TEST_F(GrpcSessionTest, DrainEndsTheStreamInOrderAndReturns) {
  backend_.drain_after = 5;
  StartServer(pki_);
  StartSession();
  Append(20);
  EXPECT_TRUE(SpoolEmpties());
  EXPECT_GE(backend_.sessions, 2);
  EXPECT_GE(backend_.half_closed, 1);
  const std::lock_guard lock(backend_.mutex);
  EXPECT_EQ(backend_.committed.size(), 20u);
}

TEST_F(GrpcSessionTest, ARefusalIsToldOnceAndRetried) {
  backend_.refuse = true;
  StartServer(pki_);
  StartSession();
  ASSERT_TRUE(Eventually([&] { return backend_.sessions > 3; }));
  ASSERT_EQ(logger_.lines().size(), 1u);
  EXPECT_THAT(logger_.lines()[0], HasSubstr("session.refused"));
  EXPECT_THAT(logger_.lines()[0], HasSubstr("certificate revoked"));
  backend_.refuse = false;
  EXPECT_TRUE(Eventually([&] { return session_->Status().progress.welcomes == 1; }));
}

TEST_F(GrpcSessionTest, ABackendOfAnotherAuthorityGetsNothing) {
  TestPki other;
  StartServer(other);
  StartSession();
  Append(1);
  ASSERT_TRUE(Eventually([&] { return session_->Status().attempts > 2; }));
  EXPECT_EQ(backend_.sessions, 0);
  EXPECT_EQ(session_->Status().progress.welcomes, 0u);
  EXPECT_EQ(spool_.Entries().size(), 1u);
}

TEST_F(GrpcSessionTest, ABackendWithAnotherNameGetsNothing) {
  StartServer(pki_, "DNS:somebody.else");
  StartSession();
  ASSERT_TRUE(Eventually([&] { return session_->Status().attempts > 2; }));
  EXPECT_EQ(backend_.sessions, 0);
}

TEST_F(GrpcSessionTest, AMissingKeyIsNamedAndTheNextFileIsTaken) {
  StartServer(pki_);
  fs::rename(dir_ / "key", dir_ / "kept");
  StartSession();
  ASSERT_TRUE(Eventually([&] { return !logger_.lines().empty(); }));
  EXPECT_THAT(logger_.lines()[0], HasSubstr((dir_ / "key").string()));
  fs::rename(dir_ / "kept", dir_ / "key");
  EXPECT_TRUE(Eventually([&] { return session_->Status().progress.welcomes == 1; }));
}

TEST_F(GrpcSessionTest, TriesTheOtherAddress) {
  StartServer(pki_);
  options_.addresses.insert(options_.addresses.begin(), "127.0.0.1:1");
  StartSession();
  Append(1);
  EXPECT_TRUE(SpoolEmpties());
}

}  // namespace
}  // namespace rollcall
