// What retention needs of a store: to count, read, delete and put back buckets.
#ifndef ROLLCALL_BACKEND_STORE_BUCKET_STORE_H_
#define ROLLCALL_BACKEND_STORE_BUCKET_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "backend/retention/tenant_timeline.h"
#include "backend/store/store.h"
#include "platform/clock.h"

namespace rollcall {

// Names a bucket. A version belongs to the bucket of
//   * the hosting service its agent named in its last contact, kAllServices if it named none;
//   * the category of its kind;
//   * the civil day of its last_seen, which for a current version moves on with its unit's complete runs.
// So at any instant it belongs to exactly one, and versions enter and leave buckets without being written.
struct BucketRef {
  std::string tenant;
  BucketKey key;
  // The agreement's: says when the day begins and ends.
  absl::TimeZone zone;
};

// What there is of a bucket.
struct BucketSummary {
  BucketKey key;
  // Versions, current and past, and the bytes of their payloads.
  uint64_t records = 0;
  uint64_t bytes = 0;
  // Records in parts of runs whose last part has not come, by the day they were collected; in no other count.
  uint64_t staged = 0;
  // When the first of the records was received. After a deletion of the bucket that was verified, it tells what
  // came late. InfiniteFuture if there are none, as in the next two.
  absl::Time first_stored_at = absl::InfiniteFuture();
  // The earliest and the latest last_seen.
  absl::Time first_observed = absl::InfiniteFuture();
  absl::Time last_observed = absl::InfinitePast();
};

struct BucketPage {
  // Ordered by service, category and day. None is empty.
  std::vector<BucketSummary> buckets;
  // Continue with this; empty at the end. Opaque; stable across processes.
  std::string next_cursor;
};

// A version with all that is needed to put it back. Its first_seen is as it was written: it may be that of a version
// which was deleted since.
struct BucketRow {
  StoredVersion version;
  // Of its unit.
  pb::Scope scope;
};

struct BucketRowPage {
  // Ordered by (agent, collector, scope, kind, asset key, valid_from).
  std::vector<BucketRow> rows;
  std::string next_cursor;
};

enum class RowContent {
  kWhole,
  // Without payloads: all that DeleteRows compares.
  kFacts,
};

struct DeleteOutcome {
  // How many of the rows, from the first on, were dealt with; the counts below are theirs.
  size_t handled = 0;
  uint64_t deleted = 0;
  uint64_t bytes = 0;
  // Not there any more: deleted before.
  uint64_t absent = 0;
  // There, and not as given: ended, seen again, or of another service since. Left alone.
  uint64_t changed = 0;
};

struct RestoreOutcome {
  uint64_t restored = 0;
  // There already, the same.
  uint64_t present = 0;
};

// The most rows that may be deleted or put back at once: a transaction others wait for.
inline constexpr size_t kMaxBucketRows = 1000;

// Every method is safe to call from any thread and may be retried after Unavailable. Errors are Store's.
// All engines pass backend/store/store_contract_bucket_test.cc.
//
// What is deleted is named row by row: what was decided on, archived or asked for, and nothing that came in
// since. `fence` is the epoch of the tenant's lifecycle at which that was decided (TenantTimeline.epoch). The
// store keeps the highest it was shown, and refuses a lower one with FailedPrecondition: who decided earlier,
// or lost the lease on the tenant meanwhile, deletes nothing any more.
class BucketStore {
 public:
  virtual ~BucketStore() = default;

  // The tenant's buckets, at most `limit`, 1 or more. Each page is one snapshot and reads all of the tenant's
  // rows. InvalidArgument for a cursor that was not given here.
  virtual absl::StatusOr<BucketPage> ListBuckets(absl::string_view tenant, absl::TimeZone zone,
                                                 absl::string_view cursor, size_t limit) = 0;
  // At most `limit` versions of a bucket, 1 or more. Each page is one snapshot. Goes on after a version, not at
  // an offset: rows may be deleted in between.
  virtual absl::StatusOr<BucketRowPage> ScanBucket(const BucketRef& bucket, absl::string_view cursor, size_t limit,
                                                   RowContent content) = 0;
  // Counts a bucket on the primary, with everything that was committed before the call.
  virtual absl::StatusOr<BucketSummary> CountBucket(const BucketRef& bucket) = 0;

  // From now on nothing is deleted or put back for a lower fence. Durable. NotFound if the tenant is unknown.
  virtual absl::Status RaiseFence(absl::string_view tenant, uint64_t fence) = 0;

  // Deletes those of the rows that are in the bucket and as given (payload and first_seen do not count). One
  // transaction, durable; idempotent. At most kMaxBucketRows, neighbours in the order of a scan for speed;
  // after each row `go_on` is asked, and false ends the transaction there. So may a store, after a few rows, if others
  // wait to write.
  // A unit that loses current records: its digest loses them, so that a DELTA or a confirmation is answered
  // with a resync; its last run, if COMPLETE, becomes PARTIAL, and what it said of the host goes; until its next
  // complete set came, confirmations are refused even if the digest is right again, after RestoreRows.
  // InvalidArgument for a row that cannot be of the bucket.
  virtual absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence,
                                                   absl::Span<const BucketRow> rows,
                                                   absl::FunctionRef<bool()> go_on) = 0;
  // Drops every run that is staged and has a record of the bucket, and gives the number of its parts. When the
  // run's last part comes it is answered with a resync. Durable, idempotent.
  virtual absl::StatusOr<uint64_t> DropStaged(const BucketRef& bucket, uint64_t fence) = 0;

  // Puts versions back; at most kMaxBucketRows, all of them or none, durable; idempotent. A version that was
  // current is current again if its unit has had no complete run since and nothing follows it; else it has ended:
  // changed when its successor began, or gone with that run. last_seen stays what it was. FailedPrecondition if
  // another version is in its place or overlaps it, or the row differs from the one that is there; NotFound if
  // its unit is unknown; InvalidArgument for a row that is not of the bucket.
  virtual absl::StatusOr<RestoreOutcome> RestoreRows(const BucketRef& bucket, uint64_t fence,
                                                     absl::Span<const BucketRow> rows) = 0;

  // Makes sure that nothing which was deleted is left in the store's files. What has to be erased is remembered with
  // the deletion, across processes, until this has answered OK for it: without any it does nothing, and after a failure
  // it goes on with what is left to do. Unavailable while a reader still looks at what was deleted; Cancelled soon
  // after `stop` is requested.
  virtual absl::Status EraseResidue(const StopToken& stop) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_BUCKET_STORE_H_
