// The gRPC side of queries.
#ifndef ROLLCALL_BACKEND_QUERY_QUERY_SERVICE_H_
#define ROLLCALL_BACKEND_QUERY_QUERY_SERVICE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/query/operator_call.h"
#include "backend/query/query_engine.h"
#include "platform/log.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {

// Called from any thread; must not block.
class QueryObserver {
 public:
  virtual ~QueryObserver() = default;
  // `method` is a literal such as `ListRecords`.
  virtual void OnQuery(absl::string_view /*method*/, absl::StatusCode /*code*/, absl::Duration /*time*/) {}
  // A call whose caller is known and may not do that, or not for that purpose.
  virtual void OnPurposeDenied(absl::string_view /*method*/) {}
};

// Has calls judged and hands those that may be to the engine on the pool's threads, so that gRPC's never block.
// Thread-safe, as gRPC demands.
class QueryService final : public pb::Query::CallbackService {
 public:
  // Everything pointed to must outlive the service.
  QueryService(const QueryEngine* engine, const OperatorServing& serving, Logger* logger, QueryObserver* observer)
      : engine_(engine), serving_(serving), logger_(logger), observer_(observer) {}

  grpc::ServerUnaryReactor* ListHosts(grpc::CallbackServerContext* call, const pb::ListHostsRequest* request,
                                      pb::ListHostsResponse* response) override;
  grpc::ServerUnaryReactor* ListRecords(grpc::CallbackServerContext* call, const pb::ListRecordsRequest* request,
                                        pb::ListRecordsResponse* response) override;
  grpc::ServerUnaryReactor* GetAsset(grpc::CallbackServerContext* call, const pb::GetAssetRequest* request,
                                     pb::GetAssetResponse* response) override;
  grpc::ServerUnaryReactor* GetHistory(grpc::CallbackServerContext* call, const pb::GetHistoryRequest* request,
                                       pb::GetHistoryResponse* response) override;
  grpc::ServerUnaryReactor* DiffHost(grpc::CallbackServerContext* call, const pb::DiffHostRequest* request,
                                     pb::DiffHostResponse* response) override;
  grpc::ServerUnaryReactor* ExplainRetention(grpc::CallbackServerContext* call,
                                             const pb::ExplainRetentionRequest* request,
                                             pb::ExplainRetentionResponse* response) override;
  grpc::ServerUnaryReactor* GetCoverage(grpc::CallbackServerContext* call, const pb::GetCoverageRequest* request,
                                        pb::GetCoverageResponse* response) override;

 private:
  template <typename Request, typename Response>
  using Method = absl::Status (QueryEngine::*)(const Access&, const Request&, Response*) const;

  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Dispatch(absl::string_view name, Method<Request, Response> method,
                                     grpc::CallbackServerContext* call, const Request* request, Response* response);
  // Counts, and logs what was denied: who, what and for which purpose, not what was asked for.
  void Account(absl::string_view name, const CallerName& caller, pb::Purpose purpose, const absl::Status& status,
               absl::Duration time);

  const QueryEngine* const engine_;
  const OperatorServing serving_;
  Logger* const logger_;
  QueryObserver* const observer_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_QUERY_SERVICE_H_
