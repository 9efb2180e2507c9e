// One bidirectional stream on gRPC's callback interface.
#ifndef ROLLCALL_AGENT_TRANSPORT_SESSION_STREAM_H_
#define ROLLCALL_AGENT_TRANSPORT_SESSION_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "agent/transport/stream_events.h"
#include "grpcpp/grpcpp.h"
#include "rollcall/v1/ingest.grpc.pb.h"

namespace rollcall {

// How long the trailers of a stream that ended with `status` ask to stay away, at most a day: the longer
// of the gRPC retry protocol's and the detailed status's; nullopt if neither does.
std::optional<absl::Duration> AskedWait(const grpc::ClientContext& context, const grpc::Status& status);

// Reactions only leave notes in `events`. All other methods are for one thread, which must keep
// this alive until the news say `done`.
class SessionStream : public grpc::ClientBidiReactor<pb::AgentMessage, pb::BackendMessage> {
 public:
  explicit SessionStream(StreamEvents* events) : events_(events) {}

  void Start(pb::Ingest::Stub* stub);
  // REQUIRES: no write is in flight, and neither Finish nor Cancel was called.
  void Write(pb::AgentMessage message);
  // Asks for the next message, after one was taken.
  void ReadNext();
  // Says that nothing more will be written. REQUIRES: no write is in flight.
  void HalfClose();
  // Nothing more will be started from outside; the stream may end. Idempotent.
  void Release();
  // Ends the stream now. Idempotent.
  void Cancel();

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  StreamEvents* const events_;
  grpc::ClientContext context_;
  pb::AgentMessage outgoing_;
  pb::BackendMessage incoming_;
  bool released_ = false;
};

// A channel with its own connection, set up for one long stream. `address` is HOST:PORT. With a
// `proxy_uri` the connection is a tunnel that an HTTP proxy opens to that address (CONNECT); empty
// for none, whatever the environment says.
std::shared_ptr<grpc::Channel> MakeSessionChannel(const std::string& address, const std::string& server_name,
                                                  const std::string& proxy_uri,
                                                  const std::shared_ptr<grpc::ChannelCredentials>& credentials);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_SESSION_STREAM_H_
