// Whether the agreement is enforced by this backend, and when its stores were counted last.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_ENFORCEMENT_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_ENFORCEMENT_H_

#include <mutex>
#include <optional>

#include "absl/time/time.h"

namespace rollcall {

struct EnforcementState {
  // False: what is due is counted, and stays.
  bool enforced = false;
  // Unset until the first count since the start: whatever is known of buckets then may be nothing, or old.
  std::optional<absl::Time> counted_at;
};

// Where whoever counts says so, for whoever is asked. Thread-safe.
class Enforcement {
 public:
  void SetEnforced(bool enforced) {
    const std::lock_guard lock(mutex_);
    state_.enforced = enforced;
  }
  void OnCounted(absl::Time at) {
    const std::lock_guard lock(mutex_);
    state_.counted_at = at;
  }
  EnforcementState Get() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  mutable std::mutex mutex_;
  EnforcementState state_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_ENFORCEMENT_H_
