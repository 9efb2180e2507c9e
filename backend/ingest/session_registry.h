// Which agents are connected, who is let in, and what is done to all sessions alike.
#ifndef ROLLCALL_BACKEND_INGEST_SESSION_REGISTRY_H_
#define ROLLCALL_BACKEND_INGEST_SESSION_REGISTRY_H_

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/ingest/handshake_limiter.h"
#include "backend/store/store.h"

namespace rollcall {

// A session as the registry sees it. Methods may be called from any thread and do not block.
class ManagedSession {
 public:
  virtual ~ManagedSession() = default;
  // Ends the session if it is silent, too old or its certificate has ended.
  virtual void Tick(absl::Time now, absl::Duration monotonic) = 0;
  // The backend stops: asks the agent to come back within about `spread`, and takes nothing more
  // from it.
  virtual void Drain(absl::Duration spread) = 0;
  // Asks the agent to poll instead of holding the stream, if it has nothing under way. False if it
  // has, or was asked to leave already.
  virtual bool AskToPoll(absl::Duration monotonic) = 0;
  // Whether the agent was asked to leave.
  virtual bool leaving() const = 0;
  // Another session speaks for the agent now.
  virtual void Supersede() = 0;
  virtual void End(absl::Status status, absl::Duration retry_after) = 0;
};

struct AdmissionLimits {
  size_t max_sessions = 10000;
  // At session open; a TLS handshake costs about 3 ms of a core.
  double handshakes_per_second = 200;
  // With more sessions than this agents are told to poll, until there are fewer than
  // `poll_below`; never if 0.
  size_t poll_above = 8000;
  size_t poll_below = 7000;
};

// Why a stream is not admitted.
struct Refusal {
  // Label of a metric.
  absl::string_view reason;
  absl::Duration retry_after;
};

// Thread-safe. Calls sessions without holding its lock.
class SessionRegistry {
 public:
  explicit SessionRegistry(const AdmissionLimits& limits)
      : limits_(limits), handshakes_(limits.handshakes_per_second) {}

  // Admits a stream, which must be closed then, or says why not: `max_sessions`, `handshake_rate`,
  // or `stopping` once DrainAll was called.
  std::optional<Refusal> Open(const std::shared_ptr<ManagedSession>& session, absl::Duration monotonic);
  void Close(const std::shared_ptr<ManagedSession>& session, const AgentName& agent);

  // The session now speaks for `agent`. An earlier one that did is superseded: the agent has lost
  // it, or somebody else uses its identity.
  void SetAgent(const std::shared_ptr<ManagedSession>& session, const AgentName& agent);
  bool IsConnected(const AgentName& agent) const;
  size_t size() const;
  // Whether new sessions are told to poll.
  bool polling() const;
  // Tenants of agents that have connected since the start.
  std::set<std::string> Tenants() const;

  // When a session that is refused for lack of memory should come back.
  absl::Duration NextSlot(absl::Duration monotonic);

  // Ticks every session, and while there are too many asks idle ones to poll.
  void TickAll(absl::Time now, absl::Duration monotonic);
  // From now on no stream is admitted. Agents come back over as long as it takes to let them in.
  void DrainAll();
  void EndAll(const absl::Status& status, absl::Duration retry_after);

 private:
  std::vector<std::shared_ptr<ManagedSession>> Snapshot() const;
  void UpdatePolling();
  void AskIdleToPoll(const std::vector<std::shared_ptr<ManagedSession>>& sessions, absl::Duration monotonic);

  const AdmissionLimits limits_;
  mutable std::mutex mutex_;
  HandshakeLimiter handshakes_;
  bool draining_ = false;
  bool polling_ = false;
  std::set<std::shared_ptr<ManagedSession>> sessions_;
  std::map<AgentName, std::shared_ptr<ManagedSession>> by_agent_;
  std::set<std::string> tenants_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_SESSION_REGISTRY_H_
