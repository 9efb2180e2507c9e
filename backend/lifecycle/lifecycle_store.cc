#include "backend/lifecycle/lifecycle_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxName = 128;

absl::Status RequirePerson(const Caller& caller, absl::string_view what) {
  if (absl::StartsWith(caller.actor, "operator/")) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(what, ": that takes a person"));
}

std::string LineOf(const std::string& tenant, const BucketKey& key) {
  return absl::StrCat(tenant, " ", key.hosting_service, " ", pb::Category_Name(key.category), " ",
                      DayText(key.collected_day));
}

}  // namespace

absl::StatusOr<std::unique_ptr<LifecycleStore>> LifecycleStore::Open(LifecycleOptions options, Ledger* ledger,
                                                                     const Clock* clock) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<LifecycleCore> core,
                            LifecycleCore::Open(std::move(options), ledger, clock));
  return std::unique_ptr<LifecycleStore>(new LifecycleStore(std::move(core)));
}

absl::StatusOr<absl::Time> LifecycleStore::Now() {
  absl::Time at;
  ROLLCALL_RETURN_IF_ERROR(core_->ReadAll([&](SystemRows, absl::Time now) {
    at = now;
    return absl::OkStatus();
  }));
  return at;
}

absl::Status LifecycleStore::AddTenant(const Caller& caller, const std::string& name, const std::string& region) {
  const auto body = [&](SystemRows rows, absl::Time now, std::vector<pb::LedgerEntry>* entries) -> absl::Status {
    if (name.empty() || name.size() > kMaxName || region.empty() || region.size() > kMaxName) {
      return absl::InvalidArgumentError("add tenant: name and region have 1 to 128 characters");
    }
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> known, rows.Tenants());
    if (std::binary_search(known.begin(), known.end(), name)) {
      return absl::FailedPreconditionError(absl::StrCat("add tenant ", name, ": there is one of that name"));
    }
    ROLLCALL_RETURN_IF_ERROR(rows.InsertTenant(name, region, now));
    pb::LedgerEntry& entry = entries->emplace_back();
    *entry.mutable_at() = ToWire(now);
    entry.set_actor(caller.actor);
    entry.set_tenant(name);
    entry.mutable_lifecycle_noted()->set_kind(pb::LedgerEntry::LifecycleNoted::OTHER);
    entry.mutable_lifecycle_noted()->set_event_id(caller.request_id);
    return absl::OkStatus();
  };
  return core_->RunForAll(caller, "add tenant", {name, region}, body);
}

absl::StatusOr<std::vector<std::string>> LifecycleStore::Tenants() {
  std::vector<std::string> names;
  ROLLCALL_RETURN_IF_ERROR(core_->ReadAll([&](SystemRows rows, absl::Time) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(names, rows.Tenants());
    return absl::OkStatus();
  }));
  return names;
}

absl::StatusOr<TenantLifecycle> LifecycleStore::Tenant(absl::string_view name) {
  ROLLCALL_RETURN_IF_ERROR(core_->Read(name, [](TenantOperation*) { return absl::OkStatus(); }));
  return TenantLifecycle(core_.get(), std::string(name));
}

absl::StatusOr<ClockVerdict> LifecycleStore::Tick(const ClockReading& reading) {
  ClockVerdict verdict;
  const std::string key = absl::StrCat("clock ", absl::ToUnixMicros(reading.wall), " ", reading.boot_id, " ",
                                       absl::ToInt64Microseconds(reading.monotonic));
  const auto body = [&](SystemRows rows, absl::Time now, std::vector<pb::LedgerEntry>* entries) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<pb::ClockTick> last, rows.Tick());
    ROLLCALL_ASSIGN_OR_RETURN(const std::string refused_before, rows.ClockRefusal());
    verdict = CheckClock(reading, last, core_->options().clock_limits);
    const std::string reason(verdict.status.message());
    if (!verdict.status.ok() && refused_before.empty()) {
      pb::LedgerEntry& entry = entries->emplace_back();
      *entry.mutable_at() = ToWire(now);
      entry.set_actor("engine");
      entry.mutable_clock_guard_tripped()->set_reason(reason);
    }
    return rows.PutTick(verdict.next, reason);
  };
  ROLLCALL_RETURN_IF_ERROR(core_->TransactForAll(key, body));
  return verdict;
}

