// What is asked about a tenant.
#include <algorithm>

#include "backend/lifecycle/deletion_dates.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Rounded down: the last day counts 0, the first day too late -1.
int64_t DaysUntil(absl::Time time, absl::Time now) {
  return absl::ToInt64Hours(absl::Floor(time - now, absl::Hours(24))) / 24;
}

void AddBucket(const StoredBucket& bucket, pb::TenantFacts* facts) {
  pb::BucketFacts* added = facts->add_buckets();
  added->set_hosting_service(bucket.facts.key.hosting_service);
  added->set_category(bucket.facts.key.category);
  added->set_collected_day(DayText(bucket.facts.key.collected_day));
  added->set_state(bucket.facts.state);
  if (bucket.facts.first_stored_at.has_value()) {
    *added->mutable_first_stored_at() = ToWire(*bucket.facts.first_stored_at);
  }
  added->set_records(bucket.facts.records);
  added->set_bytes(bucket.facts.bytes);
  for (const std::string& request : bucket.facts.erased_for) added->add_erased_for(request);
}

absl::Status FindDeletions(TenantOperation* operation, std::vector<OpenDeletion>* open) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
  for (const KnownRequest& request : operation->timeline.requests) {
    OpenDeletion deletion;
    deletion.remaining = static_cast<uint64_t>(
        std::count_if(buckets.begin(), buckets.end(), [&](const StoredBucket& b) { return StillHas(request, b); }));
    // While it may be taken back it is open, whatever is there.
    const bool cooling = operation->at < CancellableUntil(operation->policy(), request.requested_at);
    if (deletion.remaining == 0 && !cooling) continue;
    deletion.id = request.id;
    deletion.requested_at = request.requested_at;
    deletion.dates = DatesOf(operation->policy(), operation->facts, operation->timeline, request, buckets);
    if (deletion.dates.has_deadline()) {
      deletion.days_left = DaysUntil(*FromWire(deletion.dates.deadline()), operation->at);
    }
    ROLLCALL_ASSIGN_OR_RETURN(deletion.reason, operation->rows.ReasonOfDeletion(request.id));
    open->push_back(std::move(deletion));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::TenantFacts> TenantLifecycle::Facts() {
  pb::TenantFacts facts;
  ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant_, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
    facts = operation->facts;
    for (const StoredBucket& bucket : buckets) AddBucket(bucket, &facts);
    return absl::OkStatus();
  }));
  return facts;
}

absl::StatusOr<TenantTimeline> TenantLifecycle::Timeline() {
  TenantTimeline timeline;
  ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant_, [&](TenantOperation* operation) {
    timeline = operation->timeline;
    return absl::OkStatus();
  }));
  return timeline;
}

absl::StatusOr<std::vector<StoredBucket>> TenantLifecycle::Buckets() {
  std::vector<StoredBucket> buckets;
  ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant_, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(buckets, operation->rows.Buckets());
    return absl::OkStatus();
  }));
  return buckets;
}

absl::StatusOr<std::vector<StoredHold>> TenantLifecycle::Holds() {
  std::vector<StoredHold> holds;
  ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant_, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(holds, operation->rows.Holds());
    return absl::OkStatus();
  }));
  return holds;
}

absl::StatusOr<OpenRequests> TenantLifecycle::Requests() {
  OpenRequests open;
  ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant_, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(FindDeletions(operation, &open.deletions));
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<StoredExport> exports, operation->rows.Exports(true));
    for (StoredExport& request : exports) {
      const absl::Time target = FromWire(request.body.target()).value_or(operation->at);
      open.exports.push_back({std::move(request), DaysUntil(target, operation->at)});
    }
    return absl::OkStatus();
  }));
  return open;
}

}  // namespace rollcall
