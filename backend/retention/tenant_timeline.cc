#include "backend/retention/tenant_timeline.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/lifecycle_check.h"
#include "backend/retention/retention_policy.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

template <typename Values, typename Value>
bool Contains(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// An event with what orders it.
struct Known {
  absl::Time at;
  // At the same instant: terminations, then withdrawals, then returns; then the rest, which do not interfere.
  int rank = 3;
  absl::Time effective = absl::InfinitePast();
  const pb::LifecycleEvent* event = nullptr;

  auto Key() const { return std::tie(at, rank, effective, event->id()); }
};

Known Order(const pb::LifecycleEvent& event) {
  Known known;
  known.at = *FromWire(event.at());
  known.event = &event;
  switch (event.what_case()) {
    case pb::LifecycleEvent::kTerminationScheduled:
      known.rank = 0;
      known.effective = *FromWire(event.termination_scheduled().effective_at());
      break;
    case pb::LifecycleEvent::kTerminationCancelled:
      known.rank = 1;
      break;
    case pb::LifecycleEvent::kResubscribed:
      known.rank = 2;
      known.effective = *FromWire(event.resubscribed().effective_at());
      break;
    case pb::LifecycleEvent::kPaidPeriod:
      known.effective = *FromWire(event.paid_period().ends_at());
      break;
    default:
      break;
  }
  return known;
}

// The events known at `now`, each once, in order.
absl::StatusOr<std::vector<Known>> KnownAt(const pb::TenantFacts& facts, absl::Time now) {
  std::vector<Known> known;
  std::map<std::string, const pb::LifecycleEvent*> by_id;
  for (const pb::LifecycleEvent& event : facts.events()) {
    ROLLCALL_RETURN_IF_ERROR(CheckEvent(event));
    const auto [it, is_new] = by_id.emplace(event.id(), &event);
    if (!is_new) {
      if (it->second->SerializeAsString() == event.SerializeAsString()) continue;
      return absl::InvalidArgumentError(absl::StrCat("event ", event.id(), " stands twice, with two contents"));
    }
    const Known one = Order(event);
    if (one.at <= now) known.push_back(one);
  }
  std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) { return a.Key() < b.Key(); });
  return known;
}

class Folder {
 public:
  Folder(const RetentionPolicy& policy, absl::Time now) : policy_(policy) { timeline_.now = now; }

  void AddService(const std::string& name) { timeline_.hosting.try_emplace(name); }

  void Apply(const Known& known, bool superseded) {
    // Two, so that an event that keeps another from happening changes the epoch as well.
    timeline_.epoch += 2;
    if (superseded) return Note(known, "another moves the end to a later date at the same instant");
    const pb::LifecycleEvent& event = *known.event;
    switch (event.what_case()) {
      case pb::LifecycleEvent::kTerminationScheduled:
        return Schedule(Of(event.termination_scheduled().subscription()), known);
      case pb::LifecycleEvent::kTerminationCancelled:
        return Withdraw(Of(event.termination_cancelled().subscription()), known);
      case pb::LifecycleEvent::kResubscribed:
        return Return(Of(event.resubscribed().subscription()), known);
      case pb::LifecycleEvent::kPaidPeriod:
        Of(event.paid_period().subscription())->paid_until = known.effective;
        return;
      case pb::LifecycleEvent::kHostDecommissioned:
        timeline_.decommissioned.push_back(event.host_decommissioned());
        return;
      case pb::LifecycleEvent::kHoldPlaced:
        return PlaceHold(known);
      case pb::LifecycleEvent::kHoldReleased:
        return Lift(event.hold_released().hold(), known, &timeline_.holds);
      case pb::LifecycleEvent::kRestrictionPlaced:
        timeline_.restrictions.push_back(
            {event.id(), known.at, std::nullopt, Checked(event.restriction_placed().selector())});
        return;
      case pb::LifecycleEvent::kRestrictionLifted:
        return Lift(event.restriction_lifted().restriction(), known, &timeline_.restrictions);
      case pb::LifecycleEvent::kDeletionRequested:
        return Request(known);
      case pb::LifecycleEvent::kDeletionCancelled:
        return CancelRequest(known);
      case pb::LifecycleEvent::kLateArrival:
      case pb::LifecycleEvent::WHAT_NOT_SET:
        return;
    }
  }

  TenantTimeline Finish() {
    for (auto& [name, subscription] : timeline_.hosting) Advance(&subscription, timeline_.now);
    Advance(&timeline_.feature, timeline_.now);
    return std::move(timeline_);
  }

 private:
  template <typename... Parts>
  void Note(const Known& known, const Parts&... parts) {
    timeline_.notes.push_back(absl::StrCat("event ", known.event->id(), " changes nothing: ", parts...));
  }

  SubscriptionState* Of(const pb::Subscription& subscription) {
    return subscription.feature() ? &timeline_.feature : &timeline_.hosting[subscription.hosting_service()];
  }

  // An end at the very instant of a withdrawal is withdrawn.
  static absl::Time JustBefore(absl::Time time) { return time - absl::Nanoseconds(1); }

  // Lets what was announced happen, until and including `time`, in its order.
  void Advance(SubscriptionState* s, absl::Time time) {
    while (true) {
      const absl::Time end = s->ends_at.value_or(absl::InfiniteFuture());
      const absl::Time back = s->resumes_at.value_or(absl::InfiniteFuture());
      if (std::min(end, back) > time || std::min(end, back) == absl::InfiniteFuture()) return;
      ++timeline_.epoch;
      if (end <= back) {
        s->ended_at = end;
        s->ends_at.reset();
      } else {
        s->ended_at.reset();
        s->resumes_at.reset();
      }
    }
  }

