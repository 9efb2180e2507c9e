// Answers operators' questions from the store.
#ifndef ROLLCALL_BACKEND_QUERY_QUERY_ENGINE_H_
#define ROLLCALL_BACKEND_QUERY_QUERY_ENGINE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "backend/access/guarded_store.h"
#include "backend/query/coverage.h"
#include "backend/query/host_directory.h"
#include "backend/query/retention_explainer.h"
#include "platform/clock.h"
#include "proto/kind_registry.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// One method per RPC; each reads what its access lets it, for the access's purpose and not for what the request
// names. Blocking; thread-safe. Errors:
//   PermissionDenied  the kind may not be read for the purpose;
//   InvalidArgument   the request makes no sense, and the message says why;
//   NotFound          what it names is not there;
//   others            from the store.
class QueryEngine {
 public:
  // Whether an agent has an open session.
  using ConnectedFunction = std::function<bool(const AgentName&)>;

  // Everything pointed to must outlive the engine. `rhythm` is that of an agent without a session: its
  // `contact_gap` is 0 if none is ever told to poll.
  QueryEngine(const GuardedStore* store, const RetentionExplainer* retention, const Clock* clock,
              ConnectedFunction connected, const ContactRhythm& rhythm = {})
      : store_(store), retention_(retention), clock_(clock), connected_(std::move(connected)), rhythm_(rhythm) {}

  absl::Status ListHosts(const Access& access, const pb::ListHostsRequest& request,
                         pb::ListHostsResponse* response) const;
  absl::Status ListRecords(const Access& access, const pb::ListRecordsRequest& request,
                           pb::ListRecordsResponse* response) const;
  absl::Status GetAsset(const Access& access, const pb::GetAssetRequest& request, pb::GetAssetResponse* response) const;
  absl::Status GetHistory(const Access& access, const pb::GetHistoryRequest& request,
                          pb::GetHistoryResponse* response) const;
  absl::Status DiffHost(const Access& access, const pb::DiffHostRequest& request, pb::DiffHostResponse* response) const;
  absl::Status ExplainRetention(const Access& access, const pb::ExplainRetentionRequest& request,
                                pb::ExplainRetentionResponse* response) const;
  absl::Status GetCoverage(const Access& access, const pb::GetCoverageRequest& request,
                           pb::GetCoverageResponse* response) const;

 private:
  absl::StatusOr<std::vector<StoredVersion>> FindAsset(const Access& access, const std::string& prefix) const;
  absl::StatusOr<std::vector<const Kind*>> ReadableKinds(
      const Access& access, const google::protobuf::RepeatedPtrField<std::string>& names) const;
  absl::StatusOr<std::vector<StoredVersion>> ScanAll(const Access& access, const GuardedScan& query,
                                                     const std::vector<const Kind*>& kinds) const;
  absl::StatusOr<pb::StoredRecord> Present(const StoredVersion& version, const HostDirectory& hosts) const;
  absl::Status AddCoverage(const Access& access, const HostDirectory& hosts, const std::vector<std::string>& agent_ids,
                           google::protobuf::RepeatedPtrField<pb::UnitCoverage>* units) const;

  const GuardedStore* const store_;
  const RetentionExplainer* const retention_;
  const Clock* const clock_;
  const ConnectedFunction connected_;
  const ContactRhythm rhythm_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_QUERY_ENGINE_H_
