// A tenant's events, folded to where things stand at one instant.
#ifndef ROLLCALL_BACKEND_RETENTION_TENANT_TIMELINE_H_
#define ROLLCALL_BACKEND_RETENTION_TENANT_TIMELINE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/retention/policy_loader.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

// What a bucket is called by. The tenant is the timeline's.
struct BucketKey {
  // Such as `cvm:ins-1234`, or kAllServices.
  std::string hosting_service;
  pb::Category category = pb::CATEGORY_UNSPECIFIED;
  // Civil day in the policy's zone.
  absl::CivilDay collected_day;

  friend bool operator==(const BucketKey&, const BucketKey&) = default;
};

enum class Coverage { kNone, kPart, kWhole };

// A pb::Selector that was checked.
struct Selection {
  pb::Selector of;
  absl::CivilDay from_day = absl::CivilDay(1, 1, 1);
  absl::CivilDay to_day = absl::CivilDay(9999, 12, 31);

  // How much of a bucket it selects; hosts, elements and fields select a part. Pure.
  Coverage Covers(const BucketKey& bucket) const;
  // Whether it may touch the bucket at all: what belongs to all services belongs to each of them. Pure.
  bool Touches(const BucketKey& bucket) const;
};

// Whether a subscription runs.
struct SubscriptionState {
  // Unset while it runs.
  std::optional<absl::Time> ended_at;
  // What is announced and still to come.
  std::optional<absl::Time> ends_at;
  std::optional<absl::Time> resumes_at;
  std::optional<absl::Time> paid_until;
};

struct KnownRequest {
  std::string id;
  absl::Time requested_at;
  Selection selection;
};

// A hold or a restriction.
struct KnownOrder {
  std::string id;
  absl::Time placed_at;
  std::optional<absl::Time> lifted_at;
  Selection selection;
};

// Where a tenant stands at `now`. A value; computed from the events whenever it is needed, never stored.
struct TenantTimeline {
  absl::Time now;
  std::map<std::string, SubscriptionState> hosting;
  SubscriptionState feature;
  // Requests that stand.
  std::vector<KnownRequest> requests;
  std::vector<KnownOrder> holds;
  std::vector<KnownOrder> restrictions;
  std::vector<pb::HostDecommissioned> decommissioned;
  // Grows with everything that becomes known or takes effect. What was decided at one epoch may be carried
  // out only at the same: a store compares it in the transaction that begins a deletion.
  uint64_t epoch = 0;
  // Events that changed nothing, and why.
  std::vector<std::string> notes;
};

// Folds the events known at `now`. Pure; independent of the order of `facts.events`, and of repetitions.
// At the same instant, what keeps data counts last: a withdrawal after the termination, a later date
// after an earlier one. InvalidArgument for events that CheckEvent refuses and for one id with two contents: then
// nothing of the tenant may be deleted until somebody has looked.
absl::StatusOr<TenantTimeline> FoldEvents(const RetentionPolicy& policy, const pb::TenantFacts& facts, absl::Time now);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_TENANT_TIMELINE_H_
