#include "agent/unit_states.h"

#include <utility>

namespace rollcall {

void UnitStates::SetBackendStates(std::map<SpoolUnit, SetDigest> states) {
  const std::lock_guard lock(mutex_);
  backend_ = std::move(states);
}

std::optional<SetDigest> UnitStates::BackendDigest(const SpoolUnit& unit) const {
  const std::lock_guard lock(mutex_);
  const auto it = backend_.find(unit);
  if (it == backend_.end()) return std::nullopt;
  return it->second;
}

void UnitStates::SetBackendDigest(const SpoolUnit& unit, const SetDigest& digest) {
  const std::lock_guard lock(mutex_);
  backend_[unit] = digest;
}

void UnitStates::RequestFull(const SpoolUnit& unit) {
  const std::lock_guard lock(mutex_);
  full_requested_[unit] = true;
}

bool UnitStates::FullRequested(const SpoolUnit& unit) const {
  const std::lock_guard lock(mutex_);
  return full_requested_.contains(unit);
}

void UnitStates::ClearFullRequest(const SpoolUnit& unit) {
  const std::lock_guard lock(mutex_);
  full_requested_.erase(unit);
}

}  // namespace rollcall
