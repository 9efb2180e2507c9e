// When to sync the spool: one fdatasync(2) for many entries.
#ifndef ROLLCALL_AGENT_SPOOL_SYNC_POLICY_H_
#define ROLLCALL_AGENT_SPOOL_SYNC_POLICY_H_

#include <cstddef>

#include "absl/time/time.h"

namespace rollcall {

// Counts what was appended since the last sync; a sync is due when enough bytes wait or the
// oldest of them waits long enough. Not thread-safe; times are Clock::Monotonic().
class SyncPolicy {
 public:
  explicit SyncPolicy(size_t max_bytes = size_t{256} << 10, absl::Duration max_delay = absl::Seconds(1))
      : max_bytes_(max_bytes), max_delay_(max_delay) {}

  void NoteAppended(size_t bytes, absl::Duration now) {
    if (waiting_bytes_ == 0 && deadline_ == absl::InfiniteDuration()) deadline_ = now + max_delay_;
    waiting_bytes_ += bytes;
  }
  void NoteSynced() {
    waiting_bytes_ = 0;
    deadline_ = absl::InfiniteDuration();
  }
  bool Due(absl::Duration now) const { return waiting_bytes_ >= max_bytes_ || now >= deadline_; }
  // When a sync is due if nothing more is appended; infinite if nothing waits.
  absl::Duration deadline() const { return deadline_; }

 private:
  size_t max_bytes_;
  absl::Duration max_delay_;
  size_t waiting_bytes_ = 0;
  absl::Duration deadline_ = absl::InfiniteDuration();
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SYNC_POLICY_H_
