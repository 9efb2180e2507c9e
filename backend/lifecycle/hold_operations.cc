// Holds and restrictions. What takes two persons is checked here for a clear answer, and by the table for good.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/lifecycle/selector_check.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/lifecycle_check.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

absl::Status RequirePerson(const Caller& caller) {
  if (absl::StartsWith(caller.actor, "operator/")) return absl::OkStatus();
  return absl::PermissionDeniedError("change hold: that takes a person");
}

absl::Status RequireAnother(absl::string_view one, const Caller& caller, absl::string_view what) {
  if (one != caller.actor) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(what, ": that takes another person than ", one));
}

absl::Status Cannot(absl::string_view what, const StoredHold& hold) {
  constexpr absl::string_view kStates[] = {"it awaits its approval", "it is in force", "its release awaits approval",
                                           "it was released"};
  return absl::FailedPreconditionError(
      absl::StrCat(what, " ", hold.id, ": ", kStates[static_cast<size_t>(hold.state())]));
}

// An event is complete, and the agreement allows a hold on what it selects.
absl::Status CheckHold(const TenantOperation& operation, const Caller& caller, const pb::HoldPlaced& hold) {
  pb::LifecycleEvent event;
  event.set_id(caller.request_id);
  *event.mutable_at() = ToWire(operation.at);
  *event.mutable_hold_placed() = hold;
  ROLLCALL_RETURN_IF_ERROR(CheckEvent(event));
  ROLLCALL_RETURN_IF_ERROR(CheckReason(hold.legal_basis()));
  const pb::Selector& selector = hold.selector();
  ROLLCALL_RETURN_IF_ERROR(CheckSelector(operation.policy(), operation.facts, selector));
  if (!selector.hosts().empty() || !selector.elements().empty() || !selector.fields().empty()) {
    return absl::InvalidArgumentError("place hold: its scope is categories, hosting services and days");
  }
  absl::CivilDay review;
  ParseDay(hold.review_by(), &review);
  if (review <= DayOf(operation.at, operation.policy().zone)) {
    return absl::InvalidArgumentError("place hold: the day to look again is not in the future");
  }
  const auto allows = [&](pb::Category category) {
    return std::any_of(operation.policy().data.overrides().begin(), operation.policy().data.overrides().end(),
                       [&](const pb::Override& rule) {
                         return rule.kind() == pb::Override::LEGAL_HOLD &&
                                (rule.categories().empty() ||
                                 std::count(rule.categories().begin(), rule.categories().end(), category) > 0);
                       });
  };
  std::vector<pb::Category> categories;
  for (const int category : selector.categories()) categories.push_back(static_cast<pb::Category>(category));
  if (categories.empty()) {
    for (const pb::CategoryRules& rules : operation.policy().data.categories()) categories.push_back(rules.category());
  }
  if (std::all_of(categories.begin(), categories.end(), allows)) return absl::OkStatus();
  return absl::FailedPreconditionError("place hold: the agreement allows none on that category");
}

void Tell(const StoredHold& hold, pb::LedgerEntry::HoldChanged::Kind kind, pb::LedgerEntry* entry) {
  entry->mutable_hold_changed()->set_kind(kind);
  entry->mutable_hold_changed()->set_hold_id(hold.id);
  entry->mutable_hold_changed()->set_review_by(hold.body.review_by());
}

