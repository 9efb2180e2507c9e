// What customers ask for: that data is deleted, or handed out.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/lifecycle/deletion_dates.h"
#include "backend/lifecycle/selector_check.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/short_hash.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

std::vector<KnownRequest>::const_iterator Find(const TenantTimeline& timeline, const std::string& id) {
  return std::find_if(timeline.requests.begin(), timeline.requests.end(),
                      [&](const KnownRequest& request) { return request.id == id; });
}

// Data of days to come is not there to be deleted.
absl::Status CheckNotOfTheFuture(const TenantOperation& operation, const pb::Selector& selector) {
  absl::CivilDay from;
  if (!ParseDay(selector.from_day(), &from)) return absl::OkStatus();
  if (from <= DayOf(operation.at, operation.policy().zone)) return absl::OkStatus();
  return absl::InvalidArgumentError("request deletion: all days it selects are still to come");
}

std::string HashOfLines(const google::protobuf::RepeatedPtrField<std::string>& lines) {
  const std::array<uint8_t, 32> hash = ShortHash(absl::StrJoin(lines, "\n"));
  return std::string(reinterpret_cast<const char*>(hash.data()), hash.size());
}

}  // namespace

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::RequestDeletion(const Caller& caller, const pb::Selector& selector,
                                                                     const std::string& reason) {
  const std::vector<std::string> arguments = {selector.SerializeAsString(), reason};
  return core_->Run(tenant_, caller, "request deletion", arguments, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(CheckReason(reason));
    ROLLCALL_RETURN_IF_ERROR(CheckSelector(operation->policy(), operation->facts, selector));
    ROLLCALL_RETURN_IF_ERROR(CheckNotOfTheFuture(*operation, selector));
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    *event.mutable_deletion_requested()->mutable_selector() = selector;
    ROLLCALL_RETURN_IF_ERROR(operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::DELETION_REQUEST));
    ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertDeletion(caller.request_id, reason));
    const auto request = Find(operation->timeline, caller.request_id);
    if (request == operation->timeline.requests.end())
      return absl::InternalError("request deletion: it does not count");
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
    *operation->answer.mutable_deletion() =
        DatesOf(operation->policy(), operation->facts, operation->timeline, *request, buckets);
    operation->entries.back().set_explanation_hash(HashOfLines(operation->answer.deletion().explanation()));
    return absl::OkStatus();
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::CancelDeletion(const Caller& caller, const std::string& request) {
  return core_->Run(tenant_, caller, "cancel deletion", {request}, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(operation->rows.ReasonOfDeletion(request).status());
    const auto known = Find(operation->timeline, request);
    if (known == operation->timeline.requests.end()) {
      return absl::FailedPreconditionError(absl::StrCat("cancel deletion ", request, ": it was taken back before"));
    }
    const absl::Time until = CancellableUntil(operation->policy(), known->requested_at);
    if (operation->at >= until) {
      return absl::FailedPreconditionError(absl::StrCat("cancel deletion ", request, ": it could be taken back until ",
                                                        absl::FormatTime(until, operation->policy().zone)));
    }
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, operation->rows.Buckets());
    uint64_t lost = 0;
    for (const StoredBucket& bucket : buckets) {
      if (known->selection.Covers(bucket.facts.key) == Coverage::kNone) continue;
      const bool gone = bucket.facts.state == pb::BUCKET_PURGING ||
                        (bucket.facts.state == pb::BUCKET_PURGED && bucket.state_since >= known->requested_at);
      if (gone || (bucket.facts.state != pb::BUCKET_PURGED && !StillHas(*known, bucket))) ++lost;
    }
    operation->answer.mutable_taken_back()->set_lost(lost);
    pb::LifecycleEvent event;
    event.set_id(caller.request_id);
    event.mutable_deletion_cancelled()->set_request(request);
    return operation->Append(std::move(event), pb::LedgerEntry::LifecycleNoted::DELETION_CANCELLED);
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::RequestExport(const Caller& caller, const pb::Selector& selector,
                                                                   const std::string& reason) {
  const std::vector<std::string> arguments = {selector.SerializeAsString(), reason};
  return core_->Run(tenant_, caller, "request export", arguments, [&](TenantOperation* operation) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(CheckReason(reason));
    ROLLCALL_RETURN_IF_ERROR(CheckSelector(operation->policy(), operation->facts, selector));
    pb::ExportRequest* request = operation->answer.mutable_export_request();
    *request->mutable_selector() = selector;
    request->set_reason(reason);
    request->set_requested_by(caller.actor);
    *request->mutable_requested_at() = ToWire(operation->at);
    *request->mutable_target() =
        ToWire(operation->at + absl::Hours(24 * operation->policy().data.service_levels().request_days()));
    request->set_state(pb::ExportRequest::OPEN);
    ROLLCALL_RETURN_IF_ERROR(operation->rows.PutExport(caller.request_id, *request));
    pb::LedgerEntry::LifecycleNoted* noted = operation->AddEntry()->mutable_lifecycle_noted();
    noted->set_kind(pb::LedgerEntry::LifecycleNoted::EXPORT_REQUEST);
    noted->set_event_id(caller.request_id);
    const std::array<uint8_t, 32> hash = ShortHash(request->SerializeAsString());
    noted->set_event_hash(hash.data(), hash.size());
    return absl::OkStatus();
  });
}

absl::StatusOr<pb::OperationAnswer> TenantLifecycle::FinishExport(const Caller& caller, const std::string& request,
                                                                  const std::string& manifest_hash,
                                                                  const std::string& failure) {
  const std::vector<std::string> arguments = {request, manifest_hash, failure};
  return core_->Run(tenant_, caller, "finish export", arguments, [&](TenantOperation* operation) -> absl::Status {
    const bool done = manifest_hash.size() == 32 && failure.empty();
    if (!done && !manifest_hash.empty()) {
      return absl::InvalidArgumentError("finish export: the hash of its manifest has not 32 bytes, or it failed");
    }
    if (!done) ROLLCALL_RETURN_IF_ERROR(CheckReason(failure));
    ROLLCALL_ASSIGN_OR_RETURN(pb::ExportRequest body, operation->rows.FindExport(request));
    if (body.state() != pb::ExportRequest::OPEN) {
      return absl::FailedPreconditionError(absl::StrCat("finish export ", request, ": it is finished"));
    }
    body.set_state(done ? pb::ExportRequest::DONE : pb::ExportRequest::FAILED);
    *body.mutable_finished_at() = ToWire(operation->at);
    body.set_manifest_hash(manifest_hash);
    body.set_failure(failure);
    ROLLCALL_RETURN_IF_ERROR(operation->rows.PutExport(request, body));
    *operation->answer.mutable_export_request() = body;
    pb::LedgerEntry::LifecycleNoted* noted = operation->AddEntry()->mutable_lifecycle_noted();
    noted->set_kind(pb::LedgerEntry::LifecycleNoted::EXPORT_REQUEST);
    noted->set_event_id(request);
    const std::array<uint8_t, 32> hash = ShortHash(body.SerializeAsString());
    noted->set_event_hash(hash.data(), hash.size());
    return absl::OkStatus();
  });
}

}  // namespace rollcall
