// What a lifecycle event must say.
#ifndef ROLLCALL_BACKEND_RETENTION_LIFECYCLE_CHECK_H_
#define ROLLCALL_BACKEND_RETENTION_LIFECYCLE_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Whether the event is complete: an id, times, a subject. InvalidArgument says what is missing. To be asked
// before an event is stored, so that nothing has to be refused later. Pure.
absl::Status CheckEvent(const pb::LifecycleEvent& event);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_LIFECYCLE_CHECK_H_
