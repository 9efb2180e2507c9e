// From a call to its permission, and from its answer to what is kept of it.
#ifndef ROLLCALL_BACKEND_ACCESS_CALL_JUDGE_H_
#define ROLLCALL_BACKEND_ACCESS_CALL_JUDGE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/access/access.h"
#include "backend/access/audit_sink.h"
#include "google/protobuf/message.h"
#include "platform/clock.h"
#include "platform/log.h"

namespace rollcall {

// An answer with more records, or a part of a listing that has several, is a bulk read: a listing does not
// become small by being read in small pages.
inline constexpr uint64_t kBulkRecords = 100;

// Records in an answer: elements of its repeated fields that are, or hold, stored records or hosts. Pure.
uint64_t RecordsIn(const google::protobuf::Message& response);

// Whether the call goes on where another stopped, or stops where another goes on. Pure.
bool IsPartOfListing(const google::protobuf::Message& request, const google::protobuf::Message& response);

// What a call brings with it: who made it, or why that is not known, and what for.
struct CallFacts {
  absl::StatusOr<Grant> grant;
  CallRequest request;
};

// Decides about calls and keeps what is to be kept of them. Thread-safe.
class CallJudge {
 public:
  // All outlive the judge.
  CallJudge(const Clock* clock, AuditSink* sink, Logger* logger) : clock_(clock), sink_(sink), logger_(logger) {}

  // Access::Authorize, now; or why the caller is not known.
  absl::StatusOr<Access> Admit(const CallFacts& facts) const;
  // Access::AuthorizeSelf, now; or why the caller is not known.
  absl::Status AdmitToSelf(const CallFacts& facts) const;

  // The status to finish a call with that was answered with `status` (also that of Admit): keeps an event if it was
  // denied, and one if it is a bulk read. Unavailable if that cannot be kept. Blocks as long as the sink.
  absl::Status Conclude(const CallFacts& facts, const absl::StatusOr<Access>& access,
                        const google::protobuf::Message& request, const google::protobuf::Message& response,
                        const absl::Status& status) const;

 private:
  const Clock* const clock_;
  AuditSink* const sink_;
  Logger* const logger_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_CALL_JUDGE_H_
