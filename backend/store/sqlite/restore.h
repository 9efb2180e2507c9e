// Putting back what an archive kept of a bucket.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_RESTORE_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_RESTORE_H_

#include "backend/store/bucket_store.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// Runs inside the caller's transaction and does what the BucketStore method says.
absl::StatusOr<RestoreOutcome> RestoreBucketRows(Connection* db, const BucketRef& bucket, uint64_t fence,
                                                 absl::Span<const BucketRow> rows);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_RESTORE_H_
