// Audit events as lines of the log.
#ifndef ROLLCALL_BACKEND_ACCESS_LOG_AUDIT_SINK_H_
#define ROLLCALL_BACKEND_ACCESS_LOG_AUDIT_SINK_H_

#include "backend/access/audit_sink.h"
#include "platform/log.h"

namespace rollcall {

// For backends without a ledger: `access.denied` and `access.bulk_read`. As durable as the log. Thread-safe.
class LogAuditSink : public AuditSink {
 public:
  // `logger` outlives the sink.
  explicit LogAuditSink(Logger* logger) : logger_(logger) {}
  // Always OK.
  absl::Status Record(const AuditEvent& event) override;

 private:
  Logger* const logger_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_LOG_AUDIT_SINK_H_
