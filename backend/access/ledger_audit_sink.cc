#include "backend/access/ledger_audit_sink.h"

#include "absl/strings/str_cat.h"
#include "backend/access/access.h"
#include "proto/wire_time.h"

namespace rollcall {

absl::Status LedgerAuditSink::Record(const AuditEvent& event) {
  const std::string caller = event.person.empty() ? "unknown" : absl::StrCat("operator/", event.person);
  pb::LedgerEntry entry;
  *entry.mutable_at() = ToWire(event.at);
  entry.set_actor(caller);
  if (!event.tenant.empty()) entry.set_tenant(pseudonym_(event.tenant));
  if (event.what == AuditEvent::What::kReadDenied) {
    pb::LedgerEntry::ReadDenied* denied = entry.mutable_read_denied();
    denied->set_purpose(PurposeName(event.purpose));
    denied->set_method(event.method);
    denied->set_caller(caller);
  } else {
    pb::LedgerEntry::BulkRead* bulk = entry.mutable_bulk_read();
    bulk->set_purpose(PurposeName(event.purpose));
    bulk->set_method(event.method);
    bulk->set_caller(caller);
    bulk->set_records(event.records);
    bulk->set_ticket(event.ticket);
  }
  return ledger_->Append(std::move(entry)).status();
}

}  // namespace rollcall
