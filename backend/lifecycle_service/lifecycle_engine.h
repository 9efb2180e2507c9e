// What people do and ask about tenants' lives, from requests to operations.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_ENGINE_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_ENGINE_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/access/access.h"
#include "backend/ledger/note_signer.h"
#include "backend/lifecycle/lifecycle_store.h"
#include "backend/lifecycle_service/enforcement.h"
#include "rollcall/v1/lifecycle_service.pb.h"

namespace rollcall {

// What the engine works on; all of it outlives the engine.
struct LifecycleEngineParts {
  LifecycleStore* store = nullptr;
  const Ledger* ledger = nullptr;
  const NoteSigner* signer = nullptr;
  const RetentionPolicy* policy = nullptr;
  // Looks at the machine's clock. Called from any thread.
  std::function<ClockReading()> read_clock;
  // Outlives the engine; nullptr if nobody counts or enforces.
  const Enforcement* enforcement = nullptr;
};

// One method per RPC of rollcall.v1.Lifecycle, which says what each does. Each is about the access's tenant, in the
// name of the access's person. Blocking; thread-safe. Errors are those of LifecycleStore and TenantLifecycle, and
//   PermissionDenied    the access is not to a method that changes anything, or the person may not do in every tenant
//                       what concerns all;
//   InvalidArgument     the request makes no sense, and the message says why;
//   FailedPrecondition  the tenant was made after the backend was started.
class LifecycleEngine {
 public:
  explicit LifecycleEngine(LifecycleEngineParts parts) : parts_(std::move(parts)) {}

  // --- Services, holds and requests (operations.cc)
  absl::Status AddService(const Access& access, const pb::AddServiceRequest& request,
                          pb::OperationAnswer* answer) const;
  absl::Status ScheduleTermination(const Access& access, const pb::ScheduleTerminationRequest& request,
                                   pb::OperationAnswer* answer) const;
  absl::Status ChangeTermination(const Access& access, const pb::ChangeTerminationRequest& request,
                                 pb::OperationAnswer* answer) const;
  absl::Status CancelTermination(const Access& access, const pb::CancelTerminationRequest& request,
                                 pb::OperationAnswer* answer) const;
  absl::Status Resume(const Access& access, const pb::ResumeRequest& request, pb::OperationAnswer* answer) const;
  absl::Status PlaceHold(const Access& access, const pb::PlaceHoldRequest& request, pb::OperationAnswer* answer) const;
  absl::Status ApproveHold(const Access& access, const pb::ApproveHoldRequest& request,
                           pb::OperationAnswer* answer) const;
  absl::Status AskRelease(const Access& access, const pb::AskReleaseRequest& request,
                          pb::OperationAnswer* answer) const;
  absl::Status ApproveRelease(const Access& access, const pb::ApproveReleaseRequest& request,
                              pb::OperationAnswer* answer) const;
  absl::Status RequestDeletion(const Access& access, const pb::RequestDeletionRequest& request,
                               pb::OperationAnswer* answer) const;
  absl::Status CancelDeletion(const Access& access, const pb::CancelDeletionRequest& request,
                              pb::OperationAnswer* answer) const;
  absl::Status RequestExport(const Access& access, const pb::RequestExportRequest& request,
                             pb::OperationAnswer* answer) const;

  // --- Questions (questions.cc)
  absl::Status ListServices(const Access& access, const pb::ListServicesRequest& request,
                            pb::ListServicesResponse* response) const;
  absl::Status ListHolds(const Access& access, const pb::ListHoldsRequest& request,
                         pb::ListHoldsResponse* response) const;
  absl::Status ListRequests(const Access& access, const pb::ListRequestsRequest& request,
                            pb::ListRequestsResponse* response) const;
  absl::Status ListCertificates(const Access& access, const pb::ListCertificatesRequest& request,
                                pb::ListCertificatesResponse* response) const;
  absl::Status GetCertificate(const Access& access, const pb::GetCertificateRequest& request,
                              pb::DeletionCertificate* certificate) const;
  absl::Status GetRetentionStatus(const Access& access, const pb::GetRetentionStatusRequest& request,
                                  pb::GetRetentionStatusResponse* response) const;

  // --- What concerns all tenants (all_tenants.cc)
  absl::Status MakeDryRun(const Access& access, const pb::MakeDryRunRequest& request,
                          pb::MakeDryRunResponse* response) const;
  absl::Status AcknowledgeDryRun(const Access& access, const pb::AcknowledgeDryRunRequest& request,
                                 pb::AcknowledgeDryRunResponse* response) const;
  absl::Status ConfirmClock(const Access& access, const pb::ConfirmClockRequest& request,
                            pb::ConfirmClockResponse* response) const;

 private:
  absl::StatusOr<TenantLifecycle> TenantOf(const Access& access) const;
  // The tenant, if the access is to a method that changes anything.
  absl::StatusOr<TenantLifecycle> TenantToChange(const Access& access) const;
  // OK if the person may call the access's method in every tenant there is.
  absl::Status CheckEveryTenant(const Access& access) const;

  const LifecycleEngineParts parts_;
};

// The caller of an operation: the person of the certificate, never what a request says.
Caller CallerOf(const Access& access, const std::string& request_id);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_ENGINE_H_
