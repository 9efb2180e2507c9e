// Carries out what the agreement says: archives, empties, puts back, erases and deletes, and leaves proof.
//
// It decides nothing and remembers nothing: what is wanted is computed from the lifecycle store's events and states,
// and a tick that was cut off anywhere is taken up by the next one, of this process or another. docs/retention.md says
// how.
#ifndef ROLLCALL_BACKEND_ENGINE_RETENTION_ENGINE_H_
#define ROLLCALL_BACKEND_ENGINE_RETENTION_ENGINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/engine/engine_parts.h"
#include "backend/engine/tenant_pass.h"
#include "backend/engine/tick_report.h"

namespace rollcall {

// One thread. Of several engines for the same tenants, in several processes, the stores' fence stops those that know
// less; the archive admits one process.
class RetentionEngine {
 public:
  RetentionEngine(EngineParts parts, EngineOptions options);

  // Everything that is wanted now; again every few minutes, sooner if the report says `more`. Blocks for as long as the
  // work takes, and ends between two batches once `stop` is requested. While the clock is not trusted nothing is done
  // but saying so. What one bucket fails at is in the report, and does not stop the others. Errors: those of the
  // lifecycle store that concern all tenants.
  absl::StatusOr<TickReport> Tick(const StopToken& stop);

 private:
  // All of them, or as many as a tick has steps for; the next one begins where this ends.
  void LookAfterAll(std::vector<std::string> tenants, const ClockReading& reading, const StopToken& stop,
                    TickReport* report, class DeletionRound* round);
  void LookAfter(const std::string& tenant, const ClockReading& reading, size_t max_steps, const StopToken& stop,
                 TickReport* report, class DeletionRound* round);
  // What is done daily and hourly.
  void DoRegularly(const ClockReading& reading, TickReport* report);
  void Log(const TickReport& report);

  const EngineParts parts_;
  const EngineOptions options_;
  // Where the next tick begins, so that no tenant keeps another from its turn; empty: with the first.
  std::string next_tenant_;
  // Forgotten daily, for rows that took the place of others.
  PartsSeen parts_seen_;
  std::optional<absl::CivilDay> forecast_on_;
  std::optional<absl::Duration> pruned_at_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_RETENTION_ENGINE_H_
