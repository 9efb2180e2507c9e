// When a request for deletion will be fulfilled, by the agreement.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_DELETION_DATES_H_
#define ROLLCALL_BACKEND_LIFECYCLE_DELETION_DATES_H_

#include <vector>

#include "absl/time/time.h"
#include "backend/lifecycle/lifecycle_types.h"
#include "backend/retention/tenant_timeline.h"

namespace rollcall {

// The end of the cooling-off: never after the day the operator means to have deleted by.
absl::Time CancellableUntil(const RetentionPolicy& policy, absl::Time requested_at);

// The dates of a request that stands in `timeline`, over the tenant's buckets; over those the selector describes, from
// its last day, if it selects none that is there. Pure.
pb::DeletionDates DatesOf(const RetentionPolicy& policy, const pb::TenantFacts& facts, const TenantTimeline& timeline,
                          const KnownRequest& request, const std::vector<StoredBucket>& buckets);

// Whether the bucket still has what the request selects. Pure.
bool StillHas(const KnownRequest& request, const StoredBucket& bucket);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_DELETION_DATES_H_
