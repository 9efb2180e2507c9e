// Changes operators make to what is stored.
#ifndef ROLLCALL_BACKEND_OPERATE_OPERATE_ENGINE_H_
#define ROLLCALL_BACKEND_OPERATE_OPERATE_ENGINE_H_

#include "absl/status/status.h"
#include "backend/query/query_engine.h"
#include "backend/store/store.h"
#include "platform/clock.h"
#include "rollcall/v1/operate.pb.h"

namespace rollcall {

// One method per RPC; each changes only the caller's tenant. Blocking; thread-safe. Errors:
//   PermissionDenied  no purpose, or one that nothing may be changed for;
//   InvalidArgument   the request makes no sense, and the message says why;
//   NotFound          the host it names is not there;
//   others            from the store. What `response` lists by then was done and stays done; the same
//                     request may be made again.
class OperateEngine {
 public:
  // Both must outlive the engine.
  OperateEngine(Store* store, const Clock* clock) : store_(store), clock_(clock) {}

  absl::Status Retract(const QueryCaller& caller, const pb::RetractRequest& request,
                       pb::RetractResponse* response) const;

 private:
  // Ends or counts the records of one unit, and lists it if it had any.
  absl::Status RetractUnit(const UnitInfo& unit, const pb::RetractRequest& request, const HostDirectory& hosts,
                           pb::RetractResponse* response) const;

  Store* const store_;
  const Clock* const clock_;
};

// OK if what is stored may be changed for `purpose`; PermissionDenied otherwise. Pure.
absl::Status CheckOperatePurpose(pb::Purpose purpose);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_OPERATE_OPERATE_ENGINE_H_
