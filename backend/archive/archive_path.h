// Where a bucket's objects are: names of folders from names that anybody may have chosen.
#ifndef ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_PATH_H_
#define ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/ledger.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// What follows the hash in an object's name.
inline constexpr char kObjectSuffix[] = ".tar.zst.sealed";

// `region/tenant/service/category/day`. Two buckets never share one. Letters, digits, `-`, `_` and, but at the
// beginning, `.` stand for themselves, other bytes are `%` and two hex digits; a name that would be longer than 200
// bytes is `%%` and its SHA-256 instead. InvalidArgument if a part is empty, the category is none, or the day is no
// `YYYY-MM-DD`. Pure.
absl::StatusOr<std::string> BucketFolder(const pb::BucketName& bucket);

// `<sha256>.tar.zst.sealed`. InvalidArgument unless it is 64 digits of lowercase hex. Pure.
absl::StatusOr<std::string> ObjectFileName(absl::string_view sha256);

// The hash in the name of an object; empty if it is no object's. Pure.
std::string HashOfFileName(absl::string_view name);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_PATH_H_
