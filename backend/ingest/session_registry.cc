#include "backend/ingest/session_registry.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

// Agents of a stopping backend are not all sent back at once, however few they are.
constexpr absl::Duration kLeastSpread = absl::Seconds(1);

}  // namespace

std::optional<Refusal> SessionRegistry::Open(const std::shared_ptr<ManagedSession>& session, absl::Duration monotonic) {
  const std::lock_guard lock(mutex_);
  if (draining_) return Refusal{"stopping", handshakes_.NextSlot(monotonic)};
  if (sessions_.size() >= limits_.max_sessions) return Refusal{"max_sessions", handshakes_.NextSlot(monotonic)};
  if (const std::optional<absl::Duration> wait = handshakes_.Admit(monotonic); wait.has_value()) {
    return Refusal{"handshake_rate", *wait};
  }
  sessions_.insert(session);
  UpdatePolling();
  return std::nullopt;
}

void SessionRegistry::Close(const std::shared_ptr<ManagedSession>& session, const AgentName& agent) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session);
  UpdatePolling();
  const auto it = by_agent_.find(agent);
  if (it != by_agent_.end() && it->second == session) by_agent_.erase(it);
}

void SessionRegistry::UpdatePolling() {
  if (limits_.poll_above == 0) return;
  if (sessions_.size() > limits_.poll_above) polling_ = true;
  if (sessions_.size() < limits_.poll_below) polling_ = false;
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
  if (earlier != nullptr) earlier->Supersede();
}

bool SessionRegistry::IsConnected(const AgentName& agent) const {
  const std::lock_guard lock(mutex_);
  return by_agent_.count(agent) > 0;
}

size_t SessionRegistry::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

bool SessionRegistry::polling() const {
  const std::lock_guard lock(mutex_);
  return polling_;
}

std::set<std::string> SessionRegistry::Tenants() const {
  const std::lock_guard lock(mutex_);
  return tenants_;
}

absl::Duration SessionRegistry::NextSlot(absl::Duration monotonic) {
  const std::lock_guard lock(mutex_);
  return handshakes_.NextSlot(monotonic);
}

std::vector<std::shared_ptr<ManagedSession>> SessionRegistry::Snapshot() const {
  const std::lock_guard lock(mutex_);
  return {sessions_.begin(), sessions_.end()};
}

void SessionRegistry::TickAll(absl::Time now, absl::Duration monotonic) {
  const std::vector<std::shared_ptr<ManagedSession>> sessions = Snapshot();
  for (const auto& session : sessions) session->Tick(now, monotonic);
  if (polling()) AskIdleToPoll(sessions, monotonic);
}

void SessionRegistry::AskIdleToPoll(const std::vector<std::shared_ptr<ManagedSession>>& sessions,
                                    absl::Duration monotonic) {
  if (sessions.size() < limits_.poll_below) return;
  size_t excess = sessions.size() - limits_.poll_below + 1;
  for (const auto& session : sessions) {
    if (excess > 0 && session->leaving()) --excess;
  }
  for (const auto& session : sessions) {
    if (excess == 0) return;
    if (session->AskToPoll(monotonic)) --excess;
  }
}

void SessionRegistry::DrainAll() {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
  }
  const std::vector<std::shared_ptr<ManagedSession>> sessions = Snapshot();
  const absl::Duration spread =
      std::clamp(absl::Seconds(static_cast<double>(sessions.size()) / limits_.handshakes_per_second), kLeastSpread,
                 HandshakeLimiter::kLongestWait);
  for (const auto& session : sessions) session->Drain(spread);
}

void SessionRegistry::EndAll(const absl::Status& status, absl::Duration retry_after) {
  for (const auto& session : Snapshot()) session->End(status, retry_after);
}

}  // namespace rollcall
