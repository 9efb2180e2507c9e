// Whether records that come in may be kept, and from which day their time counts.
#ifndef ROLLCALL_BACKEND_RETENTION_ARRIVAL_H_
#define ROLLCALL_BACKEND_RETENTION_ARRIVAL_H_

#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/retention/tenant_timeline.h"

namespace rollcall {

struct ArrivalLimits {
  // An agent whose clock is off by more is not believed about when it collected.
  absl::Duration max_clock_offset = absl::Minutes(5);
  // The longest a spool keeps anything.
  absl::Duration max_spool_age = absl::Hours(24 * 7);
};

struct Arrival {
  std::string hosting_service;
  pb::Category category = pb::CATEGORY_UNSPECIFIED;
  // As the agent says.
  absl::Time collected_at;
  absl::Time received_at;
  // The agent's clock less ours, at the handshake.
  absl::Duration clock_offset;
  // Of the bucket of its day, if there is one.
  std::optional<pb::BucketState> bucket_state;
};

struct ArrivalDecision {
  bool accepted = false;
  // Why not, for the agent: `TERMINATED`, `ARCHIVED` or `NO_CATEGORY`. After TERMINATED it wipes its spool.
  std::string refusal;
  // From when its time counts: as the agent says, or when it was received if that cannot be believed. So
  // nothing is kept until 2099 because a clock said so, and nothing deleted at once because one said 1970.
  absl::Time collected_at;
  absl::CivilDay collected_day;
  bool clock_suspect = false;
};

// Decides. Pure and total. `timeline` is folded at `received_at`.
ArrivalDecision DecideArrival(const RetentionPolicy& policy, const TenantTimeline& timeline, const Arrival& arrival,
                              const ArrivalLimits& limits);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_ARRIVAL_H_
