// What the agent and the backend each believe about every unit (collector, scope).
#ifndef ROLLCALL_AGENT_UNIT_STATES_H_
#define ROLLCALL_AGENT_UNIT_STATES_H_

#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "agent/spool/spool.h"
#include "proto/set_digest.h"

namespace rollcall {

// A run of a unit that reached the spool.
struct RunNumber {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  friend bool operator==(const RunNumber&, const RunNumber&) = default;
};

// A later run that found the set and the outcome of run `confirms` again.
struct UnitConfirmation {
  RunNumber confirms;
  SetDigest digest;
  // When the confirming run started.
  absl::Time started_at;
};

// Shared by the change filter (collection thread) and the session (gRPC threads).
// Thread-safe.
class UnitStates {
 public:
  // Records what the backend said it holds, in Welcome. Replaces everything known before, and
  // makes every confirmation wait to be sent again: the backend may have lost the last ones.
  void SetBackendStates(std::map<SpoolUnit, SetDigest> states);

  // What the backend holds of the unit, as of the last Welcome and the acknowledgements
  // since; nullopt before the first contact or if it holds nothing.
  std::optional<SetDigest> BackendDigest(const SpoolUnit& unit) const;
  void SetBackendDigest(const SpoolUnit& unit, const SetDigest& digest);

  // The backend asked for the unit's complete set: the next run must be FULL.
  void RequestFull(const SpoolUnit& unit);
  bool FullRequested(const SpoolUnit& unit) const;
  void ClearFullRequest(const SpoolUnit& unit);

  // A run confirmed what the backend holds. Replaces the unit's earlier confirmation.
  void Confirm(const SpoolUnit& unit, const UnitConfirmation& confirmation);
  // A run of the unit is on its way as batches. Returns when the last confirming run started,
  // whether or not that was sent; nullopt if there was none since the last run that was sent.
  std::optional<absl::Time> EndConfirmation(const SpoolUnit& unit);
  // Confirmations not yet sent, at most `limit`; they count as sent.
  std::vector<std::pair<SpoolUnit, UnitConfirmation>> TakeConfirmations(size_t limit);

 private:
  struct Confirmed {
    UnitConfirmation confirmation;
    bool sent = false;
  };

  mutable std::mutex mutex_;
  std::map<SpoolUnit, SetDigest> backend_;
  std::map<SpoolUnit, bool> full_requested_;
  std::map<SpoolUnit, Confirmed> confirmed_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_UNIT_STATES_H_