  void Schedule(SubscriptionState* s, const Known& known) {
    Advance(s, JustBefore(known.at));
    const bool resumes_before = s->resumes_at.has_value() && *s->resumes_at < known.effective;
    if (s->ended_at.has_value() && !resumes_before) return Note(known, "it ended before");
    s->ends_at = known.effective;
  }

  void Withdraw(SubscriptionState* s, const Known& known) {
    Advance(s, JustBefore(known.at));
    if (!s->ends_at.has_value()) return Note(known, s->ended_at ? "it has ended" : "no end is announced");
    s->ends_at.reset();
  }

  void Return(SubscriptionState* s, const Known& known) {
    Advance(s, known.at);
    if (!s->ended_at.has_value() && !s->ends_at.has_value()) return Note(known, "it runs");
    if (known.effective > known.at && (s->ended_at.has_value() || *s->ends_at < known.effective)) {
      s->resumes_at = known.effective;
      return;
    }
    // The customer is back, or stays: an end that is still to come is withdrawn with it.
    s->ended_at.reset();
    s->ends_at.reset();
    s->resumes_at.reset();
  }

  static Selection Checked(const pb::Selector& selector) {
    Selection selection;
    selection.of = selector;
    if (!selector.from_day().empty()) absl::ParseCivilTime(selector.from_day(), &selection.from_day);
    if (!selector.to_day().empty()) absl::ParseCivilTime(selector.to_day(), &selection.to_day);
    return selection;
  }

  void PlaceHold(const Known& known) {
    const pb::Selector& selector = known.event->hold_placed().selector();
    timeline_.holds.push_back({known.event->id(), known.at, std::nullopt, Checked(selector)});
  }

  void Lift(const std::string& id, const Known& known, std::vector<KnownOrder>* orders) {
    for (KnownOrder& order : *orders) {
      if (order.id != id) continue;
      if (order.lifted_at.has_value()) return Note(known, id, " was lifted before");
      order.lifted_at = known.at;
      return;
    }
    Note(known, "there is no ", id, " to lift");
  }

  void Request(const Known& known) {
    Selection selection = Checked(known.event->deletion_requested().selector());
    selection.to_day = std::min(selection.to_day, DayOf(known.at, policy_.zone));
    timeline_.requests.push_back({known.event->id(), known.at, std::move(selection)});
  }

  void CancelRequest(const Known& known) {
    const std::string& id = known.event->deletion_cancelled().request();
    const auto request = std::find_if(timeline_.requests.begin(), timeline_.requests.end(),
                                      [&](const KnownRequest& r) { return r.id == id; });
    if (request == timeline_.requests.end()) return Note(known, "there is no request ", id);
    const uint32_t hours = policy_.data.service_levels().cooling_off_hours();
    if (known.at >= request->requested_at + absl::Hours(hours)) {
      return Note(known, "request ", id, " could be taken back for ", hours, " hours");
    }
    timeline_.requests.erase(request);
  }

  const RetentionPolicy& policy_;
  TenantTimeline timeline_;
};

// Whether `known[i]` moves an end that the next event moves at the same instant: the later date counts.
bool IsSuperseded(const std::vector<Known>& known, size_t i) {
  if (!known[i].event->has_termination_scheduled()) return false;
  const std::string subscription = known[i].event->termination_scheduled().subscription().SerializeAsString();
  for (size_t j = i + 1; j < known.size() && known[j].at == known[i].at; ++j) {
    const pb::LifecycleEvent& other = *known[j].event;
    if (other.has_termination_scheduled() &&
        other.termination_scheduled().subscription().SerializeAsString() == subscription) {
      return true;
    }
  }
  return false;
}

// What a release or a cancellation refers to comes first at the same instant, whatever its id.
bool RefersBack(const pb::LifecycleEvent& event) {
  return event.has_hold_released() || event.has_restriction_lifted() || event.has_deletion_cancelled();
}

}  // namespace

Coverage Selection::Covers(const BucketKey& bucket) const {
  if (bucket.collected_day < from_day || bucket.collected_day > to_day) return Coverage::kNone;
  if (!of.categories().empty() && !Contains(of.categories(), bucket.category)) return Coverage::kNone;
  if (!of.hosting_services().empty() && !Contains(of.hosting_services(), bucket.hosting_service)) {
    return Coverage::kNone;
  }
  return of.hosts().empty() && of.elements().empty() && of.fields().empty() ? Coverage::kWhole : Coverage::kPart;
}

bool Selection::Touches(const BucketKey& bucket) const {
  if (bucket.hosting_service != kAllServices) return Covers(bucket) != Coverage::kNone;
  Selection any_service = *this;
  any_service.of.clear_hosting_services();
  return any_service.Covers(bucket) != Coverage::kNone;
}

absl::StatusOr<TenantTimeline> FoldEvents(const RetentionPolicy& policy, const pb::TenantFacts& facts, absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<Known> known, KnownAt(facts, now));
  std::stable_sort(known.begin(), known.end(), [](const Known& a, const Known& b) {
    return std::make_tuple(a.at, RefersBack(*a.event)) < std::make_tuple(b.at, RefersBack(*b.event));
  });
  Folder folder(policy, now);
  for (const std::string& service : facts.hosting_services()) folder.AddService(service);
  for (size_t i = 0; i < known.size(); ++i) folder.Apply(known[i], IsSuperseded(known, i));
  return folder.Finish();
}

}  // namespace rollcall
