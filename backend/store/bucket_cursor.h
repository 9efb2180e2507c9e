// Where a list of buckets, and a scan of one, go on.
#ifndef ROLLCALL_BACKEND_STORE_BUCKET_CURSOR_H_
#define ROLLCALL_BACKEND_STORE_BUCKET_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/retention/tenant_timeline.h"
#include "backend/store/scan_cursor.h"

namespace rollcall {

// The last version a page of a bucket gave. All engines use it.
struct BucketRowCursor {
  // With agent, collector, scope, kind and asset key.
  ScanCursor asset;
  // Nanoseconds since 1970 UTC.
  int64_t valid_from = 0;

  friend bool operator==(const BucketRowCursor&, const BucketRowCursor&) = default;
};

// The order of buckets in lists: by service, category and day.
bool BucketKeyLess(const BucketKey& a, const BucketKey& b);

// URL-safe text, and back. An empty text is the start: unset. InvalidArgument for anything the other did not
// give. Pure.
std::string EncodeBucketCursor(const BucketKey& last);
absl::StatusOr<std::optional<BucketKey>> DecodeBucketCursor(absl::string_view text);
std::string EncodeBucketRowCursor(const BucketRowCursor& last);
absl::StatusOr<std::optional<BucketRowCursor>> DecodeBucketRowCursor(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_BUCKET_CURSOR_H_
