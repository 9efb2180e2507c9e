#include "backend/retention/purge_guards.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/civil_time.h"
#include "platform/sha256.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

absl::Status Refuse(absl::string_view why) { return absl::FailedPreconditionError(why); }

// Nothing to compare with but the wall clock itself.
absl::Status CompareAcrossRestart(absl::Duration elapsed, const ClockLimits& limits) {
  if (elapsed < -limits.max_jump) {
    return Refuse(absl::StrCat("clock went back by ", absl::FormatDuration(-elapsed), " over a restart"));
  }
  if (elapsed > limits.max_pause) {
    return Refuse(absl::StrCat("clock is ", absl::FormatDuration(elapsed),
                               " later than before the restart; a person has to confirm that"));
  }
  return absl::OkStatus();
}

absl::Status Compare(const ClockReading& reading, const pb::ClockTick& last, const ClockLimits& limits) {
  const std::optional<absl::Time> wall = FromWire(last.wall());
  const std::optional<absl::Duration> monotonic = FromWire(last.monotonic());
  if (!last.has_wall() || !wall.has_value() || !monotonic.has_value()) return Refuse("last tick cannot be read");
  const absl::Duration elapsed = reading.wall - *wall;
  if (reading.boot_id.empty() || reading.boot_id != last.boot_id()) return CompareAcrossRestart(elapsed, limits);
  const absl::Duration passed = reading.monotonic - *monotonic;
  if (passed < absl::ZeroDuration()) return Refuse("monotonic clock went back");
  if (elapsed - passed > limits.max_jump) {
    return Refuse(absl::StrCat("clock jumped ahead by ", absl::FormatDuration(elapsed - passed)));
  }
  if (passed - elapsed > limits.max_jump) {
    return Refuse(absl::StrCat("clock jumped back by ", absl::FormatDuration(passed - elapsed)));
  }
  return absl::OkStatus();
}

absl::Status CheckReading(const ClockReading& reading, const ClockLimits& limits) {
  if (reading.wall == absl::InfinitePast() || reading.wall == absl::InfiniteFuture())
    return Refuse("clock has no time");
  if (!reading.synchronised) return Refuse("clock is not synchronised with an outside source");
  if (reading.uncertainty < absl::ZeroDuration() || reading.uncertainty > limits.max_uncertainty) {
    return Refuse(absl::StrCat("clock is uncertain by ", absl::FormatDuration(reading.uncertainty)));
  }
  return absl::OkStatus();
}

std::string At(absl::Time time) { return absl::FormatTime(time, absl::UTCTimeZone()); }

}  // namespace

pb::ClockTick TickOf(const ClockReading& reading) {
  pb::ClockTick tick;
  *tick.mutable_wall() = ToWire(reading.wall);
  *tick.mutable_monotonic() = ToWire(reading.monotonic);
  tick.set_boot_id(reading.boot_id);
  return tick;
}

ClockVerdict CheckClock(const ClockReading& reading, const std::optional<pb::ClockTick>& last,
                        const ClockLimits& limits) {
  ClockVerdict verdict;
  verdict.status = CheckReading(reading, limits);
  if (verdict.status.ok() && last.has_value()) verdict.status = Compare(reading, *last, limits);
  verdict.next = verdict.status.ok() ? TickOf(reading) : last.value_or(pb::ClockTick());
  return verdict;
}

absl::Status CheckVolume(uint64_t forecast, uint64_t wanted) {
  // forecast * 1.2 + 1, without overflow.
  if (wanted <= forecast || wanted - forecast <= forecast / 5 + 1) return absl::OkStatus();
  return Refuse(absl::StrCat("it is time for ", wanted, " buckets, and ", forecast, " were forecast"));
}

std::map<absl::CivilDay, uint64_t> ForecastPurges(const RetentionPolicy& policy,
                                                  const std::vector<BucketDecision>& decisions, absl::Time now) {
  std::map<absl::CivilDay, uint64_t> days;
  for (const BucketDecision& decision : decisions) {
    const RetentionDecision& dates = decision.dates;
    if (dates.held || !dates.deadline.has_value()) continue;
    // One that was purged wants nothing any more.
    if (decision.wanted == pb::BUCKET_PURGED && decision.actions.empty()) continue;
    ++days[DayOf(std::max(dates.due_from, now), policy.zone)];
  }
  return days;
}

pb::DryRun MakeDryRun(const RetentionPolicy& policy, absl::CivilDay day, std::vector<std::string> buckets) {
  std::sort(buckets.begin(), buckets.end());
  pb::DryRun run;
  run.set_policy_hash(policy.hash);
  run.set_day(DayText(day));
  run.set_buckets(buckets.size());
  run.set_list_hash(Sha256Hex(absl::StrJoin(buckets, "\n")));
  return run;
}

absl::Status CheckDryRun(const std::optional<pb::DryRun>& acknowledged, const RetentionPolicy& policy) {
  if (!acknowledged.has_value() || acknowledged->acknowledged_by().empty() || !acknowledged->has_acknowledged_at()) {
    return Refuse("no dry run was acknowledged");
  }
  if (acknowledged->policy_hash() != policy.hash || policy.hash.empty()) {
    return Refuse("the rules changed since the dry run that was acknowledged");
  }
  return absl::OkStatus();
}

absl::Status GuardPurge(const PurgeGuard& guard) {
  std::vector<std::string> blockers;
  const auto need = [&](bool holds, absl::string_view otherwise) {
    if (!holds) blockers.emplace_back(otherwise);
  };
  const auto need_ok = [&](const absl::Status& status) { need(status.ok(), std::string(status.message())); };
  const RetentionDecision& dates = guard.decision->dates;
  const absl::Time surely = guard.clock.wall - guard.clock.uncertainty;
  need(!dates.held, absl::StrCat("held by ", absl::StrJoin(guard.decision->holds, ", ")));
  need(dates.deadline.has_value() || dates.held, "there is no date by which it must be gone");
  need(dates.held || surely >= std::max(dates.not_before, dates.due_from),
       absl::StrCat("it is not due before ", At(std::max(dates.not_before, dates.due_from))));
  need(guard.decision->epoch == guard.picked_epoch, "something became known about the tenant since it was picked");
  need(!guard.policy->hash.empty() && guard.policy->hash == guard.picked_policy_hash,
       "the rules changed since it was picked");
  need_ok(guard.clock_verdict.status);
  need_ok(CheckVolume(guard.forecast, guard.wanted));
  need_ok(CheckDryRun(guard.dry_run, *guard.policy));
  return blockers.empty() ? absl::OkStatus() : Refuse(absl::StrCat("purge: ", absl::StrJoin(blockers, "; ")));
}

}  // namespace rollcall
