// One connection of one simulated agent.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_AGENT_STREAM_H_
#define ROLLCALL_TESTS_BENCH_FLEET_AGENT_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "grpcpp/grpcpp.h"
#include "rollcall/v1/ingest.grpc.pb.h"
#include "tests/bench/fleet/fleet_scheduler.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

class AgentStream;

// Who is told what happens on a stream. Called on gRPC's threads.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // nullptr: nothing more will come.
  virtual void OnRead(AgentStream* stream, const pb::BackendMessage* message) = 0;
  virtual void OnWritten(AgentStream* stream, bool ok) = 0;
  // Last; the listener may have the stream deleted then.
  virtual void OnEnded(AgentStream* stream, const grpc::Status& status, std::optional<absl::Duration> asked_wait) = 0;
};

// A channel with its own TCP connection, and one call on it, on gRPC's callback interface. Methods are
// called with the listener's lock held, one write at a time.
class AgentStream : public Buried, private grpc::ClientBidiReactor<pb::AgentMessage, pb::BackendMessage> {
 public:
  // Connects to HOST:PORT. `listener` must outlive this.
  AgentStream(const std::string& address, const std::string& server_name,
              const std::shared_ptr<grpc::ChannelCredentials>& credentials, StreamListener* listener);

  // Opens the call with its first message.
  void Start(pb::AgentMessage first);
  void Write(pb::AgentMessage message);
  // Asks for the next message, after one was taken.
  void ReadNext();
  void HalfClose();
  // Nothing more will be started; the call may end. Idempotent.
  void Release();
  // Ends the call now.
  void Cancel();

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::Ingest::Stub> stub_;
  StreamListener* const listener_;
  grpc::ClientContext context_;
  pb::AgentMessage outgoing_;
  pb::BackendMessage incoming_;
  bool released_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_AGENT_STREAM_H_
