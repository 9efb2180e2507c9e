#include "backend/ingest/session_registry.h"

#include <utility>

namespace rollcall {

bool SessionRegistry::Open(const std::shared_ptr<ManagedSession>& session) {
  const std::lock_guard lock(mutex_);
  if (draining_ || sessions_.size() >= max_sessions_) return false;
  sessions_.insert(session);
  return true;
}

void SessionRegistry::Close(const std::shared_ptr<ManagedSession>& session) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session);
  for (auto it = by_agent_.begin(); it != by_agent_.end(); ++it) {
    if (it->second != session) continue;
    by_agent_.erase(it);
    return;
  }
}

void SessionRegistry::SetAgent(const std::shared_ptr<ManagedSession>& session, const AgentName& agent) {
  std::shared_ptr<ManagedSession> earlier;
  {
    const std::lock_guard lock(mutex_);
    if (sessions_.count(session) == 0) return;  // it has ended meanwhile
    tenants_.insert(agent.tenant);
    std::shared_ptr<ManagedSession>& current = by_agent_[agent];
    if (current == session) return;
    earlier = std::exchange(current, session);
  }
  if (earlier != nullptr) earlier->End(absl::AbortedError("continue session: the agent has opened another one"));
}

bool SessionRegistry::IsConnected(const AgentName& agent) const {
  const std::lock_guard lock(mutex_);
  return by_agent_.count(agent) > 0;
}

size_t SessionRegistry::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

std::set<std::string> SessionRegistry::Tenants() const {
  const std::lock_guard lock(mutex_);
  return tenants_;
}

bool SessionRegistry::Park(size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (parked_bytes_ + bytes > max_parked_bytes_) return false;
  parked_bytes_ += bytes;
  return true;
}

void SessionRegistry::Unpark(size_t bytes) {
  const std::lock_guard lock(mutex_);
  parked_bytes_ -= bytes;
}

std::vector<std::shared_ptr<ManagedSession>> SessionRegistry::Snapshot() const {
  const std::lock_guard lock(mutex_);
  return {sessions_.begin(), sessions_.end()};
}

void SessionRegistry::TickAll(absl::Time now, absl::Duration monotonic) {
  for (const auto& session : Snapshot()) session->Tick(now, monotonic);
}

void SessionRegistry::DrainAll(absl::Duration reconnect_after) {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
  }
  for (const auto& session : Snapshot()) session->Drain(reconnect_after);
}

void SessionRegistry::EndAll(const absl::Status& status) {
  for (const auto& session : Snapshot()) session->End(status);
}

}  // namespace rollcall
