#include "backend/retention/lifecycle_check.h"

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxId = 128;
// Far above any request; what names more is several.
constexpr int kMaxSelected = 1000;

absl::Status Bad(const pb::LifecycleEvent& event, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("event ", event.id(), ": ", what));
}

absl::Status CheckSubscription(const pb::LifecycleEvent& event, const pb::Subscription& subscription) {
  if (subscription.feature() || !subscription.hosting_service().empty()) return absl::OkStatus();
  return Bad(event, "names no subscription");
}

absl::Status CheckDated(const pb::LifecycleEvent& event, const pb::Subscription& subscription,
                        const google::protobuf::Timestamp& time, bool is_set) {
  ROLLCALL_RETURN_IF_ERROR(CheckSubscription(event, subscription));
  return is_set && FromWire(time).has_value() ? absl::OkStatus() : Bad(event, "has no time it takes effect");
}

absl::Status CheckSelector(const pb::LifecycleEvent& event, const pb::Selector& selector) {
  absl::CivilDay day;
  if (!selector.from_day().empty() && !ParseDay(selector.from_day(), &day)) return Bad(event, "from_day is no day");
  if (!selector.to_day().empty() && !ParseDay(selector.to_day(), &day)) return Bad(event, "to_day is no day");
  if (selector.categories_size() > kMaxSelected || selector.hosting_services_size() > kMaxSelected ||
      selector.hosts_size() > kMaxSelected || selector.elements_size() > kMaxSelected ||
      selector.fields_size() > kMaxSelected) {
    return Bad(event, "selects by more than 1000 names");
  }
  for (const pb::FieldCondition& condition : selector.fields()) {
    if (condition.field().empty()) return Bad(event, "selects by the value of a field it does not name");
  }
  return absl::OkStatus();
}

absl::Status CheckReference(const pb::LifecycleEvent& event, const std::string& id) {
  return id.empty() || id == event.id() ? Bad(event, "does not say which event it is about") : absl::OkStatus();
}

absl::Status CheckHold(const pb::LifecycleEvent& event) {
  const pb::HoldPlaced& hold = event.hold_placed();
  absl::CivilDay day;
  if (hold.legal_basis().empty()) return Bad(event, "names no legal basis");
  if (!ParseDay(hold.review_by(), &day)) return Bad(event, "review_by is no day");
  return CheckSelector(event, hold.selector());
}

}  // namespace

absl::Status CheckEvent(const pb::LifecycleEvent& event) {
  if (event.id().empty() || event.id().size() > kMaxId) return Bad(event, "its id has not 1 to 128 characters");
  if (!event.has_at() || !FromWire(event.at()).has_value()) return Bad(event, "has no time");
  switch (event.what_case()) {
    case pb::LifecycleEvent::kTerminationScheduled:
      return CheckDated(event, event.termination_scheduled().subscription(),
                        event.termination_scheduled().effective_at(), event.termination_scheduled().has_effective_at());
    case pb::LifecycleEvent::kTerminationCancelled:
      return CheckSubscription(event, event.termination_cancelled().subscription());
    case pb::LifecycleEvent::kResubscribed:
      return CheckDated(event, event.resubscribed().subscription(), event.resubscribed().effective_at(),
                        event.resubscribed().has_effective_at());
    case pb::LifecycleEvent::kPaidPeriod:
      return CheckDated(event, event.paid_period().subscription(), event.paid_period().ends_at(),
                        event.paid_period().has_ends_at());
    case pb::LifecycleEvent::kHostDecommissioned:
      return event.host_decommissioned().host().empty() ? Bad(event, "names no host") : absl::OkStatus();
    case pb::LifecycleEvent::kLateArrival:
      return CheckSelector(event, event.late_arrival().selector());
    case pb::LifecycleEvent::kHoldPlaced:
      return CheckHold(event);
    case pb::LifecycleEvent::kHoldReleased:
      return CheckReference(event, event.hold_released().hold());
    case pb::LifecycleEvent::kDeletionRequested:
      return CheckSelector(event, event.deletion_requested().selector());
    case pb::LifecycleEvent::kDeletionCancelled:
      return CheckReference(event, event.deletion_cancelled().request());
    case pb::LifecycleEvent::kRestrictionPlaced:
      return CheckSelector(event, event.restriction_placed().selector());
    case pb::LifecycleEvent::kRestrictionLifted:
      return CheckReference(event, event.restriction_lifted().restriction());
    case pb::LifecycleEvent::WHAT_NOT_SET:
      return Bad(event, "says nothing that is known");
  }
  return Bad(event, "says nothing that is known");
}

}  // namespace rollcall