// Buckets the hold came too late for are told, one by one.
absl::Status TellWhatIsTooLate(const StoredHold& hold, TenantOperation* operation) {
  Selection selection;
  for (const KnownOrder& order : operation->timeline.holds) {
    if (order.id == hold.id) selection = order.selection;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
  for (const StoredBucket& bucket : buckets) {
    if (bucket.facts.state != pb::BUCKET_PURGING || !selection.Touches(bucket.facts.key)) continue;
    pb::LedgerEntry* entry = operation->AddEntry();
    *entry->mutable_bucket() = operation->NameOf(bucket.facts.key);
    Tell(hold, pb::LedgerEntry::HoldChanged::AFTER_COMMIT, entry);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::PlaceHold(const Caller& caller, const pb::HoldPlaced& hold) {
  return core_->Run(tenant_, caller, "place hold", {hold.SerializeAsString()},
                    [&](TenantOperation* operation) -> absl::Status {
                      ROLLCALL_RETURN_IF_ERROR(RequirePerson(caller));
                      ROLLCALL_RETURN_IF_ERROR(CheckHold(*operation, caller, hold));
                      StoredHold stored;
                      stored.id = caller.request_id;
                      stored.body = hold;
                      stored.placed_by = caller.actor;
                      stored.placed_at = operation->at;
                      ROLLCALL_RETURN_IF_ERROR(operation->rows.PutHold(stored));
                      Tell(stored, pb::LedgerEntry::HoldChanged::PLACED, operation->AddEntry());
                      return absl::OkStatus();
                    });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::ApproveHold(const Caller& caller, const std::string& hold) {
  return core_->Run(tenant_, caller, "approve hold", {hold}, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(RequirePerson(caller));
    ROLLCALL_ASSIGN_OR_RETURN(StoredHold stored, operation->rows.FindHold(hold));
    if (stored.state() != HoldState::kAwaitsApproval) return Cannot("approve hold", stored);
    ROLLCALL_RETURN_IF_ERROR(RequireAnother(stored.placed_by, caller, "approve hold"));
    stored.approved_by = caller.actor;
    stored.approved_at = operation->at;
    ROLLCALL_RETURN_IF_ERROR(operation->rows.PutHold(stored));
    pb::LifecycleEvent event;
    event.set_id(stored.id);
    *event.mutable_hold_placed() = stored.body;
    ROLLCALL_RETURN_IF_ERROR(operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::OTHER));
    Tell(stored, pb::LedgerEntry::HoldChanged::APPROVED, operation->AddEntry());
    return TellWhatIsTooLate(stored, operation);
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::AskRelease(const Caller& caller, const std::string& hold) {
  return core_->Run(tenant_, caller, "ask release", {hold}, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(RequirePerson(caller));
    ROLLCALL_ASSIGN_OR_RETURN(StoredHold stored, operation->rows.FindHold(hold));
    if (stored.state() != HoldState::kInForce) return Cannot("ask for release of hold", stored);
    stored.release_asked_by = caller.actor;
    stored.release_asked_at = operation->at;
    ROLLCALL_RETURN_IF_ERROR(operation->rows.PutHold(stored));
    Tell(stored, pb::LedgerEntry::HoldChanged::RELEASE_ASKED, operation->AddEntry());
    return absl::OkStatus();
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::ApproveRelease(const Caller& caller, const std::string& hold) {
  return core_->Run(tenant_, caller, "approve release", {hold}, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(RequirePerson(caller));
    ROLLCALL_ASSIGN_OR_RETURN(StoredHold stored, operation->rows.FindHold(hold));
    if (stored.state() != HoldState::kAwaitsRelease) return Cannot("approve release of hold", stored);
    ROLLCALL_RETURN_IF_ERROR(RequireAnother(stored.release_asked_by, caller, "approve release of hold"));
    stored.released_by = caller.actor;
    stored.released_at = operation->at;
    ROLLCALL_RETURN_IF_ERROR(operation->rows.PutHold(stored));
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    event.mutable_hold_released()->set_hold(stored.id);
    ROLLCALL_RETURN_IF_ERROR(operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::OTHER));
    Tell(stored, pb::LedgerEntry::HoldChanged::RELEASED, operation->AddEntry());
    return absl::OkStatus();
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::PlaceRestriction(const Caller& caller,
                                                                      const pb::Selector& selector) {
  return core_->Run(tenant_, caller, "place restriction", {selector.SerializeAsString()},
                    [&](TenantOperation* operation) -> absl::Status {
                      ROLLCALL_RETURN_IF_ERROR(CheckSelector(operation->policy(), operation->facts, selector));
                      pb::LifecycleEvent event;
                      event.set_id(caller.request_id);
                      *event.mutable_restriction_placed()->mutable_selector() = selector;
                      return operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::RESTRICTION);
                    });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::LiftRestriction(const Caller& caller,
                                                                     const std::string& restriction) {
  return core_->Run(
      tenant_, caller, "lift restriction", {restriction}, [&](TenantOperation* operation) -> absl::Status {
        const std::vector<KnownOrder>& orders = operation->timeline.restrictions;
        const auto it =
            std::find_if(orders.begin(), orders.end(), [&](const KnownOrder& o) { return o.id == restriction; });
        if (it == orders.end()) {
          return absl::NotFoundError(absl::StrCat("lift restriction ", restriction, ": there is none"));
        }
        if (it->lifted_at.has_value()) {
          return absl::FailedPreconditionError(
              absl::StrCat("lift restriction ", restriction, ": it was lifted before"));
        }
        pb::LifecycleEvent event;
        event.set_id(caller.request_id);
        event.mutable_restriction_lifted()->set_restriction(restriction);
        return operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::RESTRICTION);
      });
}

}  // namespace rollcall
