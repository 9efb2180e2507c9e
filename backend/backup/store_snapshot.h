// The store's database as it is at one instant, read beside the process that writes it.
#ifndef ROLLCALL_BACKEND_BACKUP_STORE_SNAPSHOT_H_
#define ROLLCALL_BACKEND_BACKUP_STORE_SNAPSHOT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/engine/row_stream.h"
#include "backend/store/bucket_store.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// While there is one the store's write-ahead log grows. Not thread-safe.
class StoreSnapshot {
 public:
  // NotFound if there is no database; FailedPrecondition if it is not of this program's version.
  static absl::StatusOr<std::unique_ptr<StoreSnapshot>> Open(const std::string& database);

  // Names, sorted.
  absl::StatusOr<std::vector<std::string>> Tenants();
  // Those with a row, in order; reads all of the tenant's rows.
  absl::StatusOr<std::vector<BucketSummary>> Buckets(absl::string_view tenant, absl::TimeZone zone);
  // The rows of a bucket, as BucketStore::ScanBucket orders them. The snapshot outlives the stream; one at a time.
  std::unique_ptr<RowStream> Rows(BucketRef bucket);
  // Makes a database with all but records, versions and parts of runs: tenants, agents, and their units as if all
  // rows of theirs had been deleted, so that rows can be put back. `path` is an empty file or none.
  absl::Status WriteSkeleton(const std::string& path);

 private:
  explicit StoreSnapshot(std::unique_ptr<Connection> db) : db_(std::move(db)) {}

  const std::unique_ptr<Connection> db_;
  std::optional<Transaction> transaction_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_STORE_SNAPSHOT_H_
