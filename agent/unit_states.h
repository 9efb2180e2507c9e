// What the agent and the backend each believe about every unit (collector, scope).
#ifndef ROLLCALL_AGENT_UNIT_STATES_H_
#define ROLLCALL_AGENT_UNIT_STATES_H_

#include <map>
#include <mutex>
#include <optional>

#include "agent/spool/spool.h"
#include "proto/set_digest.h"

namespace rollcall {

// Shared by the change filter (collection thread) and the session (gRPC threads).
// Thread-safe.
class UnitStates {
 public:
  // Records what the backend said it holds, in Welcome. Replaces everything known before.
  void SetBackendStates(std::map<SpoolUnit, SetDigest> states);

  // What the backend holds of the unit, as of the last Welcome and the acknowledgements
  // since; nullopt before the first contact or if it holds nothing.
  std::optional<SetDigest> BackendDigest(const SpoolUnit& unit) const;
  void SetBackendDigest(const SpoolUnit& unit, const SetDigest& digest);

  // The backend asked for the unit's complete set: the next run must be FULL.
  void RequestFull(const SpoolUnit& unit);
  bool FullRequested(const SpoolUnit& unit) const;
  void ClearFullRequest(const SpoolUnit& unit);

 private:
  mutable std::mutex mutex_;
  std::map<SpoolUnit, SetDigest> backend_;
  std::map<SpoolUnit, bool> full_requested_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_UNIT_STATES_H_
