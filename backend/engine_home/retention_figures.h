// What is to be seen of retention from outside: how much is due, held, and overdue.
#ifndef ROLLCALL_BACKEND_ENGINE_HOME_RETENTION_FIGURES_H_
#define ROLLCALL_BACKEND_ENGINE_HOME_RETENTION_FIGURES_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/engine/tick_report.h"
#include "backend/lifecycle/lifecycle_store.h"

namespace rollcall {

// Of all tenants.
struct RetentionFigures {
  // Buckets that fall due by the end of so many days after today; what is due already is in all of them.
  uint64_t due_next_1d = 0;
  uint64_t due_next_7d = 0;
  uint64_t due_next_30d = 0;
  // For how long the oldest of those due has been.
  absl::Duration oldest_due_age;
  uint64_t held = 0;
  uint64_t holds_past_review = 0;
};

// What an audit of the stores found, apart from what the engine believes (backend/engine/overdue_audit.h).
struct AuditFigures {
  absl::Time at;
  // Past their deadline, and there.
  uint64_t overdue = 0;
  // In the archive, where the agreement allows none.
  uint64_t misplaced = 0;
  // Tenants that could not be looked at; the counts are of the others.
  uint64_t not_audited = 0;
};

// Computes the figures from what the lifecycle store knows at `now`; `zone` is the agreement's.
absl::StatusOr<RetentionFigures> ComputeFigures(LifecycleStore* lifecycle, absl::TimeZone zone, absl::Time now);

// Called from the engine's thread.
class RetentionObserver {
 public:
  virtual ~RetentionObserver() = default;
  virtual void OnTick(const TickReport& report) = 0;
  virtual void OnFigures(const RetentionFigures& figures) = 0;
  // Not of an audit that found nothing, and could not look at some tenant.
  virtual void OnAudit(const AuditFigures& figures) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_HOME_RETENTION_FIGURES_H_
