// Deleting a whole bucket from a store, bit by bit, so that others get their turn.
#ifndef ROLLCALL_BACKEND_STORE_BUCKET_PURGE_H_
#define ROLLCALL_BACKEND_STORE_BUCKET_PURGE_H_

#include "backend/store/bucket_store.h"
#include "platform/clock.h"

namespace rollcall {

struct PurgePace {
  // Most rows, and most time, of one transaction.
  size_t batch_rows = kMaxBucketRows;
  absl::Duration batch_time = absl::Milliseconds(5);
  // Between two transactions: whoever waits to write does so then, and has a core and the disk to do so.
  absl::Duration pause = absl::Milliseconds(5);
  // How long readers are waited for whose snapshot still holds what was deleted.
  absl::Duration residue_wait = absl::Seconds(30);
};

struct PurgeReport {
  // What this call deleted; a call that was interrupted may have deleted before.
  uint64_t deleted = 0;
  uint64_t bytes = 0;
  uint64_t staged_parts = 0;
  uint64_t batches = 0;
  // Counted afterwards, by another query: nothing of the bucket, unless records came in meanwhile.
  BucketSummary remaining;
};

// The two halves of PurgeBucket, for who purges many buckets at once: the first for each of them, then the second,
// which looks at all of the store's files, once for all; `remaining` then has to be counted again. Errors as
// PurgeBucket.
absl::StatusOr<PurgeReport> EmptyBucket(BucketStore* store, const BucketRef& bucket, uint64_t fence,
                                        const PurgePace& pace, const Clock& clock, const StopToken& stop);
absl::Status EraseResidue(BucketStore* store, const PurgePace& pace, const Clock& clock, const StopToken& stop);

// Deletes what is in the bucket and staged for it, erases what the files still hold of it, and counts. May be
// interrupted anywhere and called again. Blocks: call it from a thread of its own.
// Cancelled if `stop` is requested; Unavailable if the store is busy or a reader does not let go; else the
// store's errors.
absl::StatusOr<PurgeReport> PurgeBucket(BucketStore* store, const BucketRef& bucket, uint64_t fence,
                                        const PurgePace& pace, const Clock& clock, const StopToken& stop);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_BUCKET_PURGE_H_
