// A backend server and its peers, played by hand over real gRPC and mutual TLS on loopback.
#ifndef ROLLCALL_BACKEND_SERVER_FIXTURE_H_
#define ROLLCALL_BACKEND_SERVER_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backend/ingest/testing/test_batches.h"
#include "backend/server.h"
#include "backend/store/testing/fake_store.h"
#include "rollcall/v1/ingest.grpc.pb.h"

namespace rollcall {

inline constexpr char kTestAgentId[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
inline constexpr char kStrangerId[] = "aaaaaaaa-9d4a-4c55-8f0e-6b1d2a7c9e10";

// A deadline that makes a fault a failure and not a hang.
gpr_timespec InOneMinute();

// One stream. Reads and writes block; the stream ends after a minute at the latest.
class TestSession {
 public:
  explicit TestSession(const std::shared_ptr<grpc::Channel>& channel);

  static pb::Hello HelloOf(const std::string& agent_id);
  bool Send(const pb::Hello& hello);
  bool Send(const pb::Batch& batch);
  bool Send(const pb::Heartbeat& heartbeat);
  bool Send(const pb::AgentMessage& message) { return stream_->Write(message); }
  bool Read(pb::BackendMessage* message) { return stream_->Read(message); }
  // Sends Hello and reads the Welcome; nullopt if something else came.
  std::optional<pb::Welcome> Greet(const std::string& agent_id = kTestAgentId);
  bool Open(const std::string& agent_id = kTestAgentId) { return Greet(agent_id).has_value(); }
  // Reads until the acknowledgement of `sequence`; false if a Resync or the end came first.
  bool AwaitAck(uint64_t sequence);
  // Ends the agent's side.
  void HalfClose() { stream_->WritesDone(); }
  grpc::Status Close();
  // Reads what is left, and the status.
  grpc::Status Result();
  // Of a trailer, after Result; empty if there is none.
  std::string Trailer(const std::string& name) const;
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<pb::Ingest::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::AgentMessage, pb::BackendMessage>> stream_;
};

// Holds authority, store and parts; Start() makes the server from `options_`.
class ServerFixture : public ::testing::Test {
 protected:
  void SetUp() override;
  // A failed test must not leave the server waiting for its store.
  void TearDown() override { store_.HoldApplies(false); }

  void Start();
  // What the server works on; a fake unless a test has something better.
  virtual Store* store() { return &store_; }

  std::shared_ptr<grpc::Channel> Connect(const CertifiedKey& pair);
  std::shared_ptr<grpc::Channel> ConnectAs(const PeerIdentity& identity);
  std::shared_ptr<grpc::Channel> ConnectAgent(const std::string& agent_id = kTestAgentId);
  std::shared_ptr<grpc::Channel> ConnectOperator() { return ConnectAs({"acme", PeerRole::kOperator, "alice"}); }
  // Enrols agent number `number` and gives its id.
  std::string Enroll(int number);

  std::string Log();
  pb::Batch Good(uint64_t sequence);
  // Polls until `condition` holds; false after half a minute.
  static bool Eventually(const std::function<bool()>& condition);
  // Waits for a line of the metrics; fails the test after half a minute.
  bool AwaitMetric(const std::string& line);

  class NoRetention : public RetentionExplainer {
   public:
    absl::StatusOr<RetentionAnswer> Explain(const StoredVersion&, const AgentContact&, absl::Time) const override {
      return RetentionAnswer();
    }
  };

  const AgentName agent_{"acme", kTestAgentId};
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

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_SERVER_FIXTURE_H_
