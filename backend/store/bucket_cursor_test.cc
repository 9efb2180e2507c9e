#include "backend/store/bucket_cursor.h"

#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

BucketKey Key() { return {"cvm:ins-1234", pb::ASSET_BASIC, absl::CivilDay(2024, 2, 29)}; }

BucketRowCursor Row() {
  BucketRowCursor cursor;
  cursor.asset = {"3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10", "os_packages", 1, "", 104, {}};
  cursor.asset.asset_key.fill(0xf0);
  cursor.valid_from = std::numeric_limits<int64_t>::min();
  return cursor;
}

TEST(BucketCursor, ComesBackAsItWas) {
  EXPECT_EQ(**DecodeBucketCursor(EncodeBucketCursor(Key())), Key());
  EXPECT_EQ(**DecodeBucketRowCursor(EncodeBucketRowCursor(Row())), Row());
  EXPECT_FALSE(DecodeBucketCursor("")->has_value());
  EXPECT_FALSE(DecodeBucketRowCursor("")->has_value());
}

TEST(BucketCursor, WhatWasNotGivenIsRefused) {
  const std::string list = EncodeBucketCursor(Key());
  const std::string row = EncodeBucketRowCursor(Row());
  for (size_t size = 1; size < list.size(); ++size) {
    const auto cursor = DecodeBucketCursor(list.substr(0, size));
    // The name of a service may be cut where Base64 has an end.
    EXPECT_TRUE(absl::IsInvalidArgument(cursor.status()) || (*cursor)->hosting_service != Key().hosting_service);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeBucketRowCursor(row.substr(0, row.rfind('.'))).status()));
  for (const std::string& wrong :
       {absl::StrCat(list, "="), absl::StrCat(list, "."), absl::StrCat(" ", list), std::string("2024-2-29.1."),
        std::string("2023-02-29.1."), std::string("2024-02-29.+1."), std::string("2024-02-29.1"), row,
        std::string(1 << 20, '.')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeBucketCursor(wrong).status())) << wrong.substr(0, 100);
  }
  for (const std::string& wrong : {absl::StrCat(row, "0"), absl::StrCat(row, " "), std::string(".1"),
                                   EncodeScanCursor(Row().asset) + ".01", list, std::string(1 << 20, '.')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeBucketRowCursor(wrong).status())) << wrong.substr(0, 100);
  }
}

TEST(BucketCursor, OrderIsByServiceCategoryAndDay) {
  BucketKey later = Key();
  later.collected_day += 1;
  BucketKey other = Key();
  other.category = pb::CONSOLE_CONFIG;
  BucketKey behind = Key();
  behind.hosting_service = "cvm:ins-2";
  EXPECT_TRUE(BucketKeyLess(Key(), later));
  EXPECT_TRUE(BucketKeyLess(later, other));
  EXPECT_TRUE(BucketKeyLess(other, behind));
  EXPECT_FALSE(BucketKeyLess(Key(), Key()));
}

}  // namespace
}  // namespace rollcall
