// The gRPC side of what operators change.
#ifndef ROLLCALL_BACKEND_OPERATE_OPERATE_SERVICE_H_
#define ROLLCALL_BACKEND_OPERATE_OPERATE_SERVICE_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "backend/operate/operate_engine.h"
#include "backend/query/operator_call.h"
#include "backend/query/query_service.h"
#include "platform/log.h"
#include "rollcall/v1/operate.grpc.pb.h"

namespace rollcall {

// Has calls judged, hands those that may be to the engine on the pool's threads, and logs every one of them, whatever
// became of it. Thread-safe, as gRPC demands.
class OperateService final : public pb::Operate::CallbackService {
 public:
  // Everything pointed to must outlive the service.
  OperateService(const OperateEngine* engine, const OperatorServing& serving, Logger* logger, QueryObserver* observer)
      : engine_(engine), serving_(serving), logger_(logger), observer_(observer) {}

  grpc::ServerUnaryReactor* Retract(grpc::CallbackServerContext* call, const pb::RetractRequest* request,
                                    pb::RetractResponse* response) override;

 private:
  // The audit line: who asked for what, what became of it and how much it touched.
  void Account(const CallerName& caller, const pb::RetractRequest& request, const pb::RetractResponse& response,
               const absl::Status& status, absl::Duration time);

  const OperateEngine* const engine_;
  const OperatorServing serving_;
  Logger* const logger_;
  QueryObserver* const observer_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_OPERATE_OPERATE_SERVICE_H_
