#include "backend/engine_home/retention_figures.h"

#include <algorithm>

#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<RetentionFigures> ComputeFigures(LifecycleStore* lifecycle, absl::TimeZone zone, absl::Time now) {
  RetentionFigures figures;
  ROLLCALL_ASSIGN_OR_RETURN(const auto forecast, lifecycle->Forecast(31));
  const absl::CivilDay today = DayOf(now, zone);
  for (const auto& [date, buckets] : forecast) {
    const absl::civil_diff_t ahead = date - today;
    if (ahead <= 1) figures.due_next_1d += buckets;
    if (ahead <= 7) figures.due_next_7d += buckets;
    if (ahead <= 30) figures.due_next_30d += buckets;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<DueBucket> due, lifecycle->Due());
  for (const DueBucket& bucket : due) {
    figures.oldest_due_age = std::max(figures.oldest_due_age, now - bucket.decision.dates.due_from);
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, lifecycle->Tenants());
  for (const std::string& name : tenants) {
    ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle->Tenant(name));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, tenant.Buckets());
    for (const StoredBucket& bucket : buckets) {
      if (bucket.held && bucket.facts.state != pb::BUCKET_PURGED) ++figures.held;
    }
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<HoldForReview> holds, lifecycle->HoldsPastReview());
  figures.holds_past_review = holds.size();
  return figures;
}

}  // namespace rollcall