absl::Status LifecycleStore::ConfirmClock(const Caller& caller, const ClockReading& reading) {
  const std::vector<std::string> arguments = {TickOf(reading).SerializeAsString()};
  const auto body = [&](SystemRows rows, absl::Time now, std::vector<pb::LedgerEntry>* entries) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(RequirePerson(caller, "confirm clock"));
    if (reading.wall == absl::InfinitePast() || reading.wall == absl::InfiniteFuture()) {
      return absl::InvalidArgumentError("confirm clock: it has no time");
    }
    ROLLCALL_RETURN_IF_ERROR(rows.PutTick(TickOf(reading), ""));
    pb::LedgerEntry& entry = entries->emplace_back();
    *entry.mutable_at() = ToWire(now);
    entry.set_actor(caller.actor);
    entry.mutable_lifecycle_noted()->set_kind(pb::LedgerEntry::LifecycleNoted::OTHER);
    entry.mutable_lifecycle_noted()->set_event_id(caller.request_id);
    return absl::OkStatus();
  };
  return core_->RunForAll(caller, "confirm clock", arguments, body);
}

absl::Status LifecycleStore::ForEachBucket(std::optional<absl::Time> at, Visit visit) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, Tenants());
  for (const std::string& tenant : tenants) {
    ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant, [&](TenantOperation* operation) -> absl::Status {
      TenantTimeline timeline = operation->timeline;
      if (at.has_value() && *at > operation->at) {
        ROLLCALL_ASSIGN_OR_RETURN(timeline, FoldEvents(operation->policy(), operation->facts, *at));
      }
      ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
      BucketEvaluator evaluator(operation->policy(), timeline);
      for (const StoredBucket& bucket : buckets) {
        if (bucket.facts.state == pb::BUCKET_PURGED && bucket.late == 0) continue;
        visit(tenant, bucket, evaluator.Evaluate(bucket.facts, Detail::kBounds));
      }
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DueBucket>> LifecycleStore::Due() {
  std::vector<DueBucket> due;
  ROLLCALL_RETURN_IF_ERROR(
      ForEachBucket(std::nullopt, [&](const std::string& tenant, const StoredBucket& bucket, BucketDecision decision) {
        const bool wanted = decision.Wants(ActionKind::kPurge) || decision.Wants(ActionKind::kFinishPurge);
        if (wanted || decision.overdue) due.push_back({tenant, bucket, std::move(decision)});
      }));
  return due;
}

absl::StatusOr<std::map<absl::CivilDay, uint64_t>> LifecycleStore::Forecast(int days) {
  std::vector<BucketDecision> decisions;
  uint64_t late = 0;
  ROLLCALL_RETURN_IF_ERROR(
      ForEachBucket(std::nullopt, [&](const std::string&, const StoredBucket& bucket, BucketDecision decision) {
        if (bucket.late > 0 && !bucket.open_step.has_value()) ++late;
        // Of what has begun nothing more begins.
        if (bucket.facts.state != pb::BUCKET_PURGING) decisions.push_back(std::move(decision));
      }));
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time now, Now());
  std::map<absl::CivilDay, uint64_t> forecast = ForecastPurges(core_->policy(), decisions, now);
  if (late > 0) forecast[DayOf(now, core_->policy().zone)] += late;
  forecast.erase(forecast.lower_bound(DayOf(now, core_->policy().zone) + days), forecast.end());
  return forecast;
}

absl::Status LifecycleStore::StoreForecast() {
  // Far enough for a backend that stood still for months.
  constexpr int kDays = 400;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, Tenants());
  for (const std::string& tenant : tenants) {
    std::string key;
    ROLLCALL_RETURN_IF_ERROR(core_->Transact(tenant, "engine", std::nullopt, &key,
                                             [](TenantOperation* operation) { return operation->RefreshBuckets(); }));
  }
  ROLLCALL_ASSIGN_OR_RETURN(auto forecast, Forecast(kDays));
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time now, Now());
  const absl::CivilDay today = DayOf(now, core_->policy().zone);
  // A forecast that lists nothing is one all the same.
  uint64_t& left_over = forecast[today];
  const RetentionPolicy& policy = core_->policy();
  const auto body = [&](SystemRows rows, absl::Time, std::vector<pb::LedgerEntry>*) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const uint64_t allowed, rows.ForecastFor(policy.hash, today));
    ROLLCALL_ASSIGN_OR_RETURN(const uint64_t begun,
                              rows.PurgesBegun(StartOfDay(today, policy.zone), EndOfDay(today, policy.zone)));
    left_over = std::min(left_over, allowed - std::min(allowed, begun));
    return rows.PutForecast(policy.hash, today, forecast);
  };
  return core_->TransactForAll("", body);
}

