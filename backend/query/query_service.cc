#include "backend/query/query_service.h"

namespace rollcall {

template <typename Request, typename Response>
grpc::ServerUnaryReactor* QueryService::Dispatch(absl::string_view name, Method<Request, Response> method,
                                                 grpc::CallbackServerContext* call, const Request* request,
                                                 Response* response) {
  return ServeOperator(
      call, serving_, request, response, "answer query: too many are waiting; try again later",
      [engine = engine_, method, request, response](const Access& access) {
        return (engine->*method)(access, *request, response);
      },
      [this, name, request](const CallerName& caller, const absl::Status& status, absl::Duration time) {
        Account(name, caller, request->purpose(), status, time);
      });
}

void QueryService::Account(absl::string_view name, const CallerName& caller, pb::Purpose purpose,
                           const absl::Status& status, absl::Duration time) {
  observer_->OnQuery(name, status.code(), time);
  if (absl::IsPermissionDenied(status)) observer_->OnPurposeDenied(name);
  if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) {
    logger_->Warning("query.denied", "A query was denied",
                     {{"tenant", caller.tenant},
                      {"operator", caller.person},
                      {"method", name},
                      {"purpose", PurposeName(purpose)},
                      {"error", status}});
  } else if (absl::IsInternal(status) || absl::IsDataLoss(status) || absl::IsUnavailable(status)) {
    logger_->Error("query.failed", "A query failed", {{"method", name}, {"error", status}});
  }
}

grpc::ServerUnaryReactor* QueryService::ListHosts(grpc::CallbackServerContext* call,
                                                  const pb::ListHostsRequest* request,
                                                  pb::ListHostsResponse* response) {
  return Dispatch("ListHosts", &QueryEngine::ListHosts, call, request, response);
}

grpc::ServerUnaryReactor* QueryService::ListRecords(grpc::CallbackServerContext* call,
                                                    const pb::ListRecordsRequest* request,
                                                    pb::ListRecordsResponse* response) {
  return Dispatch("ListRecords", &QueryEngine::ListRecords, call, request, response);
}

grpc::ServerUnaryReactor* QueryService::GetAsset(grpc::CallbackServerContext* call, const pb::GetAssetRequest* request,
                                                 pb::GetAssetResponse* response) {
  return Dispatch("GetAsset", &QueryEngine::GetAsset, call, request, response);
}

grpc::ServerUnaryReactor* QueryService::GetHistory(grpc::CallbackServerContext* call,
                                                   const pb::GetHistoryRequest* request,
                                                   pb::GetHistoryResponse* response) {
  return Dispatch("GetHistory", &QueryEngine::GetHistory, call, request, response);
}

grpc::ServerUnaryReactor* QueryService::DiffHost(grpc::CallbackServerContext* call, const pb::DiffHostRequest* request,
                                                 pb::DiffHostResponse* response) {
  return Dispatch("DiffHost", &QueryEngine::DiffHost, call, request, response);
}

grpc::ServerUnaryReactor* QueryService::ExplainRetention(grpc::CallbackServerContext* call,
                                                         const pb::ExplainRetentionRequest* request,
                                                         pb::ExplainRetentionResponse* response) {
  return Dispatch("ExplainRetention", &QueryEngine::ExplainRetention, call, request, response);
}

grpc::ServerUnaryReactor* QueryService::GetCoverage(grpc::CallbackServerContext* call,
                                                    const pb::GetCoverageRequest* request,
                                                    pb::GetCoverageResponse* response) {
  return Dispatch("GetCoverage", &QueryEngine::GetCoverage, call, request, response);
}

}  // namespace rollcall
