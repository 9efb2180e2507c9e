// Where a tenant's services, holds, requests and buckets stand, as answers say it. Pure.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_TENANT_REPORT_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_TENANT_REPORT_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "rollcall/v1/lifecycle_service.pb.h"

namespace rollcall {

// The feature, then the hosting services by name.
void ReportServices(const TenantTimeline& timeline, const std::vector<StoredBucket>& buckets,
                    pb::ListServicesResponse* response);

// `today` as DayText: in the agreement's zone.
pb::HoldRecord ReportHold(const StoredHold& hold, absl::string_view today);

pb::ListRequestsResponse::Deletion ReportDeletion(const OpenDeletion& deletion);
pb::ListRequestsResponse::Export ReportExport(const OpenExport& request);

// Counts of buckets, the oldest that is due, and the forecast of `days` days from the timeline's on.
void ReportBuckets(const RetentionPolicy& policy, const TenantTimeline& timeline,
                   const std::vector<StoredBucket>& buckets, int days, pb::GetRetentionStatusResponse* response);
void ReportOpenRequests(const OpenRequests& requests, pb::GetRetentionStatusResponse* response);
void ReportHolds(const std::vector<StoredHold>& holds, absl::string_view today,
                 pb::GetRetentionStatusResponse* response);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_TENANT_REPORT_H_
