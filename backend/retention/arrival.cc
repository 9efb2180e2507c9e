#include "backend/retention/arrival.h"

#include "backend/retention/bucket_decision.h"
#include "backend/retention/bucket_machine.h"
#include "backend/retention/civil_time.h"

namespace rollcall {

ArrivalDecision DecideArrival(const RetentionPolicy& policy, const TenantTimeline& timeline, const Arrival& arrival,
                              const ArrivalLimits& limits) {
  ArrivalDecision decision;
  const absl::Duration age = arrival.received_at - arrival.collected_at;
  decision.clock_suspect = absl::AbsDuration(arrival.clock_offset) > limits.max_clock_offset ||
                           age < absl::ZeroDuration() || age > limits.max_spool_age;
  decision.collected_at = decision.clock_suspect ? arrival.received_at : arrival.collected_at;
  decision.collected_day = DayOf(decision.collected_at, policy.zone);
  if (policy.Find(arrival.category) == nullptr) {
    decision.refusal = "NO_CATEGORY";
    return decision;
  }
  Bucket bucket;
  bucket.key = {arrival.hosting_service, arrival.category, decision.collected_day};
  bucket.state = arrival.bucket_state.value_or(pb::BUCKET_ACTIVE);
  if (EvaluateBucket(policy, bucket, timeline, Detail::kDates).dates.ended_at.has_value()) {
    decision.refusal = "TERMINATED";
  } else if (NextStep(bucket.state, BucketEvent::kLateArrival, true).kind != StepKind::kStays) {
    decision.refusal = "ARCHIVED";
  } else {
    decision.accepted = true;
  }
  return decision;
}

}  // namespace rollcall
