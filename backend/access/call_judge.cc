#include "backend/access/call_judge.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

bool HoldsRecords(const Descriptor* message) {
  if (message == pb::StoredRecord::descriptor() || message == pb::HostSummary::descriptor()) return true;
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->message_type() == pb::StoredRecord::descriptor()) return true;
  }
  return false;
}

bool HasText(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field != nullptr && !field->is_repeated() && field->type() == FieldDescriptor::TYPE_STRING &&
         !message.GetReflection()->GetString(message, field).empty();
}

std::string MethodName(const CallRequest& request) {
  if (request.method == nullptr) return "unknown";
  return absl::StrCat(request.method->service()->name(), ".", request.method->name());
}

// Who and what for: as far as the certificate or token says it, never as a denied call says it.
AuditEvent EventOf(const CallFacts& facts, const absl::StatusOr<Access>& access, absl::Time now) {
  AuditEvent event;
  event.at = now;
  event.method = MethodName(facts.request);
  event.purpose = facts.request.purpose;
  if (facts.grant.ok()) {
    event.person = facts.grant->person;
    if (facts.grant->tenants.size() == 1) event.tenant = facts.grant->tenants.begin()->first;
    if (facts.grant->tenants.count(facts.request.tenant) == 1) event.tenant = facts.request.tenant;
  }
  if (access.ok()) event.ticket = access->ticket();
  return event;
}

}  // namespace

uint64_t RecordsIn(const Message& response) {
  uint64_t records = 0;
  const Descriptor* descriptor = response.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (!field->is_repeated() || field->message_type() == nullptr || !HoldsRecords(field->message_type())) continue;
    records += static_cast<uint64_t>(response.GetReflection()->FieldSize(response, field));
  }
  return records;
}

bool IsPartOfListing(const Message& request, const Message& response) {
  return HasText(request, "page_token") || HasText(response, "next_page_token");
}

absl::StatusOr<Access> CallJudge::Admit(const CallFacts& facts) const {
  if (!facts.grant.ok()) return facts.grant.status();
  return Access::Authorize(*facts.grant, facts.request, clock_->Now());
}

absl::Status CallJudge::AdmitToSelf(const CallFacts& facts) const {
  if (!facts.grant.ok()) return facts.grant.status();
  return Access::AuthorizeSelf(*facts.grant, facts.request, clock_->Now());
}

absl::Status CallJudge::Conclude(const CallFacts& facts, const absl::StatusOr<Access>& access, const Message& request,
                                 const Message& response, const absl::Status& status) const {
  const bool denied = absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
  if (!status.ok() && !denied) return status;
  AuditEvent event = EventOf(facts, access, clock_->Now());
  if (!denied) {
    event.what = AuditEvent::What::kBulkRead;
    event.records = RecordsIn(response);
    const bool part = event.records > 0 && IsPartOfListing(request, response);
    if (event.records <= kBulkRecords && !part) return status;
  }
  const absl::Status kept = sink_->Record(event);
  if (kept.ok()) return status;
  logger_->Error("access.audit_failed", "An audit event could not be kept",
                 {{"method", event.method}, {"denied", denied}, {"error", kept}});
  return denied ? status : absl::UnavailableError("answer query: the audit log cannot be written");
}

}  // namespace rollcall
