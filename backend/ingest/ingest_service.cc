#include "backend/ingest/ingest_service.h"

#include <memory>
#include <utility>

#include "backend/ingest/ingest_session.h"
#include "backend/ingest/peer_authentication.h"
#include "backend/ingest/retry_status.h"

namespace rollcall {
namespace {

// Ends a stream before it begins.
class RefusedStream final : public IngestReactor {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

IngestReactor* IngestService::Session(grpc::CallbackServerContext* call) {
  const auto refuse = [&](absl::string_view reason, const absl::Status& status, absl::Duration retry_after) {
    context_.observer->OnSessionRefused(reason);
    context_.logger->Warning("ingest.session_refused", "A session was refused",
                             {{"reason", reason}, {"error", status}});
    AddRetryTrailer(call, retry_after);
    return new RefusedStream(ToRetryStatus(status, retry_after));
  };
  absl::StatusOr<AuthenticatedPeer> peer = AuthenticateAgent(*call->auth_context());
  if (!peer.ok()) {
    return refuse(absl::IsPermissionDenied(peer.status()) ? "wrong_role" : "unauthenticated", peer.status(),
                  absl::ZeroDuration());
  }
  auto session = std::make_shared<IngestSession>(context_, call, *std::move(peer));
  if (const auto refusal = context_.registry->Open(session, context_.clock->Monotonic()); refusal.has_value()) {
    return refuse(refusal->reason,
                  absl::UnavailableError("open session: the backend takes no more sessions now; come back later"),
                  refusal->retry_after);
  }
  session->Start();
  return session.get();
}

}  // namespace rollcall
