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
// stream by flow control. Before that the agent's own window bounds what it sends, and the budget
// of all sessions what is kept. Answers come from the worker and are written one at a time.
//
// Reactions run on gRPC's few threads and only lock, check and queue. The object lives until
// gRPC is done with it and the last of its jobs is.
class IngestSession final : public IngestReactor,
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
  void Drain(absl::Duration spread) override;
  bool AskToPoll(absl::Duration monotonic) override;
  bool leaving() const override;
  void Supersede() override;
  void End(absl::Status status, absl::Duration retry_after) override;

 private:
  enum class Phase { kAwaitHello, kGreeting, kOpen };

  // All below: with mutex_ held.
  // Parses what was read; false if the session is refused for it.
  bool Decode(pb::AgentMessage* message);
  void HandleMessage(pb::AgentMessage message);
  void HandleHello(const pb::Hello& hello);
  void HandleBatch(pb::Batch batch);
  void HandleHeartbeat(const pb::Heartbeat& heartbeat);
  // Parks `job` and submits it; refuses the session if all sessions together hold too much.
  void Accept(Job job);
  // Queues parked_ or leaves it for later; reads on once it is queued.
  void Submit();
  void ReadNext();
  // Ends the session; `reason` is a metric label. With `retry_after` the agent is told to come back
  // then, without it the error is the agent's to fix.
  void Refuse(absl::string_view reason, absl::Status status, absl::Duration retry_after = absl::ZeroDuration());
  void SetFinal(absl::Status status, absl::Duration retry_after = absl::ZeroDuration());
  // Asks the agent to leave and come back then.
  void SendDrain(pb::Drain::Reason reason, absl::Duration reconnect_after);
  // Nothing of the agent's is under way, in either direction.
  bool Quiet() const;
  // Tells the agent of another window if there is reason to.
  void AdjustWindow();
  WindowSize WantedWindow() const;
  // Ends the session if the agent overstays, does not read, or says nothing.
  void EndIfStuck(absl::Duration monotonic);
  // Sends what waits; finishes when all is said.
  void Pump();

  const IngestContext context_;
  grpc::CallbackServerContext* const call_;
  const AuthenticatedPeer peer_;
  const AgentName agent_;
  const absl::Duration opened_;
  // In [0, 1), another for every session: what happens to all sessions does not happen to all at once.
  const double jitter_;

  mutable std::mutex mutex_;
  std::shared_ptr<IngestSession> self_;
  Phase phase_ = Phase::kAwaitHello;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  SessionOutbox outbox_;
  bool write_in_flight_ = false;
  // Nothing that is written arrives any more.
  bool broken_ = false;
  bool read_closed_ = false;
  bool draining_ = false;
  bool drain_sent_ = false;
  absl::Duration drained_at_;
  absl::Duration write_began_;
  bool finished_ = false;
  bool done_ = false;
  std::optional<absl::Status> final_;
  absl::Duration retry_after_;
  absl::Duration final_since_;
  size_t jobs_ = 0;
  std::optional<Job> parked_;
  CreditWindow credits_;
  AgentContact contact_;
  std::optional<uint64_t> last_sequence_;
  uint64_t heartbeats_ = 0;
  absl::Duration last_heard_;
  absl::Duration last_batch_;
  absl::Duration last_contact_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_INGEST_SESSION_H_
