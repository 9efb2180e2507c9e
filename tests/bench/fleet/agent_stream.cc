#include "tests/bench/fleet/agent_stream.h"

#include <utility>

#include "agent/transport/session_stream.h"

namespace rollcall {

AgentStream::AgentStream(const std::string& address, const std::string& server_name,
                         const std::shared_ptr<grpc::ChannelCredentials>& credentials, StreamListener* listener)
    : channel_(MakeSessionChannel(address, server_name, /*proxy_uri=*/"", credentials)),
      stub_(pb::Ingest::NewStub(channel_)),
      listener_(listener) {}

void AgentStream::Start(pb::AgentMessage first) {
  stub_->async()->Session(&context_, this);
  AddHold();  // writes are started from outside of reactions
  StartRead(&incoming_);
  Write(std::move(first));
  StartCall();
}

void AgentStream::Write(pb::AgentMessage message) {
  outgoing_ = std::move(message);
  StartWrite(&outgoing_);
}

void AgentStream::ReadNext() { StartRead(&incoming_); }

void AgentStream::HalfClose() { StartWritesDone(); }

void AgentStream::Release() {
  if (!std::exchange(released_, true)) RemoveHold();
}

void AgentStream::Cancel() {
  context_.TryCancel();
  Release();
}

void AgentStream::OnReadDone(bool ok) { listener_->OnRead(this, ok ? &incoming_ : nullptr); }

void AgentStream::OnWriteDone(bool ok) {
  pb::AgentMessage().Swap(&outgoing_);  // an idle agent keeps no batch in memory
  listener_->OnWritten(this, ok);
}

void AgentStream::OnDone(const grpc::Status& status) { listener_->OnEnded(this, status, AskedWait(context_, status)); }

}  // namespace rollcall
