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
  const ImageMarker want = {.code_start = 1026, .stack_start = 1028, .environment_end = 1051};
  EXPECT_EQ(ParseImageMarker(Stat("sh")), want);
  EXPECT_EQ(ParseImageMarker(Stat("a) R 1 (b")), want);
  EXPECT_TRUE(want.shown());
}

TEST(ImageMarker, IsNotShownWhereTheKernelHidesIt) {
  std::string hidden = "42 (sh)";
  for (int field = 3; field <= 52; ++field) absl::StrAppend(&hidden, field == 26 ? " 1" : " 0");
  EXPECT_FALSE(ParseImageMarker(hidden).shown());
}

TEST(ImageMarker, IsNotShownForAShortOrBadLine) {
  std::string bad = Stat("sh");
  bad.replace(bad.find("1051"), 4, "x");
  for (const std::string& line :
       {std::string(), std::string("42"), std::string("42 (sh)"), std::string("42 (sh) S 1 2 3"), bad}) {
    EXPECT_FALSE(ParseImageMarker(line).shown()) << line;
  }
}

}  // namespace
}  // namespace rollcall
