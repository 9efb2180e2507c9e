// Evaluates the periods of an agreement.
#ifndef ROLLCALL_BACKEND_RETENTION_PERIOD_H_
#define ROLLCALL_BACKEND_RETENTION_PERIOD_H_

#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/retention/policy_loader.h"
#include "backend/retention/zone_days.h"

namespace rollcall {

// The events a period may count from.
struct Anchors {
  absl::Time collected;
  absl::Time created;
  std::optional<absl::Time> terminated;
  std::optional<absl::Time> requested;
  std::optional<absl::Time> period_end;
};

// The end of a period.
struct PeriodEnd {
  // Day, in the policy's zone, it ends on.
  absl::CivilDay day;
  // 24:00 of that day for periods in days, months and working days; exact for hours and bare events.
  absl::Time end;
  // How it came about, such as `collected 2024-02-29 + 180 days = 2024-08-27`.
  std::string text;
};

// Unset if the period counts from an event that has not happened. `text` is left empty unless wanted. `days` are those
// of the policy's zone. Pure.
std::optional<PeriodEnd> EvaluatePeriod(const pb::Expression& expression, const Anchors& anchors,
                                        const RetentionPolicy& policy, const ZoneDays& days, bool with_text = true);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_PERIOD_H_
