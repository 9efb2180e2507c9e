// Services and their ends.
#include "absl/strings/str_cat.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/retention_policy.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxName = 256;

std::string TimeArgument(absl::Time time) { return absl::StrCat(absl::ToUnixNanos(time)); }

std::string NameOf(const pb::Subscription& subscription) {
  return subscription.feature() ? "the feature" : subscription.hosting_service();
}

absl::Status CheckName(absl::string_view name) {
  if (!name.empty() && name.size() <= kMaxName && name != kAllServices) return absl::OkStatus();
  return absl::InvalidArgumentError("check hosting service: its name is empty, longer than 256 characters, or ALL");
}

// Where the subscription stands. NotFound if the tenant has no such service.
absl::StatusOr<SubscriptionState> StateOf(const TenantOperation& operation, const pb::Subscription& subscription) {
  if (subscription.feature()) return operation.timeline.feature;
  ROLLCALL_RETURN_IF_ERROR(CheckName(subscription.hosting_service()));
  // Only what was added is there: an event about another service would have made it.
  const auto it = operation.timeline.hosting.find(subscription.hosting_service());
  if (it != operation.timeline.hosting.end()) return it->second;
  return absl::NotFoundError(absl::StrCat("find hosting service ", subscription.hosting_service(), ": there is none"));
}

// A time on the wire that is neither absurd nor too long ago.
absl::Status CheckEffective(const TenantOperation& operation, absl::Time effective_at) {
  if (FromWire(ToWire(effective_at)) != effective_at) {
    return absl::InvalidArgumentError("check date: it is outside the years 1 to 9999");
  }
  if (effective_at >= operation.at - operation.options().max_backdating) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("check date: it is more than ", absl::FormatDuration(operation.options().max_backdating), " ago"));
}

pb::LifecycleEvent Termination(const Caller& caller, const pb::Subscription& subscription, absl::Time effective_at) {
  pb::LifecycleEvent event;
  event.set_id(caller.request_id);
  *event.mutable_termination_scheduled()->mutable_subscription() = subscription;
  *event.mutable_termination_scheduled()->mutable_effective_at() = ToWire(effective_at);
  return event;
}

// Whether the end of the subscription is one the category's periods count from.
bool HangsOn(const RetentionPolicy& policy, pb::Category category, bool feature) {
  const pb::CategoryRules* rules = policy.Find(category);
  if (rules == nullptr) return false;
  for (const pb::RetainRule& rule : rules->retain()) {
    if (rule.trigger() != pb::RetainRule::TERMINATED) continue;
    if (rule.scope() == pb::HOSTING_OR_FEATURE || rule.scope() == (feature ? pb::FEATURE : pb::HOSTING)) return true;
  }
  return false;
}

