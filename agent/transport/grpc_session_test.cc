// The session over a real connection with mutual TLS, against a backend made for the test.
#include "agent/transport/grpc_session.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "agent/identity/local_file.h"
#include "agent/identity/testing/test_pki.h"
#include "agent/spool/fake_spool.h"
#include "rollcall/v1/ingest.grpc.pb.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kAgent[] = "URI:rollcall://acme/agent/0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30";
constexpr absl::Duration kPatience = absl::Seconds(20);

// Waits for a condition that other threads make true.
bool Eventually(const std::function<bool()>& condition) {
  for (const auto end = std::chrono::steady_clock::now() + absl::ToChronoSeconds(kPatience);
       std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// Takes every batch, acknowledges each, and can be told to misbehave.
class TestBackend : public pb::Ingest::Service {
 public:
  grpc::Status Session(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<pb::BackendMessage, pb::AgentMessage>* stream) override {
    ++sessions;
    for (const auto& name : context->auth_context()->FindPropertyValues("peer_uri")) {
      const std::lock_guard lock(mutex);
      peer = std::string(name.data(), name.size());
    }
    if (refuse.load()) return {grpc::StatusCode::PERMISSION_DENIED, "certificate revoked"};
    pb::AgentMessage message;
    if (!stream->Read(&message) || !message.has_hello()) return {grpc::StatusCode::INVALID_ARGUMENT, "no Hello"};
    pb::BackendMessage answer;
    answer.mutable_welcome()->set_window_batches(8);
    answer.mutable_welcome()->set_window_bytes(1 << 20);
    stream->Write(answer);
    while (stream->Read(&message)) {
      if (!message.has_batch()) continue;
      {
        const std::lock_guard lock(mutex);
        committed.insert(message.batch().sequence());
        ++received;
      }
      if (break_after.load() > 0 && --break_after == 0) return {grpc::StatusCode::UNAVAILABLE, "going down"};
      answer.mutable_ack()->set_sequence(message.batch().sequence());
      stream->Write(answer);
      if (drain_after.load() > 0 && --drain_after == 0) {
        answer.mutable_drain()->mutable_reconnect_after()->set_nanos(1000000);
        stream->Write(answer);
      }
    }
    ++half_closed;
    return grpc::Status::OK;
  }

  std::atomic<int> sessions{0};
  std::atomic<int> half_closed{0};
  std::atomic<bool> refuse{false};
  std::atomic<int> break_after{0};
  std::atomic<int> drain_after{0};
  std::mutex mutex;
  std::set<uint64_t> committed;
  int received = 0;
  std::string peer;
};

class QuietDelegate : public SessionDelegate {
 public:
  uint64_t Epoch() const override { return 1; }
  absl::Status RaiseEpochAbove(uint64_t) override { return absl::OkStatus(); }
  void RunSoon(const std::string&) override {}
  void EntryLost(uint64_t, const absl::Status&) override {}
  void FillUsage(pb::Heartbeat*) const override {}
};

// Keeps what was logged.
class RecordingLogger : public Logger {
 public:
  void Log(LogLevel level, absl::string_view event, absl::string_view, absl::Span<const LogField> fields) override {
    const std::lock_guard lock(mutex_);
    if (level < LogLevel::kWarning) return;
    std::string line(event);
    for (const LogField& field : fields) line += " " + field.json();
    lines_.push_back(line);
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class GrpcSessionTest : public ::testing::Test {
 protected:
  GrpcSessionTest() : dir_(fs::temp_directory_path() / ("rollcall_grpc_session_" + std::to_string(getpid()))) {
    fs::remove_all(dir_);
    fs::create_directory(dir_);
    const TestCertificate agent = pki_.Issue({kAgent});
    EXPECT_TRUE(WriteLocalFileDurably(dir_ / "ca", pki_.ca_pem()).ok());
    EXPECT_TRUE(WriteLocalFileDurably(dir_ / "cert", agent.cert_pem).ok());
    EXPECT_TRUE(WriteLocalFileDurably(dir_ / "key", agent.key_pem).ok());
    options_.ca_path = dir_ / "ca";
    options_.cert_path = dir_ / "cert";
    options_.key_path = dir_ / "key";
    options_.server_name = "backend.test";
    options_.max_backoff = absl::Milliseconds(20);
  }
  ~GrpcSessionTest() override {
    session_.reset();
    StopServer();
    fs::remove_all(dir_);
  }

  void StartServer(TestPki& pki, const std::string& name = "DNS:backend.test") {
    grpc::SslServerCredentialsOptions ssl(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    const TestCertificate certificate = pki.Issue({name});
    ssl.pem_root_certs = pki_.ca_pem();
    ssl.pem_key_cert_pairs.push_back({certificate.key_pem, certificate.cert_pem});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::SslServerCredentials(ssl), &port_);
    builder.RegisterService(&backend_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    options_.addresses = {"127.0.0.1:" + std::to_string(port_)};
  }

  void StopServer() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
    server_.reset();
  }

  void StartSession() {
    upload_ = std::make_unique<UploadSession>(pb::Hello(), &spool_, &states_, &delegate_, &clock_, &logger_);
    session_ = std::make_unique<GrpcSession>(options_, upload_.get(), &clock_, &logger_, [] { return 0.5; });
    session_->Start();
  }

  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      pb::Batch batch;
      batch.set_collector("ports");
      batch.set_body(std::string(1000, 'b'));
      ASSERT_TRUE(spool_.Append({"ports", "host"}, batch.SerializeAsString()).ok());
    }
    session_->Wake();
  }

  bool SpoolEmpties() {
    return Eventually([this] { return spool_.Entries().empty(); });
  }

  const fs::path dir_;
  TestPki pki_;
  TestBackend backend_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  GrpcSession::Options options_;
  FakeSpool spool_;
  UnitStates states_;
  QuietDelegate delegate_;
  SystemClock clock_;
  RecordingLogger logger_;
  std::unique_ptr<UploadSession> upload_;
  std::unique_ptr<GrpcSession> session_;
};

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
