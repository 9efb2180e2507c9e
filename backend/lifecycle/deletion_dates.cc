#include "backend/lifecycle/deletion_dates.h"

#include <algorithm>

#include "backend/retention/retention_policy.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Adds up what the buckets say, one by one.
class Sum {
 public:
  Sum(const RetentionPolicy& policy, const TenantTimeline& timeline, const KnownRequest& request)
      : policy_(policy), timeline_(timeline), request_(request) {}

  void Add(const Bucket& bucket) {
    const Coverage coverage = request_.selection.Covers(bucket.key);
    if (coverage == Coverage::kNone) return;
    const BucketDecision decision = EvaluateBucket(policy_, bucket, timeline_, Detail::kDates);
    if (coverage == Coverage::kWhole) {
      dates_.set_whole_buckets(dates_.whole_buckets() + 1);
      Count(bucket, decision, decision.dates.not_before, decision.dates.deadline);
      return;
    }
    dates_.set_part_buckets(dates_.part_buckets() + 1);
    const auto part = std::find_if(decision.parts.begin(), decision.parts.end(),
                                   [&](const PartialDeletion& p) { return p.request == request_.id; });
    if (part == decision.parts.end()) {
      Count(bucket, decision, absl::InfiniteFuture(), std::nullopt);
    } else {
      Count(bucket, decision, part->not_before, part->deadline);
    }
  }

  pb::DeletionDates Finish() {
    if (restricted_) *dates_.mutable_restricted_at() = ToWire(request_.requested_at);
    const absl::Time until = CancellableUntil(policy_, request_.requested_at);
    if (until > request_.requested_at) *dates_.mutable_cancellable_until() = ToWire(until);
    if (first_ != absl::InfiniteFuture() && first_ != absl::InfinitePast()) {
      *dates_.mutable_not_before() = ToWire(first_);
    }
    absl::Time target = request_.requested_at + absl::Hours(24 * policy_.data.service_levels().request_days());
    if (last_.has_value() && dates_.held_buckets() == 0) {
      *dates_.mutable_deadline() = ToWire(*last_);
      target = std::min(target, *last_);
    }
    *dates_.mutable_target() = ToWire(target);
    if (goes_last_.has_value()) {
      for (std::string& line : EvaluateBucket(policy_, *goes_last_, timeline_).explanation) {
        dates_.add_explanation(std::move(line));
      }
    }
    return std::move(dates_);
  }

 private:
  void Count(const Bucket& bucket, const BucketDecision& decision, absl::Time not_before,
             std::optional<absl::Time> deadline) {
    if (decision.dates.held) dates_.set_held_buckets(dates_.held_buckets() + 1);
    restricted_ = restricted_ || decision.dates.restricted;
    first_ = std::min(first_, not_before);
    if (goes_last_.has_value() && (!deadline.has_value() || (last_.has_value() && *deadline <= *last_))) return;
    goes_last_ = bucket;
    if (deadline.has_value()) last_ = deadline;
  }

  const RetentionPolicy& policy_;
  const TenantTimeline& timeline_;
  const KnownRequest& request_;
  pb::DeletionDates dates_;
  bool restricted_ = false;
  absl::Time first_ = absl::InfiniteFuture();
  std::optional<absl::Time> last_;
  std::optional<Bucket> goes_last_;
};

// Buckets the selector describes, from its last day. The latest of what can be meant goes last.
std::vector<Bucket> Described(const RetentionPolicy& policy, const pb::TenantFacts& facts, const Selection& selection) {
  std::vector<std::string> services(selection.of.hosting_services().begin(), selection.of.hosting_services().end());
  if (services.empty()) {
    services.assign(facts.hosting_services().begin(), facts.hosting_services().end());
    services.emplace_back(kAllServices);
  }
  std::vector<Bucket> buckets;
  for (const std::string& service : services) {
    for (const pb::CategoryRules& rules : policy.data.categories()) {
      buckets.emplace_back().key = {service, rules.category(), selection.to_day};
    }
  }
  return buckets;
}

}  // namespace

absl::Time CancellableUntil(const RetentionPolicy& policy, absl::Time requested_at) {
  const pb::ServiceLevels& levels = policy.data.service_levels();
  return requested_at + absl::Hours(std::min(levels.cooling_off_hours(), levels.request_days() * 24));
}

pb::DeletionDates DatesOf(const RetentionPolicy& policy, const pb::TenantFacts& facts, const TenantTimeline& timeline,
                          const KnownRequest& request, const std::vector<StoredBucket>& buckets) {
  Sum sum(policy, timeline, request);
  bool any = false;
  for (const StoredBucket& bucket : buckets) {
    if (!StillHas(request, bucket)) continue;
    any = true;
    sum.Add(bucket.facts);
  }
  if (any) return sum.Finish();
  Sum described(policy, timeline, request);
  for (const Bucket& bucket : Described(policy, facts, request.selection)) described.Add(bucket);
  pb::DeletionDates dates = described.Finish();
  dates.clear_whole_buckets();
  dates.clear_part_buckets();
  return dates;
}

bool StillHas(const KnownRequest& request, const StoredBucket& bucket) {
  if (bucket.facts.state == pb::BUCKET_PURGED) return false;
  switch (request.selection.Covers(bucket.facts.key)) {
    case Coverage::kNone:
      return false;
    case Coverage::kWhole:
      return true;
    case Coverage::kPart:
      return std::find(bucket.facts.erased_for.begin(), bucket.facts.erased_for.end(), request.id) ==
             bucket.facts.erased_for.end();
  }
  return false;
}

}  // namespace rollcall