// What is left of the subscription's buckets, and what was lost since it ended.
absl::Status Count(const pb::Subscription& subscription, std::optional<absl::Time> ended_at,
                   TenantOperation* operation) {
  pb::Restoration* restoration = operation->answer.mutable_restoration();
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
  for (const StoredBucket& bucket : buckets) {
    const BucketKey& key = bucket.facts.key;
    if (!HangsOn(operation->policy(), key.category, subscription.feature())) continue;
    const bool own = subscription.feature() || key.hosting_service == subscription.hosting_service() ||
                     key.hosting_service == kAllServices;
    if (!own) continue;
    if (bucket.facts.state == pb::BUCKET_PURGING) {
      restoration->set_lost(restoration->lost() + 1);
    } else if (bucket.facts.state != pb::BUCKET_PURGED) {
      restoration->set_kept(restoration->kept() + 1);
    } else if (ended_at.has_value() && bucket.state_since >= *ended_at) {
      restoration->set_lost(restoration->lost() + 1);
    }
  }
  restoration->set_complete(restoration->lost() == 0);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::AddService(const Caller& caller, const std::string& service) {
  return core_->Run(tenant_, caller, "add service", {service}, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(CheckName(service));
    if (operation->timeline.hosting.count(service) > 0) {
      return absl::FailedPreconditionError(absl::StrCat("add service ", service, ": the tenant has it already"));
    }
    ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertService(service));
    ROLLCALL_RETURN_IF_ERROR(operation->Load());
    pb::LedgerEntry::LifecycleNoted* noted = operation->AddEntry()->mutable_lifecycle_noted();
    noted->set_kind(pb::LedgerEntry::LifecycleNoted::OTHER);
    noted->set_event_id(caller.request_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::ScheduleTermination(const Caller& caller,
                                                                         const pb::Subscription& subscription,
                                                                         absl::Time effective_at) {
  const std::vector<std::string> arguments = {subscription.SerializeAsString(), TimeArgument(effective_at)};
  return core_->Run(
      tenant_, caller, "schedule termination", arguments, [&](TenantOperation* operation) -> absl::Status {
        ROLLCALL_ASSIGN_OR_RETURN(const SubscriptionState state, StateOf(*operation, subscription));
        ROLLCALL_RETURN_IF_ERROR(CheckEffective(*operation, effective_at));
        if (state.ends_at.has_value()) {
          return absl::FailedPreconditionError(
              absl::StrCat("schedule termination of ", NameOf(subscription), ": an end is announced; change that one"));
        }
        if (state.ended_at.has_value() && !(state.resumes_at.has_value() && *state.resumes_at < effective_at)) {
          return absl::FailedPreconditionError(
              absl::StrCat("schedule termination of ", NameOf(subscription), ": it has ended"));
        }
        return operation->Append(Termination(caller, subscription, effective_at),
                                 pb::LedgerEntry::LifecycleNoted::TERMINATION);
      });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::ChangeTermination(const Caller& caller,
                                                                       const pb::Subscription& subscription,
                                                                       absl::Time effective_at) {
  const std::vector<std::string> arguments = {subscription.SerializeAsString(), TimeArgument(effective_at)};
  return core_->Run(tenant_, caller, "change termination", arguments, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const SubscriptionState state, StateOf(*operation, subscription));
    ROLLCALL_RETURN_IF_ERROR(CheckEffective(*operation, effective_at));
    if (!state.ends_at.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat("change termination of ", NameOf(subscription), ": no end is announced"));
    }
    // Ended, to resume, and then to end again: that end cannot move before the return.
    if (state.ended_at.has_value() && !(state.resumes_at.has_value() && *state.resumes_at < effective_at)) {
      return absl::FailedPreconditionError(
          absl::StrCat("change termination of ", NameOf(subscription), ": it would end before it resumes"));
    }
    return operation->Append(Termination(caller, subscription, effective_at),
                             pb::LedgerEntry::LifecycleNoted::TERMINATION);
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::CancelTermination(const Caller& caller,
                                                                       const pb::Subscription& subscription) {
  const std::vector<std::string> arguments = {subscription.SerializeAsString()};
  return core_->Run(tenant_, caller, "cancel termination", arguments, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const SubscriptionState state, StateOf(*operation, subscription));
    if (!state.ends_at.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat("cancel termination of ", NameOf(subscription), ": no end is announced"));
    }
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    *event.mutable_termination_cancelled()->mutable_subscription() = subscription;
    return operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::TERMINATION);
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::Resubscribe(const Caller& caller,
                                                                 const pb::Subscription& subscription,
                                                                 absl::Time effective_at, uint64_t expected_epoch) {
  const std::vector<std::string> arguments = {subscription.SerializeAsString(), TimeArgument(effective_at),
                                              absl::StrCat(expected_epoch)};
  return core_->Run(tenant_, caller, "resubscribe", arguments, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const SubscriptionState state, StateOf(*operation, subscription));
    ROLLCALL_RETURN_IF_ERROR(CheckEffective(*operation, effective_at));
    if (operation->timeline.epoch != expected_epoch) {
      return absl::AbortedError(absl::StrCat("resubscribe to ", NameOf(subscription), ": the tenant's epoch is ",
                                             operation->timeline.epoch, ", not ", expected_epoch,
                                             "; something became known, look again"));
    }
    if (!state.ended_at.has_value() && !state.ends_at.has_value()) {
      return absl::FailedPreconditionError(absl::StrCat("resubscribe to ", NameOf(subscription), ": it runs"));
    }
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    *event.mutable_resubscribed()->mutable_subscription() = subscription;
    *event.mutable_resubscribed()->mutable_effective_at() = ToWire(effective_at);
    ROLLCALL_RETURN_IF_ERROR(operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::RESUBSCRIPTION));
    return Count(subscription, state.ended_at, operation);
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::NotePaidPeriod(const Caller& caller,
                                                                    const pb::Subscription& subscription,
                                                                    absl::Time ends_at) {
  const std::vector<std::string> arguments = {subscription.SerializeAsString(), TimeArgument(ends_at)};
  return core_->Run(tenant_, caller, "note paid period", arguments, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(StateOf(*operation, subscription).status());
    ROLLCALL_RETURN_IF_ERROR(CheckEffective(*operation, ends_at));
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    *event.mutable_paid_period()->mutable_subscription() = subscription;
    *event.mutable_paid_period()->mutable_ends_at() = ToWire(ends_at);
    return operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::OTHER);
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::DecommissionHost(const Caller& caller, const std::string& host,
                                                                      const std::string& service) {
  return core_->Run(
      tenant_, caller, "decommission host", {host, service}, [&](TenantOperation* operation) -> absl::Status {
        pb::Subscription of;
        of.set_hosting_service(service);
        ROLLCALL_RETURN_IF_ERROR(StateOf(*operation, of).status());
        for (const pb::HostDecommissioned& gone : operation->timeline.decommissioned) {
          if (gone.host() != host || gone.hosting_service() != service) continue;
          return absl::FailedPreconditionError(absl::StrCat("decommission host ", host, ": it is gone already"));
        }
        pb::LifecycleEvent event;
        event.set_id(caller.request_id);
        event.mutable_host_decommissioned()->set_host(host);
        event.mutable_host_decommissioned()->set_hosting_service(service);
        return operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::OTHER);
      });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::NoteLateArrival(const Caller& caller, Arrival arrival) {
  const std::vector<std::string> arguments = {arrival.hosting_service, absl::StrCat(arrival.category),
                                              TimeArgument(arrival.collected_at), TimeArgument(arrival.received_at),
                                              absl::FormatDuration(arrival.clock_offset)};
  return core_->Run(tenant_, caller, "note late arrival", arguments, [&](TenantOperation* operation) -> absl::Status {
    const RetentionPolicy& policy = operation->policy();
    if (arrival.hosting_service != kAllServices) {
      pb::Subscription of;
      of.set_hosting_service(arrival.hosting_service);
      ROLLCALL_RETURN_IF_ERROR(StateOf(*operation, of).status());
    }
    ArrivalDecision decision = DecideArrival(policy, operation->timeline, arrival, operation->options().arrival_limits);
    const BucketKey key = {arrival.hosting_service, arrival.category, decision.collected_day};
    const absl::StatusOr<StoredBucket> bucket = operation->rows.FindBucket(key);
    if (!bucket.ok() && !absl::IsNotFound(bucket.status())) return bucket.status();
    if (bucket.ok()) {
      arrival.bucket_state = bucket->facts.state;
      decision = DecideArrival(policy, operation->timeline, arrival, operation->options().arrival_limits);
    }
    const std::string day = DayText(decision.collected_day);
    if (decision.accepted && EndOfDay(decision.collected_day, policy.zone) > operation->at) {
      return absl::FailedPreconditionError(absl::StrCat("note late arrival: ", day, " is not over"));
    }
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    pb::Selector* selector = event.mutable_late_arrival()->mutable_selector();
    selector->add_categories(arrival.category);
    selector->add_hosting_services(arrival.hosting_service);
    selector->set_from_day(day);
    selector->set_to_day(day);
    ROLLCALL_RETURN_IF_ERROR(operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::OTHER));
    pb::ArrivalAnswer* answer = operation->answer.mutable_arrival();
    answer->set_accepted(decision.accepted);
    answer->set_refusal(decision.refusal);
    answer->set_collected_day(day);
    answer->set_clock_suspect(decision.clock_suspect);
    return absl::OkStatus();
  });
}

}  // namespace rollcall
