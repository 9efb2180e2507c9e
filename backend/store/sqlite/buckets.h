// Listing, reading and counting buckets.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_BUCKETS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_BUCKETS_H_

#include <cstdint>

#include "backend/store/bucket_store.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// The instants of a bucket's day, as columns hold them; both included.
struct DayRange {
  int64_t first = 0;
  int64_t last = 0;

  static DayRange Of(const BucketRef& bucket);
  bool Contains(int64_t nanos) const { return first <= nanos && nanos <= last; }
};

// The hosting service that rows of an agent belong to, from what it named.
absl::string_view ServiceOf(absl::string_view named);
// CATEGORY_UNSPECIFIED for a kind this program does not know.
pb::Category CategoryOf(int kind);

// Each runs inside the caller's transaction and does what the BucketStore method says.
absl::StatusOr<BucketPage> ReadBuckets(Connection* db, absl::string_view tenant, absl::TimeZone zone,
                                       absl::string_view cursor, size_t limit);
absl::StatusOr<BucketRowPage> ReadBucketRows(Connection* db, const BucketRef& bucket, absl::string_view cursor,
                                             size_t limit, RowContent content);
absl::StatusOr<BucketSummary> ReadBucketSummary(Connection* db, const BucketRef& bucket);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_BUCKETS_H_
