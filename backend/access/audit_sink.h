// What is kept of reads that were denied, and of reads of much at once.
#ifndef ROLLCALL_BACKEND_ACCESS_AUDIT_SINK_H_
#define ROLLCALL_BACKEND_ACCESS_AUDIT_SINK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rollcall/v1/options.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Who, what and how much; never what was asked for or what the records say.
struct AuditEvent {
  enum class What { kReadDenied, kBulkRead };
  What what = What::kReadDenied;
  absl::Time at;
  // From the certificate or token; both empty if it granted nothing, the tenant also if the call was for none of its
  // tenants.
  std::string tenant;
  std::string person;
  // Such as `Query.ListRecords`.
  std::string method;
  pb::Purpose purpose = pb::PURPOSE_UNSPECIFIED;
  std::string ticket;
  // Of a bulk read: records in the answer.
  uint64_t records = 0;
};

// Called from any thread; may block.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  // Returns when the event is as durable as the sink makes it. A bulk read whose event cannot be kept is not answered;
  // a denied read stays denied.
  virtual absl::Status Record(const AuditEvent& event) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_AUDIT_SINK_H_
