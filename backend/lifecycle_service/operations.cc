// Services, holds and requests: from a request to its operation.
#include "absl/strings/str_cat.h"
#include "backend/lifecycle_service/lifecycle_engine.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// A repetition has to say the same, so the caller names the time, and not this program.
template <typename Request>
absl::StatusOr<absl::Time> EffectiveAt(const Request& request) {
  if (!request.has_effective_at()) return absl::InvalidArgumentError("read request: it names no time");
  const std::optional<absl::Time> at = FromWire(request.effective_at());
  if (!at.has_value()) return absl::InvalidArgumentError("read request: its time is none");
  return *at;
}

template <typename Request>
absl::Status CheckSubscription(const Request& request) {
  const pb::Subscription& subscription = request.subscription();
  if (subscription.feature() || !subscription.hosting_service().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("read request: it names neither a hosting service nor the feature");
}

}  // namespace

Caller CallerOf(const Access& access, const std::string& request_id) {
  return {request_id, absl::StrCat("operator/", access.person())};
}

absl::StatusOr<TenantLifecycle> LifecycleEngine::TenantOf(const Access& access) const {
  absl::StatusOr<TenantLifecycle> tenant = parts_.store->Tenant(access.tenant());
  if (!absl::IsNotFound(tenant.status())) return tenant;
  return absl::FailedPreconditionError(
      absl::StrCat("find tenant ", access.tenant(), ": it was made after the backend was started; start it anew"));
}

absl::StatusOr<TenantLifecycle> LifecycleEngine::TenantToChange(const Access& access) const {
  ROLLCALL_RETURN_IF_ERROR(access.CheckChange());
  return TenantOf(access);
}

absl::Status LifecycleEngine::AddService(const Access& access, const pb::AddServiceRequest& request,
                                         pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(*answer,
                            tenant.AddService(CallerOf(access, request.request_id()), request.hosting_service()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::ScheduleTermination(const Access& access, const pb::ScheduleTerminationRequest& request,
                                                  pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_RETURN_IF_ERROR(CheckSubscription(request));
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, EffectiveAt(request));
  ROLLCALL_ASSIGN_OR_RETURN(
      *answer, tenant.ScheduleTermination(CallerOf(access, request.request_id()), request.subscription(), at));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::ChangeTermination(const Access& access, const pb::ChangeTerminationRequest& request,
                                                pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_RETURN_IF_ERROR(CheckSubscription(request));
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, EffectiveAt(request));
  ROLLCALL_ASSIGN_OR_RETURN(
      *answer, tenant.ChangeTermination(CallerOf(access, request.request_id()), request.subscription(), at));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::CancelTermination(const Access& access, const pb::CancelTerminationRequest& request,
                                                pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_RETURN_IF_ERROR(CheckSubscription(request));
  ROLLCALL_ASSIGN_OR_RETURN(*answer,
                            tenant.CancelTermination(CallerOf(access, request.request_id()), request.subscription()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::Resume(const Access& access, const pb::ResumeRequest& request,
                                     pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_RETURN_IF_ERROR(CheckSubscription(request));
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, EffectiveAt(request));
  ROLLCALL_ASSIGN_OR_RETURN(*answer, tenant.Resubscribe(CallerOf(access, request.request_id()), request.subscription(),
                                                        at, request.expected_epoch()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::PlaceHold(const Access& access, const pb::PlaceHoldRequest& request,
                                        pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(*answer, tenant.PlaceHold(CallerOf(access, request.request_id()), request.hold()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::ApproveHold(const Access& access, const pb::ApproveHoldRequest& request,
                                          pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(*answer, tenant.ApproveHold(CallerOf(access, request.request_id()), request.hold_id()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::AskRelease(const Access& access, const pb::AskReleaseRequest& request,
                                         pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(*answer, tenant.AskRelease(CallerOf(access, request.request_id()), request.hold_id()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::ApproveRelease(const Access& access, const pb::ApproveReleaseRequest& request,
                                             pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(*answer, tenant.ApproveRelease(CallerOf(access, request.request_id()), request.hold_id()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::RequestDeletion(const Access& access, const pb::RequestDeletionRequest& request,
                                              pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(
      *answer, tenant.RequestDeletion(CallerOf(access, request.request_id()), request.selector(), request.reason()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::CancelDeletion(const Access& access, const pb::CancelDeletionRequest& request,
                                             pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(*answer,
                            tenant.CancelDeletion(CallerOf(access, request.request_id()), request.deletion_id()));
  return absl::OkStatus();
}

absl::Status LifecycleEngine::RequestExport(const Access& access, const pb::RequestExportRequest& request,
                                            pb::OperationAnswer* answer) const {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, TenantToChange(access));
  ROLLCALL_ASSIGN_OR_RETURN(
      *answer, tenant.RequestExport(CallerOf(access, request.request_id()), request.selector(), request.reason()));
  return absl::OkStatus();
}

}  // namespace rollcall
