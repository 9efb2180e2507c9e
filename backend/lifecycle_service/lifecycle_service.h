// The gRPC side of tenants' lives.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_SERVICE_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_SERVICE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/lifecycle_service/lifecycle_engine.h"
#include "backend/query/operator_call.h"
#include "backend/query/query_service.h"
#include "platform/log.h"
#include "rollcall/v1/lifecycle_service.grpc.pb.h"

namespace rollcall {

// Has calls judged, hands those that may be to the engine on the pool's threads, and logs what changes something and
// what was denied. Thread-safe, as gRPC demands.
class LifecycleService final : public pb::Lifecycle::CallbackService {
 public:
  // Everything pointed to must outlive the service. Without an engine (nullptr), because another process keeps it, what
  // may be called answers Unavailable.
  LifecycleService(const LifecycleEngine* engine, const OperatorServing& serving, Logger* logger,
                   QueryObserver* observer)
      : engine_(engine), serving_(serving), logger_(logger), observer_(observer) {}

  grpc::ServerUnaryReactor* ListServices(grpc::CallbackServerContext* call, const pb::ListServicesRequest* request,
                                         pb::ListServicesResponse* response) override;
  grpc::ServerUnaryReactor* AddService(grpc::CallbackServerContext* call, const pb::AddServiceRequest* request,
                                       pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* ScheduleTermination(grpc::CallbackServerContext* call,
                                                const pb::ScheduleTerminationRequest* request,
                                                pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* ChangeTermination(grpc::CallbackServerContext* call,
                                              const pb::ChangeTerminationRequest* request,
                                              pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* CancelTermination(grpc::CallbackServerContext* call,
                                              const pb::CancelTerminationRequest* request,
                                              pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* Resume(grpc::CallbackServerContext* call, const pb::ResumeRequest* request,
                                   pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* PlaceHold(grpc::CallbackServerContext* call, const pb::PlaceHoldRequest* request,
                                      pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* ApproveHold(grpc::CallbackServerContext* call, const pb::ApproveHoldRequest* request,
                                        pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* AskRelease(grpc::CallbackServerContext* call, const pb::AskReleaseRequest* request,
                                       pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* ApproveRelease(grpc::CallbackServerContext* call, const pb::ApproveReleaseRequest* request,
                                           pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* ListHolds(grpc::CallbackServerContext* call, const pb::ListHoldsRequest* request,
                                      pb::ListHoldsResponse* response) override;
  grpc::ServerUnaryReactor* RequestDeletion(grpc::CallbackServerContext* call,
                                            const pb::RequestDeletionRequest* request,
                                            pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* CancelDeletion(grpc::CallbackServerContext* call, const pb::CancelDeletionRequest* request,
                                           pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* RequestExport(grpc::CallbackServerContext* call, const pb::RequestExportRequest* request,
                                          pb::OperationAnswer* response) override;
  grpc::ServerUnaryReactor* ListRequests(grpc::CallbackServerContext* call, const pb::ListRequestsRequest* request,
                                         pb::ListRequestsResponse* response) override;
  grpc::ServerUnaryReactor* ListCertificates(grpc::CallbackServerContext* call,
                                             const pb::ListCertificatesRequest* request,
                                             pb::ListCertificatesResponse* response) override;
  grpc::ServerUnaryReactor* GetCertificate(grpc::CallbackServerContext* call, const pb::GetCertificateRequest* request,
                                           pb::DeletionCertificate* response) override;
  grpc::ServerUnaryReactor* GetRetentionStatus(grpc::CallbackServerContext* call,
                                               const pb::GetRetentionStatusRequest* request,
                                               pb::GetRetentionStatusResponse* response) override;
  grpc::ServerUnaryReactor* MakeDryRun(grpc::CallbackServerContext* call, const pb::MakeDryRunRequest* request,
                                       pb::MakeDryRunResponse* response) override;
  grpc::ServerUnaryReactor* AcknowledgeDryRun(grpc::CallbackServerContext* call,
                                              const pb::AcknowledgeDryRunRequest* request,
                                              pb::AcknowledgeDryRunResponse* response) override;
  grpc::ServerUnaryReactor* ConfirmClock(grpc::CallbackServerContext* call, const pb::ConfirmClockRequest* request,
                                         pb::ConfirmClockResponse* response) override;

 private:
  template <typename Request, typename Response>
  using Method = absl::Status (LifecycleEngine::*)(const Access&, const Request&, Response*) const;

  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Dispatch(Method<Request, Response> method, grpc::CallbackServerContext* call,
                                     const Request* request, Response* response);
  // Counts and logs: who, which method, for which purpose, under which request id; not what was asked for.
  void Account(absl::string_view name, const CallerName& caller, const google::protobuf::Message& request,
               const absl::Status& status, absl::Duration time);

  const LifecycleEngine* const engine_;
  const OperatorServing serving_;
  Logger* const logger_;
  QueryObserver* const observer_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_SERVICE_H_
