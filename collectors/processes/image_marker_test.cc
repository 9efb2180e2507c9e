#include "collectors/processes/image_marker.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

// Fields 3 to 52 are their own numbers, after `comm`.
std::string Stat(absl::string_view comm) {
  std::string line = absl::StrCat("42 (", comm, ")");
  for (int field = 3; field <= 52; ++field) absl::StrAppend(&line, " ", 1000 + field);
  return line + "\n";
}

TEST(ImageMarker, TakesTheFieldsThatExecDrawsAnew) {
  EXPECT_EQ(ImageMarker(Stat("sh")), "1026 1028 1051 ");
  EXPECT_EQ(ImageMarker(Stat("a) R 1 (b")), "1026 1028 1051 ");
}

TEST(ImageMarker, IsEmptyWhereTheKernelHidesThem) {
  std::string hidden = "42 (sh)";
  for (int field = 3; field <= 52; ++field) absl::StrAppend(&hidden, field == 26 ? " 1" : " 0");
  EXPECT_EQ(ImageMarker(hidden), "");
}

TEST(ImageMarker, IsEmptyForAShortLine) {
  EXPECT_EQ(ImageMarker(""), "");
  EXPECT_EQ(ImageMarker("42"), "");
  EXPECT_EQ(ImageMarker("42 (sh)"), "");
  EXPECT_EQ(ImageMarker("42 (sh) S 1 2 3"), "");
}

}  // namespace
}  // namespace rollcall
