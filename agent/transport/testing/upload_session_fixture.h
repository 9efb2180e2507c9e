// What tests of the upload session share: a spool, a delegate, and a backend's messages.
#ifndef ROLLCALL_AGENT_TRANSPORT_TESTING_UPLOAD_SESSION_FIXTURE_H_
#define ROLLCALL_AGENT_TRANSPORT_TESTING_UPLOAD_SESSION_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/spool/fake_spool.h"
#include "agent/transport/upload_session.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {

class FakeDelegate : public SessionDelegate {
 public:
  uint64_t Epoch() const override { return epoch; }
  absl::Status RaiseEpochAbove(uint64_t seen) override {
    epoch = seen + 1;
    return absl::OkStatus();
  }
  void RunSoon(const std::string& collector) override { run_soon.push_back(collector); }
  void EntryLost(uint64_t sequence, const absl::Status&) override { lost.push_back(sequence); }
  void FillUsage(pb::Heartbeat* heartbeat) const override { heartbeat->set_rss_bytes(123); }

  uint64_t epoch = 7;
  std::vector<std::string> run_soon;
  std::vector<uint64_t> lost;
};

inline const SpoolUnit kPorts = {"ports", "host"};

inline pb::SetDigest Digest(uint64_t low) {
  pb::SetDigest digest;
  digest.set_low(low);
  digest.set_count(1);
  return digest;
}

// A run of one part whose set afterwards has the digest `after`.
inline std::string BatchPayload(const std::string& collector, uint64_t after, size_t body_bytes = 10) {
  pb::Batch batch;
  batch.set_collector(collector);
  batch.mutable_scope()->set_type(pb::Scope::HOST);
  batch.set_mode(pb::FULL);
  batch.set_last(true);
  *batch.mutable_after() = Digest(after);
  batch.set_body(std::string(body_bytes, 'b'));
  return batch.SerializeAsString();
}

inline pb::BackendMessage Welcome(uint32_t batches = 4, uint64_t bytes = 1 << 20) {
  pb::BackendMessage message;
  message.mutable_welcome()->set_window_batches(batches);
  message.mutable_welcome()->set_window_bytes(bytes);
  message.mutable_welcome()->mutable_heartbeat_interval()->set_seconds(30);
  return message;
}

inline pb::BackendMessage Ack(uint64_t sequence) {
  pb::BackendMessage message;
  message.mutable_ack()->set_sequence(sequence);
  return message;
}

inline pb::BackendMessage Resync(pb::Resync::Cause cause, uint64_t epoch = 0) {
  pb::BackendMessage message;
  message.mutable_resync()->set_collector("ports");
  message.mutable_resync()->mutable_scope()->set_type(pb::Scope::HOST);
  message.mutable_resync()->set_cause(cause);
  message.mutable_resync()->set_epoch(epoch);
  return message;
}

class UploadSessionTest : public ::testing::Test {
 protected:
  UploadSessionTest() : session_(MakeHello(), &spool_, &states_, &delegate_, &clock_, &logger_) {}

  static pb::Hello MakeHello() {
    pb::Hello hello;
    hello.set_agent_id("agent-1");
    return hello;
  }

  void Append(const std::string& collector, uint64_t after, size_t bytes = 10) {
    ASSERT_TRUE(spool_.Append({collector, "host"}, BatchPayload(collector, after, bytes)).ok());
  }

  void Connect(const pb::BackendMessage& welcome = Welcome()) {
    session_.Open();
    ASSERT_EQ(session_.Receive(welcome), absl::OkStatus());
  }

  // Sequences of the batches that may be sent now.
  std::vector<uint64_t> Sendable() {
    std::vector<uint64_t> sequences;
    while (true) {
      const auto message = session_.Next();
      EXPECT_EQ(message.status(), absl::OkStatus());
      if (!message.ok() || !message->has_value()) return sequences;
      EXPECT_TRUE((*message)->has_batch());
      sequences.push_back((*message)->batch().sequence());
    }
  }

  FakeSpool spool_;
  UnitStates states_;
  FakeDelegate delegate_;
  FakeClock clock_;
  NullLogger logger_;
  UploadSession session_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_TESTING_UPLOAD_SESSION_FIXTURE_H_
