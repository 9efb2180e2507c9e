#include "agent/transport/session_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "agent/transport/retry_info.h"

namespace rollcall {
namespace {

// A batch is at most 4 MiB before compression, and its envelope small.
constexpr int kMaxMessageBytes = (4 << 20) + (64 << 10);

}  // namespace

std::optional<absl::Duration> AskedWait(const grpc::ClientContext& context, const grpc::Status& status) {
  const std::optional<absl::Duration> detailed = RetryDelayOf(status.error_details());
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto trailer = trailers.find("grpc-retry-pushback-ms");
  if (trailer == trailers.end()) return detailed;
  // One that is not set is less than any that is.
  return std::max(detailed, PushbackDelayOf(absl::string_view(trailer->second.data(), trailer->second.size())));
}

void SessionStream::Start(pb::Ingest::Stub* stub) {
  stub->async()->Session(&context_, this);
  AddHold();  // writes are started from outside of reactions
  StartRead(&incoming_);
  StartCall();
}

void SessionStream::Write(pb::AgentMessage message) {
  outgoing_ = std::move(message);
  StartWrite(&outgoing_);
}

void SessionStream::ReadNext() { StartRead(&incoming_); }

void SessionStream::HalfClose() { StartWritesDone(); }

void SessionStream::Release() {
  if (std::exchange(released_, true)) return;
  RemoveHold();
}

void SessionStream::Cancel() {
  context_.TryCancel();
  Release();
}

void SessionStream::OnReadDone(bool ok) {
  events_->Put([&](StreamNews& news) {
    if (ok) {
      news.received = std::move(incoming_);
    } else {
      news.read_closed = true;
    }
  });
}

void SessionStream::OnWriteDone(bool ok) {
  outgoing_.Clear();
  events_->Put([&](StreamNews& news) { news.written = ok; });
}

void SessionStream::OnDone(const grpc::Status& status) {
  const std::optional<absl::Duration> asked_wait = AskedWait(context_, status);
  // The other thread may delete this as soon as it is told.
  events_->Put([&](StreamNews& news) {
    news.done = true;
    news.status = status;
    news.asked_wait = asked_wait;
  });
}

std::shared_ptr<grpc::Channel> MakeSessionChannel(const std::string& address, const std::string& server_name,
                                                  const std::string& proxy_uri,
                                                  const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  // A container's or a shell's http_proxy is for other programs.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, proxy_uri.empty() ? 0 : 1);
  if (!proxy_uri.empty()) arguments.SetString(GRPC_ARG_HTTP_PROXY, proxy_uri);
  if (!server_name.empty()) arguments.SetSslTargetNameOverride(server_name);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  // A dead peer is found and a NAT keeps its entry; without a limit on pings an idle stream keeps its own
  // alive. The timeout also bounds how long the kernel waits for bytes that nobody acknowledges.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 120'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // One attempt per channel: the session paces itself, with more jitter than gRPC has.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 300'000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // No copies kept for gRPC's own retries, no bookkeeping nobody reads, no DNS TXT lookups.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace rollcall
