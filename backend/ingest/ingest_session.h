// One agent's stream.
#ifndef ROLLCALL_BACKEND_INGEST_INGEST_SESSION_H_
#define ROLLCALL_BACKEND_INGEST_INGEST_SESSION_H_

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "backend/ingest/ingest_service.h"
#include "backend/ingest/peer_authentication.h"
#include "backend/ingest/session_outbox.h"

namespace rollcall {

// Life of a session: Hello is read and queued to the agent's worker; its Welcome opens the
// session; then each message is queued before the next is read, so a full queue stops the
// stream by flow control and nothing else. Answers come from the worker and are written one
// at a time.
//
// Reactions run on gRPC's few threads and only lock, check and queue. The object lives until
// gRPC is done with it and the last of its jobs is.
class IngestSession final : public grpc::ServerBidiReactor<pb::AgentMessage, pb::BackendMessage>,
                            public JobOwner,
                            public ManagedSession,
                            public std::enable_shared_from_this<IngestSession> {
 public:
  IngestSession(const IngestContext& context, grpc::CallbackServerContext* call, AuthenticatedPeer peer);

  // Begins reading. The object keeps itself alive from here to OnDone.
  void Start();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void OnWelcome(std::vector<UnitInfo> units) override;
  void OnCommitted(uint64_t sequence) override;
  void OnResync(pb::Resync resync) override;
  void OnRefused(absl::Status status) override;
  void OnJobDone() override;

  void Tick(absl::Time now, absl::Duration monotonic) override;
  void Drain(absl::Duration reconnect_after) override;
  void End(absl::Status status) override;

 private:
  enum class Phase { kAwaitHello, kGreeting, kOpen };

  // All below: with mutex_ held.
  void HandleMessage();
  void HandleHello(const pb::Hello& hello);
  void HandleBatch(pb::Batch batch);
  void HandleHeartbeat(const pb::Heartbeat& heartbeat);
  // Queues parked_ or leaves it for later; reads on once it is queued.
  void Submit();
  void ReadNext();
  // Ends the session with an error that is the agent's to fix; `reason` is a metric label.
  void Refuse(absl::string_view reason, absl::Status status);
  void SetFinal(absl::Status status);
  // Sends what waits; finishes when all is said.
  void Pump();

  const IngestContext context_;
  grpc::CallbackServerContext* const call_;
  const AuthenticatedPeer peer_;
  const AgentName agent_;

  std::mutex mutex_;
  std::shared_ptr<IngestSession> self_;
  Phase phase_ = Phase::kAwaitHello;
  pb::AgentMessage incoming_;
  pb::BackendMessage outgoing_;
  SessionOutbox outbox_;
  bool write_in_flight_ = false;
  bool read_closed_ = false;
  bool draining_ = false;
  bool drain_sent_ = false;
  bool finished_ = false;
  bool done_ = false;
  std::optional<absl::Status> final_;
  absl::Duration final_since_;
  size_t jobs_ = 0;
  std::optional<Job> parked_;
  bool parked_counted_ = false;
  AgentContact contact_;
  std::optional<uint64_t> last_sequence_;
  absl::Duration opened_;
  absl::Duration last_heard_;
  absl::Duration last_contact_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_INGEST_SESSION_H_
