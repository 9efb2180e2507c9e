// What should be gone and is not, found without asking the engine: from what stores and archive hold, the agreement,
// and what is known of the tenant. An engine that believes a bucket purged, or forgot it, is found out here.
#ifndef ROLLCALL_BACKEND_ENGINE_OVERDUE_AUDIT_H_
#define ROLLCALL_BACKEND_ENGINE_OVERDUE_AUDIT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/archive/archive.h"
#include "backend/retention/policy_loader.h"
#include "backend/store/bucket_store.h"
#include "platform/clock.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

struct AuditedStores {
  BucketStore* store = nullptr;
  Archive* archive = nullptr;
};

// A bucket of which something is there.
struct HeldBucket {
  BucketKey key;
  uint64_t records = 0;
  uint64_t staged = 0;
  uint64_t objects = 0;
  uint64_t uploads = 0;
  // Unset while there is none.
  std::optional<absl::Time> deadline;
};

struct OverdueReport {
  // Of which anything is there.
  uint64_t buckets = 0;
  // Past their deadline.
  std::vector<HeldBucket> overdue;
  // In the archive, though the agreement allows their category none.
  std::vector<HeldBucket> misplaced;
};

// Looks at one tenant. Of `facts` events, services, region and name count; what they say of buckets does not. The
// archive is asked for each service and day from `first_day` on, the day the deployment began. Parts of buckets that a
// request selects are not looked for: that takes reading every row. Blocks; Cancelled once `stop` is requested; errors
// are those of the stores, and FoldEvents'.
absl::StatusOr<OverdueReport> AuditOverdue(const AuditedStores& stores, const RetentionPolicy& policy,
                                           const pb::TenantFacts& facts, absl::CivilDay first_day, absl::Time now,
                                           const StopToken& stop);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_OVERDUE_AUDIT_H_
