#include "backend/access/log_audit_sink.h"

#include "backend/access/access.h"

namespace rollcall {

absl::Status LogAuditSink::Record(const AuditEvent& event) {
  const bool denied = event.what == AuditEvent::What::kReadDenied;
  const std::initializer_list<LogField> fields = {{"tenant", event.tenant}, {"operator", event.person},
                                                  {"method", event.method}, {"purpose", PurposeName(event.purpose)},
                                                  {"ticket", event.ticket}, {"records", event.records}};
  if (denied) logger_->Warning("access.denied", "A read was denied", fields);
  if (!denied) logger_->Info("access.bulk_read", "Many records were read at once", fields);
  return absl::OkStatus();
}

}  // namespace rollcall
