// What one tick of the retention engine did.
#ifndef ROLLCALL_BACKEND_ENGINE_TICK_REPORT_H_
#define ROLLCALL_BACKEND_ENGINE_TICK_REPORT_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "backend/retention/tenant_timeline.h"

namespace rollcall {

// Something that was not done to a bucket, and why.
struct BucketNote {
  std::string tenant;
  // Unset if it concerns the whole tenant.
  std::optional<BucketKey> bucket;
  // Such as `purge`.
  std::string action;
  absl::Status status;
};

struct TickReport {
  absl::Time at;
  // Why nothing was done; OK if the clock was trusted.
  absl::Status clock;
  uint64_t tenants = 0;
  // In the stores.
  uint64_t buckets = 0;
  // Whose count had changed.
  uint64_t noted = 0;

  // Buckets, by what was finished.
  uint64_t archived = 0;
  uint64_t emptied = 0;
  uint64_t restored = 0;
  uint64_t parts_erased = 0;
  uint64_t purged = 0;
  // Archived or purged before, of which rows had come in late.
  uint64_t late_archived = 0;
  uint64_t late_purged = 0;
  // Rows deleted from the stores for any of these.
  uint64_t rows_deleted = 0;

  // Steps that something newer had overtaken: looked at anew at the next tick.
  uint64_t overtaken = 0;
  // Purges that a guard stopped, with all that it says.
  std::vector<BucketNote> refused;
  // What did not work, and is tried again at the next tick.
  std::vector<BucketNote> failed;

  // Records that a certified deletion should have deleted, and did not: a fault of the engine or the store, or they
  // came back from elsewhere. They are deleted like what comes late.
  std::vector<BucketNote> missed;

  // When the next bucket or part falls due, or an end that is announced takes effect. Unset if nothing is known to.
  std::optional<absl::Time> next_due;
  // Steps begun, and whether more are waiting than one tick takes.
  size_t steps = 0;
  bool more = false;
  // Told to end before it was done.
  bool stopped = false;

  void Expect(absl::Time due) { next_due = std::min(next_due.value_or(due), due); }
  // Sorts out why something was not done.
  void NotDone(BucketNote note) {
    if (absl::IsAborted(note.status)) {
      ++overtaken;
    } else if (absl::IsCancelled(note.status)) {
      stopped = true;
    } else {
      failed.push_back(std::move(note));
    }
  }
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_TICK_REPORT_H_
