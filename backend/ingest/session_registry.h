// Which agents are connected, and what is done to all sessions alike.
#ifndef ROLLCALL_BACKEND_INGEST_SESSION_REGISTRY_H_
#define ROLLCALL_BACKEND_INGEST_SESSION_REGISTRY_H_

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "backend/store/store.h"

namespace rollcall {

// A session as the registry sees it. Methods may be called from any thread and do not block.
class ManagedSession {
 public:
  virtual ~ManagedSession() = default;
  // Ends the session if it is silent, too old or its certificate has ended.
  virtual void Tick(absl::Time now, absl::Duration monotonic) = 0;
  // Asks the agent to come back later and takes nothing more from it.
  virtual void Drain(absl::Duration reconnect_after) = 0;
  virtual void End(absl::Status status) = 0;
};

// Thread-safe. Calls sessions without holding its lock.
class SessionRegistry {
 public:
  explicit SessionRegistry(size_t max_sessions, size_t max_parked_bytes)
      : max_sessions_(max_sessions), max_parked_bytes_(max_parked_bytes) {}

  // Admits a stream. False if there are `max_sessions` already or the backend is draining.
  bool Open(const std::shared_ptr<ManagedSession>& session);
  void Close(const std::shared_ptr<ManagedSession>& session);

  // The session now speaks for `agent`. An earlier one that did is ended: the agent has lost
  // it, or somebody else uses its identity.
  void SetAgent(const std::shared_ptr<ManagedSession>& session, const AgentName& agent);
  bool IsConnected(const AgentName& agent) const;
  size_t size() const;
  // Tenants of agents that have connected since the start.
  std::set<std::string> Tenants() const;

  // Counts bytes that sessions hold because the workers' queues are full. False if that would
  // exceed the limit over all sessions.
  bool Park(size_t bytes);
  void Unpark(size_t bytes);

  void TickAll(absl::Time now, absl::Duration monotonic);
  // From now on no stream is admitted.
  void DrainAll(absl::Duration reconnect_after);
  void EndAll(const absl::Status& status);

 private:
  std::vector<std::shared_ptr<ManagedSession>> Snapshot() const;

  const size_t max_sessions_;
  const size_t max_parked_bytes_;
  mutable std::mutex mutex_;
  bool draining_ = false;
  size_t parked_bytes_ = 0;
  std::set<std::shared_ptr<ManagedSession>> sessions_;
  std::map<AgentName, std::shared_ptr<ManagedSession>> by_agent_;
  std::set<std::string> tenants_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_SESSION_REGISTRY_H_
