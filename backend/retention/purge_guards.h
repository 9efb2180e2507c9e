// What must hold before anything is deleted. Pure functions over what the engine measured and persisted; each
// answers OK or FailedPrecondition with a sentence an operator can act on.
#ifndef ROLLCALL_BACKEND_RETENTION_PURGE_GUARDS_H_
#define ROLLCALL_BACKEND_RETENTION_PURGE_GUARDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/retention/bucket_decision.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

// One look at the clock.
struct ClockReading {
  absl::Time wall;
  // `wall` may be wrong by that much, either way.
  absl::Duration uncertainty;
  // Whether an outside source agrees.
  bool synchronised = false;
  // Since the host started.
  absl::Duration monotonic;
  // Of the kernel that started then.
  std::string boot_id;
};

struct ClockLimits {
  absl::Duration max_uncertainty = absl::Minutes(5);
  // Wall and monotonic time may differ by that much between two ticks.
  absl::Duration max_jump = absl::Hours(1);
  // Longer than that without a tick, and across a restart, nothing but a person can tell a jump from a pause.
  absl::Duration max_pause = absl::Hours(24 * 7);
};

struct ClockVerdict {
  // OK if a deletion may rely on the reading.
  absl::Status status;
  // To be persisted in place of the last tick. The last one itself if the reading is refused, so that a
  // clock that jumped is refused until it is right again or a person has confirmed it.
  pb::ClockTick next;
};

// Compares a reading with the last tick that was trusted; none on the first day. Malformed ticks refuse.
ClockVerdict CheckClock(const ClockReading& reading, const std::optional<pb::ClockTick>& last,
                        const ClockLimits& limits);
// The tick that a person's confirmation of a reading persists.
pb::ClockTick TickOf(const ClockReading& reading);

// Stops a tick that wants to delete more than 1.2 times the forecast for its day and one bucket.
absl::Status CheckVolume(uint64_t forecast, uint64_t wanted);

// How many whole buckets fall due per civil day of the policy's zone, from the day of `now` on; what is due
// already counts today. Held buckets and those without an end are not in it.
std::map<absl::CivilDay, uint64_t> ForecastPurges(const RetentionPolicy& policy,
                                                  const std::vector<BucketDecision>& decisions, absl::Time now);

// What a dry run shows and a person acknowledges: the buckets, one line each, sorted, so that the order they
// were found in does not matter.
pb::DryRun MakeDryRun(const RetentionPolicy& policy, absl::CivilDay day, std::vector<std::string> buckets);
// Nothing is deleted before a dry run under these very rules was acknowledged by name.
absl::Status CheckDryRun(const std::optional<pb::DryRun>& acknowledged, const RetentionPolicy& policy);

struct PurgeGuard {
  // As it was when the bucket was picked, and as it is in the transaction.
  uint64_t picked_epoch = 0;
  std::string picked_policy_hash;
  // Evaluated in the transaction, at `clock.wall`.
  const BucketDecision* decision = nullptr;
  const RetentionPolicy* policy = nullptr;
  ClockReading clock;
  ClockVerdict clock_verdict;
  // Of the whole tick.
  uint64_t forecast = 0;
  uint64_t wanted = 0;
  std::optional<pb::DryRun> dry_run;
};

// Every guard at once: due even if the clock is fast by its uncertainty, no hold, nothing new known since it
// was picked, the same rules, the clock, the volume, the dry run. The message lists all that fail. To be
// asked in the transaction that appends BucketEvent::kPurgeIntended.
absl::Status GuardPurge(const PurgeGuard& guard);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_PURGE_GUARDS_H_
