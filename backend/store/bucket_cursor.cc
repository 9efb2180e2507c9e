#include "backend/store/bucket_cursor.h"

#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Far above what the names in a cursor may take.
constexpr size_t kMaxText = 4096;

absl::Status NotGiven() { return absl::InvalidArgumentError("cursor was not given by a list or scan of buckets"); }

bool ParseBucketCursor(absl::string_view text, BucketKey* key) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, '.');
  int category = 0;
  if (fields.size() != 3 || !ParseDay(fields[0], &key->collected_day) || !absl::SimpleAtoi(fields[1], &category) ||
      !absl::WebSafeBase64Unescape(fields[2], &key->hosting_service)) {
    return false;
  }
  key->category = static_cast<pb::Category>(category);
  return true;
}

}  // namespace

bool BucketKeyLess(const BucketKey& a, const BucketKey& b) {
  return std::tie(a.hosting_service, a.category, a.collected_day) <
         std::tie(b.hosting_service, b.category, b.collected_day);
}

std::string EncodeBucketCursor(const BucketKey& last) {
  return absl::StrCat(DayText(last.collected_day), ".", static_cast<int>(last.category), ".",
                      absl::WebSafeBase64Escape(last.hosting_service));
}

absl::StatusOr<std::optional<BucketKey>> DecodeBucketCursor(absl::string_view text) {
  if (text.empty()) return std::optional<BucketKey>();
  BucketKey key;
  // Base64 and numbers are read leniently; only one spelling was given.
  if (text.size() > kMaxText || !ParseBucketCursor(text, &key) || EncodeBucketCursor(key) != text) return NotGiven();
  return std::optional<BucketKey>(std::move(key));
}

std::string EncodeBucketRowCursor(const BucketRowCursor& last) {
  return absl::StrCat(EncodeScanCursor(last.asset), ".", last.valid_from);
}

absl::StatusOr<std::optional<BucketRowCursor>> DecodeBucketRowCursor(absl::string_view text) {
  if (text.empty()) return std::optional<BucketRowCursor>();
  if (text.size() > kMaxText) return NotGiven();
  const size_t dot = text.rfind('.');
  BucketRowCursor cursor;
  if (dot == absl::string_view::npos || !absl::SimpleAtoi(text.substr(dot + 1), &cursor.valid_from)) return NotGiven();
  ROLLCALL_ASSIGN_OR_RETURN(std::optional<ScanCursor> asset, DecodeScanCursor(text.substr(0, dot)));
  if (!asset.has_value()) return NotGiven();
  cursor.asset = *std::move(asset);
  if (EncodeBucketRowCursor(cursor) != text) return NotGiven();
  return std::optional<BucketRowCursor>(std::move(cursor));
}

}  // namespace rollcall
