// A session over a real connection with mutual TLS, against a backend made for the test.
#ifndef ROLLCALL_AGENT_TRANSPORT_TESTING_GRPC_SESSION_FIXTURE_H_
#define ROLLCALL_AGENT_TRANSPORT_TESTING_GRPC_SESSION_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/identity/local_file.h"
#include "agent/identity/testing/test_pki.h"
#include "agent/spool/fake_spool.h"
#include "agent/transport/grpc_session.h"
#include "platform/testing/fake_clock.h"
#include "rollcall/v1/ingest.grpc.pb.h"

namespace rollcall {

inline constexpr char kAgent[] = "URI:rollcall://acme/agent/0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30";
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Waits for a condition that other threads make true.
inline bool Eventually(const std::function<bool()>& condition) {
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
    if (poll_seconds > 0) answer.mutable_welcome()->mutable_poll_interval()->set_seconds(poll_seconds);
    stream->Write(answer);
    while (stops_reading.load() && !context->IsCancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      answer.mutable_ack()->set_sequence(acknowledge_unread.exchange(0));
      if (answer.ack().sequence() > 0) stream->Write(answer);
    }
    while (stream->Read(&message)) {
      if (message.has_heartbeat()) ++heartbeats;
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
        answer.mutable_drain()->set_reason(drain_reason);
        stream->Write(answer);
      }
    }
    ++half_closed;
    while (never_ends.load() && !context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return grpc::Status::OK;
  }

  std::atomic<int> sessions{0};
  std::atomic<int> half_closed{0};
  std::atomic<bool> refuse{false};
  std::atomic<int> break_after{0};
  std::atomic<int> drain_after{0};
  std::atomic<pb::Drain::Reason> drain_reason{pb::Drain::REASON_UNSPECIFIED};
  std::atomic<int> poll_seconds{0};
  std::atomic<int> heartbeats{0};
  // After the agent's half-close.
  std::atomic<bool> never_ends{false};
  // After Welcome; acknowledges what it is told to all the same.
  std::atomic<bool> stops_reading{false};
  std::atomic<uint64_t> acknowledge_unread{0};
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
  GrpcSessionTest()
      : dir_(std::filesystem::temp_directory_path() / ("rollcall_grpc_session_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directory(dir_);
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
    std::filesystem::remove_all(dir_);
  }

  // What a server called `name` shows, of the authority `pki`.
  std::shared_ptr<grpc::ServerCredentials> ServerCredentials(TestPki& pki, const std::string& name) {
    grpc::SslServerCredentialsOptions ssl(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    const TestCertificate certificate = pki.Issue({name});
    ssl.pem_root_certs = pki_.ca_pem();
    ssl.pem_key_cert_pairs.push_back({certificate.key_pem, certificate.cert_pem});
    return grpc::SslServerCredentials(ssl);
  }

  // A server of `backend` on `*port`, or on a free one if that is 0.
  std::unique_ptr<grpc::Server> Serve(TestBackend* backend, TestPki& pki, const std::string& name, int* port) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(Address(*port), ServerCredentials(pki, name), port);
    // Who reads nothing is sent no more than HTTP/2's 64 KiB, however long the round trip looks.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.RegisterService(backend);
    return builder.BuildAndStart();
  }

  static std::string Address(int port) { return "127.0.0.1:" + std::to_string(port); }

  void StartServer(TestPki& pki, const std::string& name = "DNS:backend.test") {
    server_ = Serve(&backend_, pki, name, &port_);
    ASSERT_NE(server_, nullptr);
    options_.addresses = {Address(port_)};
  }

  void StopServer() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
    server_.reset();
  }

  void StartSession() { StartSession(&clock_); }
  void StartSession(const Clock* clock) {
    upload_ = std::make_unique<UploadSession>(pb::Hello(), &spool_, &states_, &delegate_, clock, &logger_);
    session_ = std::make_unique<GrpcSession>(options_, upload_.get(), clock, &logger_, [] { return 0.5; });
    session_->Start();
  }

  void Append(int count, size_t body_bytes = 1000) {
    for (int i = 0; i < count; ++i) {
      pb::Batch batch;
      batch.set_collector("ports");
      batch.set_body(std::string(body_bytes, 'b'));
      ASSERT_TRUE(spool_.Append({"ports", "host"}, batch.SerializeAsString()).ok());
    }
    session_->Wake();
  }

  bool SpoolEmpties() {
    return Eventually([this] { return spool_.Entries().empty(); });
  }

  const std::filesystem::path dir_;
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

// Time is moved by hand.
class TimedSessionTest : public GrpcSessionTest {
 protected:
  ~TimedSessionTest() override { session_.reset(); }

  // The session sees that so much time has passed.
  void Pass(absl::Duration time) {
    time_.Advance(time);
    session_->Wake();
  }
  // Lets time pass until the condition holds. It stands still while an attempt is underway: a handshake
  // on a slow machine is not a backend that says nothing.
  bool Passing(absl::Duration step, const std::function<bool()>& condition) {
    return Eventually([&] {
      Pass(Attempting() ? absl::ZeroDuration() : step);
      return condition();
    });
  }

 private:
  bool Attempting() const {
    const SessionStatus status = session_->Status();
    const auto state = status.progress.state;
    return status.attempts > 0 && status.next_attempt == absl::InfinitePast() &&
           (state == SessionProgress::State::kDisconnected || state == SessionProgress::State::kGreeting);
  }

 protected:
  FakeClock time_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_TESTING_GRPC_SESSION_FIXTURE_H_
