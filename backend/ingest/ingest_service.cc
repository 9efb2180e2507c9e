#include "backend/ingest/ingest_service.h"

#include <memory>
#include <utility>

#include "backend/ingest/ingest_session.h"
#include "backend/ingest/peer_authentication.h"

namespace rollcall {
namespace {

// Ends a stream before it begins.
class RefusedStream final : public grpc::ServerBidiReactor<pb::AgentMessage, pb::BackendMessage> {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<pb::AgentMessage, pb::BackendMessage>* IngestService::Session(
    grpc::CallbackServerContext* call) {
  const auto refuse = [this](absl::string_view reason, const absl::Status& status) {
    context_.observer->OnSessionRefused(reason);
    context_.logger->Warning("ingest.session_refused", "A session was refused",
                             {{"reason", reason}, {"error", status}});
    return new RefusedStream(status);
  };
  absl::StatusOr<AuthenticatedPeer> peer = AuthenticatePeer(*call->auth_context(), PeerRole::kAgent);
  if (!peer.ok()) {
    return refuse(absl::IsPermissionDenied(peer.status()) ? "wrong_role" : "unauthenticated", peer.status());
  }
  auto session = std::make_shared<IngestSession>(context_, call, *std::move(peer));
  if (!context_.registry->Open(session)) {
    // RESOURCE_EXHAUSTED would read as "message too large", which is not worth trying again.
    call->AddTrailingMetadata("grpc-retry-pushback-ms", "30000");
    return refuse("overload",
                  absl::UnavailableError("open session: the backend takes no more sessions; come back later"));
  }
  session->Start();
  return session.get();
}

}  // namespace rollcall
