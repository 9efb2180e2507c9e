// Changes operators make to what is stored.
#ifndef ROLLCALL_BACKEND_OPERATE_OPERATE_ENGINE_H_
#define ROLLCALL_BACKEND_OPERATE_OPERATE_ENGINE_H_

#include "absl/status/status.h"
#include "backend/access/guarded_store.h"
#include "backend/query/host_directory.h"
#include "platform/clock.h"
#include "rollcall/v1/operate.pb.h"

namespace rollcall {

// One method per RPC; each changes only the access's tenant. Blocking; thread-safe. Errors:
//   PermissionDenied  the access is not to a method that changes anything, or its purpose shows no hosts;
//   InvalidArgument   the request makes no sense, and the message says why;
//   NotFound          the host it names is not there;
//   others            from the store. What `response` lists by then was done and stays done; the same
//                     request may be made again.
class OperateEngine {
 public:
  // Both must outlive the engine.
  OperateEngine(const GuardedStore* store, const Clock* clock) : store_(store), clock_(clock) {}

  absl::Status Retract(const Access& access, const pb::RetractRequest& request, pb::RetractResponse* response) const;

 private:
  // Ends or counts the records of one unit, and lists it if it had any.
  absl::Status RetractUnit(const Access& access, const UnitInfo& unit, const pb::RetractRequest& request,
                           const HostDirectory& hosts, pb::RetractResponse* response) const;

  const GuardedStore* const store_;
  const Clock* const clock_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_OPERATE_OPERATE_ENGINE_H_
