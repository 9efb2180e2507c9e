#include "backend/lifecycle_service/lifecycle_service.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

// The text of a field, for what all requests have, or some. Empty if this one has not.
std::string TextOf(const google::protobuf::Message& request, const std::string& name) {
  const auto* field = request.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : request.GetReflection()->GetString(request, field);
}

pb::Purpose PurposeOf(const google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("purpose");
  return static_cast<pb::Purpose>(request.GetReflection()->GetEnumValue(request, field));
}

}  // namespace

template <typename Request, typename Response>
grpc::ServerUnaryReactor* LifecycleService::Dispatch(Method<Request, Response> method,
                                                     grpc::CallbackServerContext* call, const Request* request,
                                                     Response* response) {
  const std::string& name = MethodTaking(Request::descriptor())->name();
  return ServeOperator(
      call, serving_, request, response, "serve lifecycle: too many requests are waiting; try again later",
      [engine = engine_, method, request, response](const Access& access) {
        if (engine != nullptr) return (engine->*method)(access, *request, response);
        return absl::UnavailableError(
            "serve lifecycle: another process of this backend keeps it, or none does; ask again, which may reach "
            "another one, with the same request id");
      },
      [this, &name, request](const CallerName& caller, const absl::Status& status, absl::Duration time) {
        Account(name, caller, *request, status, time);
      });
}

void LifecycleService::Account(absl::string_view name, const CallerName& caller,
                               const google::protobuf::Message& request, const absl::Status& status,
                               absl::Duration time) {
  observer_->OnQuery(name, status.code(), time);
  const bool denied = absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
  if (absl::IsPermissionDenied(status)) observer_->OnPurposeDenied(name);
  const std::string id = TextOf(request, "request_id");
  if (id.empty() && !denied) return;
  // Chosen by the caller; no longer than those that are accepted.
  constexpr size_t kMaxLoggedId = 128;
  const std::initializer_list<LogField> fields = {{"tenant", caller.tenant},
                                                  {"operator", caller.person},
                                                  {"method", name},
                                                  {"purpose", PurposeName(PurposeOf(request))},
                                                  {"request_id", id.substr(0, kMaxLoggedId)},
                                                  {"result", status}};
  if (denied) {
    logger_->Warning("lifecycle.denied", "A call about a tenant's life was denied", fields);
  } else if (status.ok()) {
    logger_->Info("lifecycle.changed", "A tenant's life was changed", fields);
  } else {
    logger_->Info("lifecycle.refused", "A change of a tenant's life was refused", fields);
  }
}

grpc::ServerUnaryReactor* LifecycleService::ListServices(grpc::CallbackServerContext* call,
                                                         const pb::ListServicesRequest* request,
                                                         pb::ListServicesResponse* response) {
  return Dispatch(&LifecycleEngine::ListServices, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::AddService(grpc::CallbackServerContext* call,
                                                       const pb::AddServiceRequest* request,
                                                       pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::AddService, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ScheduleTermination(grpc::CallbackServerContext* call,
                                                                const pb::ScheduleTerminationRequest* request,
                                                                pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::ScheduleTermination, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ChangeTermination(grpc::CallbackServerContext* call,
                                                              const pb::ChangeTerminationRequest* request,
                                                              pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::ChangeTermination, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::CancelTermination(grpc::CallbackServerContext* call,
                                                              const pb::CancelTerminationRequest* request,
                                                              pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::CancelTermination, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::Resume(grpc::CallbackServerContext* call, const pb::ResumeRequest* request,
                                                   pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::Resume, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::PlaceHold(grpc::CallbackServerContext* call,
                                                      const pb::PlaceHoldRequest* request,
                                                      pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::PlaceHold, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ApproveHold(grpc::CallbackServerContext* call,
                                                        const pb::ApproveHoldRequest* request,
                                                        pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::ApproveHold, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::AskRelease(grpc::CallbackServerContext* call,
                                                       const pb::AskReleaseRequest* request,
                                                       pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::AskRelease, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ApproveRelease(grpc::CallbackServerContext* call,
                                                           const pb::ApproveReleaseRequest* request,
                                                           pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::ApproveRelease, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ListHolds(grpc::CallbackServerContext* call,
                                                      const pb::ListHoldsRequest* request,
                                                      pb::ListHoldsResponse* response) {
  return Dispatch(&LifecycleEngine::ListHolds, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::RequestDeletion(grpc::CallbackServerContext* call,
                                                            const pb::RequestDeletionRequest* request,
                                                            pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::RequestDeletion, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::CancelDeletion(grpc::CallbackServerContext* call,
                                                           const pb::CancelDeletionRequest* request,
                                                           pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::CancelDeletion, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::RequestExport(grpc::CallbackServerContext* call,
                                                          const pb::RequestExportRequest* request,
                                                          pb::OperationAnswer* response) {
  return Dispatch(&LifecycleEngine::RequestExport, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ListRequests(grpc::CallbackServerContext* call,
                                                         const pb::ListRequestsRequest* request,
                                                         pb::ListRequestsResponse* response) {
  return Dispatch(&LifecycleEngine::ListRequests, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ListCertificates(grpc::CallbackServerContext* call,
                                                             const pb::ListCertificatesRequest* request,
                                                             pb::ListCertificatesResponse* response) {
  return Dispatch(&LifecycleEngine::ListCertificates, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::GetCertificate(grpc::CallbackServerContext* call,
                                                           const pb::GetCertificateRequest* request,
                                                           pb::DeletionCertificate* response) {
  return Dispatch(&LifecycleEngine::GetCertificate, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::GetRetentionStatus(grpc::CallbackServerContext* call,
                                                               const pb::GetRetentionStatusRequest* request,
                                                               pb::GetRetentionStatusResponse* response) {
  return Dispatch(&LifecycleEngine::GetRetentionStatus, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::MakeDryRun(grpc::CallbackServerContext* call,
                                                       const pb::MakeDryRunRequest* request,
                                                       pb::MakeDryRunResponse* response) {
  return Dispatch(&LifecycleEngine::MakeDryRun, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::AcknowledgeDryRun(grpc::CallbackServerContext* call,
                                                              const pb::AcknowledgeDryRunRequest* request,
                                                              pb::AcknowledgeDryRunResponse* response) {
  return Dispatch(&LifecycleEngine::AcknowledgeDryRun, call, request, response);
}

grpc::ServerUnaryReactor* LifecycleService::ConfirmClock(grpc::CallbackServerContext* call,
                                                         const pb::ConfirmClockRequest* request,
                                                         pb::ConfirmClockResponse* response) {
  return Dispatch(&LifecycleEngine::ConfirmClock, call, request, response);
}

}  // namespace rollcall
