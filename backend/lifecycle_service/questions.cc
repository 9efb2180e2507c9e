// What is asked about a tenant's life.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/lifecycle_service/certificate_listing.h"
#include "backend/lifecycle_service/lifecycle_engine.h"
#include "backend/lifecycle_service/tenant_report.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr int kForecastDays = 30;

void PutDryRun(const std::optional<pb::DryRun>& run,
               pb::GetRetentionStatusResponse::DryRunShown* (pb::GetRetentionStatusResponse::*field)(),
               pb::GetRetentionStatusResponse* response) {
  if (!run.has_value()) return;
  pb::GetRetentionStatusResponse::DryRunShown* shown = (response->*field)();
  shown->set_day(run->day());
  shown->set_list_hash(run->list_hash());
  shown->set_acknowledged_by(run->acknowledged_by());
  if (run->has_acknowledged_at()) *shown->mutable_acknowledged_at() = run->acknowledged_at();
}

void PutClock(const ClockReading& reading, const LifecycleState& state,
              pb::GetRetentionStatusResponse::ClockState* clock) {
  *clock->mutable_wall() = ToWire(reading.wall);
  clock->set_synchronised(reading.synchronised);
  clock->set_trusted(state.clock.ok());
  clock->set_reason(std::string(state.clock.message()));
  if (state.clock_trusted_at.has_value()) *clock->mutable_last_trusted_at() = ToWire(*state.clock_trusted_at);
}

void PutEnforcement(const EnforcementState& state, pb::GetRetentionStatusResponse* response) {
  response->set_enforced(state.enforced);
  if (state.counted_at.has_value()) *response->mutable_counted_at() = ToWire(*state.counted_at);
}

}  // namespace

absl::Status LifecycleEngine::ListServices(const Access& access, const pb::ListServicesRequest&,
                                           pb::ListServicesResponse* response) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantOf(access));
  ROLLCALL_ASSIGN_OR_RETURN(const pb::TenantFacts facts, tenant.Facts());
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, tenant.Buckets());
  ROLLCALL_ASSIGN_OR_RETURN(const TenantTimeline timeline, tenant.Timeline());
  ReportServices(timeline, buckets, response);
  response->set_region(facts.region());
  return absl::OkStatus();
}

absl::Status LifecycleEngine::ListHolds(const Access& access, const pb::ListHoldsRequest& request,
                                        pb::ListHoldsResponse* response) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantOf(access));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredHold> holds, tenant.Holds());
  const std::string today = DayText(DayOf(parts_.read_clock().wall, parts_.policy->zone));
  for (const StoredHold& hold : holds) {
    if (hold.state() == HoldState::kReleased && !request.released()) continue;
    *response->add_holds() = ReportHold(hold, today);
  }
  return absl::OkStatus();
}

absl::Status LifecycleEngine::ListRequests(const Access& access, const pb::ListRequestsRequest& request,
                                           pb::ListRequestsResponse* response) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantOf(access));
  ROLLCALL_ASSIGN_OR_RETURN(const OpenRequests open, tenant.Requests());
  const auto wanted = [&](const std::string& id) { return request.id().empty() || id == request.id(); };
  for (const OpenDeletion& deletion : open.deletions) {
    if (wanted(deletion.id)) *response->add_deletions() = ReportDeletion(deletion);
  }
  for (const OpenExport& asked : open.exports) {
    if (wanted(asked.request.id)) *response->add_exports() = ReportExport(asked);
  }
  const bool found = response->deletions_size() > 0 || response->exports_size() > 0;
  if (found || request.id().empty()) return absl::OkStatus();
  return absl::NotFoundError("find request: none of that id is open");
}

absl::Status LifecycleEngine::ListCertificates(const Access& access, const pb::ListCertificatesRequest& request,
                                               pb::ListCertificatesResponse* response) const {
  return ListTenantCertificates(*parts_.ledger, access.tenant(), request, response);
}

absl::Status LifecycleEngine::GetCertificate(const Access& access, const pb::GetCertificateRequest& request,
                                             pb::DeletionCertificate* certificate) const {
  ROLLCALL_ASSIGN_OR_RETURN(*certificate,
                            ProveTenantCertificate(*parts_.ledger, *parts_.signer, access.tenant(), request));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::GetRetentionStatus(const Access& access, const pb::GetRetentionStatusRequest&,
                                                 pb::GetRetentionStatusResponse* response) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantOf(access));
  ROLLCALL_ASSIGN_OR_RETURN(const TenantTimeline timeline, tenant.Timeline());
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, tenant.Buckets());
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredHold> holds, tenant.Holds());
  ROLLCALL_ASSIGN_OR_RETURN(const OpenRequests requests, tenant.Requests());
  const ClockReading reading = parts_.read_clock();
  ROLLCALL_ASSIGN_OR_RETURN(const LifecycleState state, parts_.store->State(reading));
  *response->mutable_policy() = ReferenceTo(*parts_.policy);
  response->set_epoch(timeline.epoch);
  ReportBuckets(*parts_.policy, timeline, buckets, kForecastDays, response);
  ReportOpenRequests(requests, response);
  ReportHolds(holds, DayText(DayOf(timeline.now, parts_.policy->zone)), response);
  PutDryRun(state.latest_dry_run, &pb::GetRetentionStatusResponse::mutable_latest_dry_run, response);
  PutDryRun(state.acknowledged_dry_run, &pb::GetRetentionStatusResponse::mutable_acknowledged_dry_run, response);
  PutClock(reading, state, response->mutable_clock());
  PutEnforcement(parts_.enforcement == nullptr ? EnforcementState() : parts_.enforcement->Get(), response);
  return absl::OkStatus();
}

}  // namespace rollcall
