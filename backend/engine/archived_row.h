// A row of the stores as the archive keeps it, and the order in which rows come from both.
#ifndef ROLLCALL_BACKEND_ENGINE_ARCHIVED_ROW_H_
#define ROLLCALL_BACKEND_ENGINE_ARCHIVED_ROW_H_

#include <compare>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/store/bucket_store.h"

namespace rollcall {

// The schema of the engine's archive objects.
inline constexpr char kArchivedRowSchema[] = "rollcall.v1.ArchivedRow";

// A serialized pb::ArchivedRow. Pure.
std::string EncodeArchivedRow(const BucketRow& row);

// The row again, with everything it had. `tenant` is the bucket's. DataLoss if it is none. Pure.
absl::StatusOr<BucketRow> DecodeArchivedRow(absl::string_view bytes, absl::string_view tenant);

// By name, as BucketStore::ScanBucket orders rows: agent, collector, scope, kind, asset, valid_from. Two rows of the
// same name are one version, known at two times. Pure.
std::strong_ordering CompareNames(const BucketRow& a, const BucketRow& b);

// Whether `a` says later things than `b`, which has the same name: it ended, or was seen since. Pure.
bool IsNewer(const BucketRow& a, const BucketRow& b);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_ARCHIVED_ROW_H_
