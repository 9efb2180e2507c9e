// Lifecycle events, written down in a line each. For tests.
#ifndef ROLLCALL_BACKEND_RETENTION_TESTING_EVENTS_H_
#define ROLLCALL_BACKEND_RETENTION_TESTING_EVENTS_H_

#include <string>

#include "absl/time/time.h"
#include "proto/wire_time.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

// A tenant's facts under construction. Subscriptions are hosting services; the feature is "".
struct EventLog {
  rollcall::v1::TenantFacts facts;

  rollcall::v1::LifecycleEvent* Add(const std::string& id, absl::Time at) {
    auto* event = facts.add_events();
    event->set_id(id);
    *event->mutable_at() = ToWire(at);
    return event;
  }
  static void Subscribe(const std::string& name, rollcall::v1::Subscription* subscription) {
    if (name.empty()) {
      subscription->set_feature(true);
    } else {
      subscription->set_hosting_service(name);
    }
  }
  void Terminate(const std::string& id, absl::Time at, const std::string& name, absl::Time effective) {
    auto* what = Add(id, at)->mutable_termination_scheduled();
    Subscribe(name, what->mutable_subscription());
    *what->mutable_effective_at() = ToWire(effective);
  }
  void Withdraw(const std::string& id, absl::Time at, const std::string& name) {
    Subscribe(name, Add(id, at)->mutable_termination_cancelled()->mutable_subscription());
  }
  void Return(const std::string& id, absl::Time at, const std::string& name, absl::Time effective) {
    auto* what = Add(id, at)->mutable_resubscribed();
    Subscribe(name, what->mutable_subscription());
    *what->mutable_effective_at() = ToWire(effective);
  }
  void Paid(const std::string& id, absl::Time at, const std::string& name, absl::Time until) {
    auto* what = Add(id, at)->mutable_paid_period();
    Subscribe(name, what->mutable_subscription());
    *what->mutable_ends_at() = ToWire(until);
  }
  rollcall::v1::Selector* Hold(const std::string& id, absl::Time at) {
    auto* what = Add(id, at)->mutable_hold_placed();
    what->set_legal_basis("court order");
    what->set_review_by("2030-01-01");
    return what->mutable_selector();
  }
  void Release(const std::string& id, absl::Time at, const std::string& hold) {
    Add(id, at)->mutable_hold_released()->set_hold(hold);
  }
  rollcall::v1::Selector* Request(const std::string& id, absl::Time at) {
    return Add(id, at)->mutable_deletion_requested()->mutable_selector();
  }
  void CancelRequest(const std::string& id, absl::Time at, const std::string& request) {
    Add(id, at)->mutable_deletion_cancelled()->set_request(request);
  }
  rollcall::v1::Selector* Restrict(const std::string& id, absl::Time at) {
    return Add(id, at)->mutable_restriction_placed()->mutable_selector();
  }
  void Unrestrict(const std::string& id, absl::Time at, const std::string& restriction) {
    Add(id, at)->mutable_restriction_lifted()->set_restriction(restriction);
  }
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_TESTING_EVENTS_H_
