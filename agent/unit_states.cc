#include "agent/unit_states.h"

#include <utility>

namespace rollcall {

void UnitStates::SetBackendStates(std::map<SpoolUnit, SetDigest> states) {
  const std::lock_guard lock(mutex_);
  backend_ = std::move(states);
  for (auto& [unit, confirmed] : confirmed_) confirmed.sent = false;
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

void UnitStates::Confirm(const SpoolUnit& unit, const UnitConfirmation& confirmation) {
  const std::lock_guard lock(mutex_);
  confirmed_[unit] = {confirmation, false};
}

std::optional<absl::Time> UnitStates::EndConfirmation(const SpoolUnit& unit) {
  const std::lock_guard lock(mutex_);
  const auto it = confirmed_.find(unit);
  if (it == confirmed_.end()) return std::nullopt;
  const absl::Time started_at = it->second.confirmation.started_at;
  confirmed_.erase(it);
  return started_at;
}

std::vector<std::pair<SpoolUnit, UnitConfirmation>> UnitStates::TakeConfirmations(size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<SpoolUnit, UnitConfirmation>> taken;
  for (auto& [unit, confirmed] : confirmed_) {
    if (taken.size() == limit) break;
    if (std::exchange(confirmed.sent, true)) continue;
    taken.emplace_back(unit, confirmed.confirmation);
  }
  return taken;
}

}  // namespace rollcall
