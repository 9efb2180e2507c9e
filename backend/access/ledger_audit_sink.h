// Audit events as entries of the ledger.
#ifndef ROLLCALL_BACKEND_ACCESS_LEDGER_AUDIT_SINK_H_
#define ROLLCALL_BACKEND_ACCESS_LEDGER_AUDIT_SINK_H_

#include <functional>
#include <string>
#include <utility>

#include "backend/access/audit_sink.h"
#include "backend/ledger/ledger.h"

namespace rollcall {

// READ_DENIED and BULK_READ. Record returns when the entry is durable. Thread-safe if `pseudonym` is.
class LedgerAuditSink : public AuditSink {
 public:
  // The ledger names tenants by pseudonym only: this one gives it. Never called with an empty name.
  using Pseudonym = std::function<std::string(const std::string& tenant)>;

  // `ledger` outlives the sink.
  LedgerAuditSink(Ledger* ledger, Pseudonym pseudonym) : ledger_(ledger), pseudonym_(std::move(pseudonym)) {}
  // Errors are the ledger's.
  absl::Status Record(const AuditEvent& event) override;

 private:
  Ledger* const ledger_;
  const Pseudonym pseudonym_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_LEDGER_AUDIT_SINK_H_
