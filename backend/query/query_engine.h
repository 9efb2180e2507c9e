// Answers operators' questions from the store.
#ifndef ROLLCALL_BACKEND_QUERY_QUERY_ENGINE_H_
#define ROLLCALL_BACKEND_QUERY_QUERY_ENGINE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "backend/query/coverage.h"
#include "backend/query/host_directory.h"
#include "backend/query/retention_explainer.h"
#include "backend/store/store.h"
#include "platform/clock.h"
#include "proto/kind_registry.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// Who asks; from the client certificate.
struct QueryCaller {
  std::string tenant;
  std::string operator_name;
};

// One method per RPC; each reads only the caller's tenant. Blocking; thread-safe. Errors:
//   PermissionDenied  no purpose, or one the kind may not be read for;
//   InvalidArgument   the request makes no sense, and the message says why;
//   NotFound          what it names is not there;
//   others            from the store.
class QueryEngine {
 public:
  // Whether an agent has an open session.
  using ConnectedFunction = std::function<bool(const AgentName&)>;

  // Everything pointed to must outlive the engine. `rhythm` is that of an agent without a session: its
  // `contact_gap` is 0 if none is ever told to poll.
  QueryEngine(Store* store, const RetentionExplainer* retention, const Clock* clock, ConnectedFunction connected,
              const ContactRhythm& rhythm = {})
      : store_(store), retention_(retention), clock_(clock), connected_(std::move(connected)), rhythm_(rhythm) {}

  absl::Status ListHosts(const QueryCaller& caller, const pb::ListHostsRequest& request,
                         pb::ListHostsResponse* response) const;
  absl::Status ListRecords(const QueryCaller& caller, const pb::ListRecordsRequest& request,
                           pb::ListRecordsResponse* response) const;
  absl::Status GetAsset(const QueryCaller& caller, const pb::GetAssetRequest& request,
                        pb::GetAssetResponse* response) const;
  absl::Status GetHistory(const QueryCaller& caller, const pb::GetHistoryRequest& request,
                          pb::GetHistoryResponse* response) const;
  absl::Status DiffHost(const QueryCaller& caller, const pb::DiffHostRequest& request,
                        pb::DiffHostResponse* response) const;
  absl::Status ExplainRetention(const QueryCaller& caller, const pb::ExplainRetentionRequest& request,
                                pb::ExplainRetentionResponse* response) const;
  absl::Status GetCoverage(const QueryCaller& caller, const pb::GetCoverageRequest& request,
                           pb::GetCoverageResponse* response) const;

 private:
  absl::StatusOr<std::vector<StoredVersion>> FindAsset(const QueryCaller& caller, const std::string& prefix,
                                                       pb::Purpose purpose) const;
  absl::StatusOr<std::vector<StoredVersion>> ScanAll(const ScanQuery& query,
                                                     const std::vector<const Kind*>& kinds) const;
  absl::StatusOr<pb::StoredRecord> Present(const StoredVersion& version, const HostDirectory& hosts) const;
  absl::Status AddCoverage(const QueryCaller& caller, const HostDirectory& hosts,
                           const std::vector<std::string>& agent_ids,
                           google::protobuf::RepeatedPtrField<pb::UnitCoverage>* units) const;

  Store* const store_;
  const RetentionExplainer* const retention_;
  const Clock* const clock_;
  const ConnectedFunction connected_;
  const ContactRhythm rhythm_;
};

// OK if `purpose` is set and among the kind's; PermissionDenied otherwise. Pure.
absl::Status CheckPurpose(const Kind& kind, pb::Purpose purpose);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_QUERY_ENGINE_H_
