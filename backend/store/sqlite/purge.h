// Deleting what is in a bucket.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_PURGE_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_PURGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "backend/store/bucket_store.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// Each runs inside the caller's transaction and does what the BucketStore method says. What is deleted is noted as
// still to be erased (residue.h).
absl::StatusOr<DeleteOutcome> DeleteBucketRows(Connection* db, const BucketRef& bucket, uint64_t fence,
                                               absl::Span<const BucketRow> rows, absl::FunctionRef<bool()> go_on);

// A run with staged parts.
struct StagedRun {
  int64_t unit_id = 0;
  std::string run;
};
// Those with a record of the bucket; reads all that is staged of the tenant.
absl::StatusOr<std::vector<StagedRun>> FindStagedRuns(Connection* db, const BucketRef& bucket);
// Gives the number of their parts. One that was applied or dropped meanwhile has none.
absl::StatusOr<uint64_t> DropStagedRuns(Connection* db, const std::vector<StagedRun>& runs);

// OK if the row can be of the bucket: its tenant, category and day; InvalidArgument otherwise.
absl::Status CheckRow(const BucketRef& bucket, const BucketRow& row);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_PURGE_H_
