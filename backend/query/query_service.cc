#include "backend/query/query_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/ingest/peer_authentication.h"

namespace rollcall {

template <typename Request, typename Response>
grpc::ServerUnaryReactor* QueryService::Dispatch(absl::string_view name, Method<Request, Response> method,
                                                 grpc::CallbackServerContext* call, const Request* request,
                                                 Response* response) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const absl::Duration started = clock_->Monotonic();
  const absl::StatusOr<AuthenticatedPeer> peer = AuthenticatePeer(*call->auth_context(), PeerRole::kOperator);
  if (!peer.ok()) {
    Account(name, QueryCaller(), request->purpose(), peer.status(), absl::ZeroDuration());
    reactor->Finish(ToGrpcStatus(peer.status()));
    return reactor;
  }
  QueryCaller caller{peer->identity.tenant, peer->identity.id};
  const bool taken =
      pool_->Submit([self = this, engine = engine_, method, name, caller, request, response, reactor, started] {
        const absl::Status status = (engine->*method)(caller, *request, response);
        self->Account(name, caller, request->purpose(), status, self->clock_->Monotonic() - started);
        reactor->Finish(ToGrpcStatus(status));  // request and response are gone after this
      });
  if (!taken) {
    const absl::Status busy = absl::UnavailableError("answer query: too many are waiting; try again later");
    Account(name, caller, request->purpose(), busy, absl::ZeroDuration());
    reactor->Finish(ToGrpcStatus(busy));
  }
  return reactor;
}

void QueryService::Account(absl::string_view name, const QueryCaller& caller, pb::Purpose purpose,
                           const absl::Status& status, absl::Duration time) {
  observer_->OnQuery(name, status.code(), time);
  if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) {
    logger_->Warning("query.denied", "A query was denied",
                     {{"tenant", caller.tenant},
                      {"operator", caller.operator_name},
                      {"method", name},
                      {"purpose", pb::Purpose_Name(purpose)},
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