absl::StatusOr<DryRunList> LifecycleStore::MakeDryRun(absl::CivilDay day) {
  DryRunList list;
  // The last instant of the day: what falls due on it, and ends that take effect until then.
  const absl::Time end = EndOfDay(day, core_->policy().zone) - absl::Microseconds(1);
  ROLLCALL_RETURN_IF_ERROR(
      ForEachBucket(end, [&](const std::string& tenant, const StoredBucket& bucket, const BucketDecision& decision) {
        if (decision.Wants(ActionKind::kPurge)) list.lines.push_back(LineOf(tenant, bucket.facts.key));
        if (bucket.late > 0) list.lines.push_back(absl::StrCat(LineOf(tenant, bucket.facts.key), " late"));
      }));
  std::sort(list.lines.begin(), list.lines.end());
  list.run = rollcall::MakeDryRun(core_->policy(), day, list.lines);
  ROLLCALL_RETURN_IF_ERROR(core_->TransactForAll(
      "", [&](SystemRows rows, absl::Time, std::vector<pb::LedgerEntry>*) { return rows.InsertDryRun(list.run); }));
  return list;
}

absl::Status LifecycleStore::AcknowledgeDryRun(const Caller& caller, const pb::DryRun& run) {
  const std::vector<std::string> arguments = {run.policy_hash(), run.day(), run.list_hash()};
  const auto body = [&](SystemRows rows, absl::Time now, std::vector<pb::LedgerEntry>* entries) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(RequirePerson(caller, "acknowledge dry run"));
    ROLLCALL_ASSIGN_OR_RETURN(pb::DryRun shown, rows.FindDryRun(run.policy_hash(), run.day(), run.list_hash()));
    if (shown.policy_hash() != core_->policy().hash) {
      return absl::FailedPreconditionError("acknowledge dry run: the rules changed since it was made");
    }
    if (shown.has_acknowledged_at()) {
      return absl::FailedPreconditionError(
          absl::StrCat("acknowledge dry run: ", shown.acknowledged_by(), " has acknowledged it"));
    }
    shown.set_acknowledged_by(caller.actor);
    *shown.mutable_acknowledged_at() = ToWire(now);
    ROLLCALL_RETURN_IF_ERROR(rows.AcknowledgeDryRun(shown));
    pb::LedgerEntry& entry = entries->emplace_back();
    *entry.mutable_at() = ToWire(now);
    entry.set_actor(caller.actor);
    *entry.mutable_policy() = ReferenceTo(core_->policy());
    entry.mutable_dry_run_acknowledged()->set_day(shown.day());
    entry.mutable_dry_run_acknowledged()->set_list_hash(absl::HexStringToBytes(shown.list_hash()));
    return absl::OkStatus();
  };
  return core_->RunForAll(caller, "acknowledge dry run", arguments, body);
}

absl::StatusOr<std::vector<HoldForReview>> LifecycleStore::HoldsPastReview() {
  std::vector<HoldForReview> past;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, Tenants());
  for (const std::string& tenant : tenants) {
    ROLLCALL_RETURN_IF_ERROR(core_->Read(tenant, [&](TenantOperation* operation) -> absl::Status {
      const std::string today = DayText(DayOf(operation->at, operation->policy().zone));
      ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredHold> holds, operation->rows.Holds());
      for (const StoredHold& hold : holds) {
        const bool holds_now = hold.state() == HoldState::kInForce || hold.state() == HoldState::kAwaitsRelease;
        if (holds_now && hold.body.review_by() < today) past.push_back({tenant, hold});
      }
      return absl::OkStatus();
    }));
  }
  return past;
}

absl::StatusOr<LifecycleState> LifecycleStore::State(const ClockReading& reading) {
  LifecycleState state;
  ROLLCALL_RETURN_IF_ERROR(core_->ReadAll([&](SystemRows rows, absl::Time) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<pb::ClockTick> last, rows.Tick());
    state.clock = CheckClock(reading, last, core_->options().clock_limits).status;
    if (last.has_value()) state.clock_trusted_at = FromWire(last->wall());
    ROLLCALL_ASSIGN_OR_RETURN(state.latest_dry_run, rows.LatestDryRun(core_->policy().hash));
    ROLLCALL_ASSIGN_OR_RETURN(state.acknowledged_dry_run, rows.LastAcknowledged(core_->policy().hash));
    return absl::OkStatus();
  }));
  return state;
}

}  // namespace rollcall
