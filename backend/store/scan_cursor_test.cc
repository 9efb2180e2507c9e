#include "backend/store/scan_cursor.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

ScanCursor Example() {
  ScanCursor cursor = {"3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10", "os_packages", 1, "", 104, {}};
  for (size_t i = 0; i < cursor.asset_key.size(); ++i) cursor.asset_key[i] = static_cast<uint8_t>(0xf0 + i);
  return cursor;
}

bool IsRefused(absl::string_view text) {
  return DecodeScanCursor(text).status().code() == absl::StatusCode::kInvalidArgument;
}

TEST(ScanCursor, ComesBackAsItWas) {
  const auto decoded = DecodeScanCursor(EncodeScanCursor(Example()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, Example());
  const auto start = DecodeScanCursor("");
  ASSERT_TRUE(start.ok());
  EXPECT_FALSE(start->has_value());
}

TEST(ScanCursor, EveryTruncationIsRefused) {
  const std::string text = EncodeScanCursor(Example());
  for (size_t size = 1; size < text.size(); ++size) EXPECT_TRUE(IsRefused(text.substr(0, size))) << size;
}

TEST(ScanCursor, OtherSpellingsAreRefused) {
  const std::string text = EncodeScanCursor(Example());
  EXPECT_TRUE(IsRefused(absl::StrCat(text, "=")));
  EXPECT_TRUE(IsRefused(absl::StrCat(text, "\n")));
  EXPECT_TRUE(IsRefused(absl::StrCat(" ", text)));
  EXPECT_TRUE(IsRefused(absl::StrCat(text, "A")));
}

TEST(ScanCursor, LengthsBeyondTheTextAreRefused) {
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(EncodeScanCursor(Example()), &bytes));
  for (const size_t position : {1, 2, 3, 4}) {
    std::string broken = bytes;
    broken[position] = '\xff';
    EXPECT_TRUE(IsRefused(absl::WebSafeBase64Escape(broken))) << position;
  }
  EXPECT_TRUE(IsRefused(std::string(1 << 20, 'A')));
}

}  // namespace
}  // namespace rollcall
