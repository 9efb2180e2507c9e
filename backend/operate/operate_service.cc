#include "backend/operate/operate_service.h"

namespace rollcall {

grpc::ServerUnaryReactor* OperateService::Retract(grpc::CallbackServerContext* call, const pb::RetractRequest* request,
                                                  pb::RetractResponse* response) {
  return ServeOperator(
      call, serving_, request, response, "retract records: too many requests are waiting; try again later",
      [engine = engine_, request, response](const Access& access) {
        return engine->Retract(access, *request, response);
      },
      [this, request, response](const CallerName& caller, const absl::Status& status, absl::Duration time) {
        Account(caller, *request, *response, status, time);
      });
}

void OperateService::Account(const CallerName& caller, const pb::RetractRequest& request,
                             const pb::RetractResponse& response, const absl::Status& status, absl::Duration time) {
  observer_->OnQuery("Retract", status.code(), time);
  if (absl::IsPermissionDenied(status)) observer_->OnPurposeDenied("Retract");
  uint64_t records = 0;
  for (const auto& unit : response.units()) records += unit.records();
  const std::initializer_list<LogField> fields = {{"tenant", caller.tenant},
                                                  {"operator", caller.person},
                                                  {"purpose", PurposeName(request.purpose())},
                                                  {"collector", request.collector()},
                                                  {"collector_version", request.collector_version()},
                                                  {"host", request.host()},
                                                  {"dry_run", request.dry_run()},
                                                  {"units", response.units_size()},
                                                  {"records", records},
                                                  {"more", !response.next_page_token().empty()},
                                                  {"result", status}};
  if (status.ok()) {
    logger_->Info("operate.retract",
                  request.dry_run() ? "Records of a collector version were counted"
                                    : "Records of a collector version were retracted",
                  fields);
  } else if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) {
    logger_->Warning("operate.denied", "A retraction was denied", fields);
  } else {
    logger_->Error("operate.failed", "A retraction failed; the units counted here are done", fields);
  }
}

}  // namespace rollcall
