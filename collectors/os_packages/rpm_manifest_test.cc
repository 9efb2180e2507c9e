#include "collectors/os_packages/rpm_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

std::string Line(absl::string_view name, absl::string_view version = "1-2", absl::string_view epoch = "(none)",
                 absl::string_view size = "10", absl::string_view time = "1700000000") {
  return absl::StrCat(name, "\t", version, "\t", time, "\t1\tMicrosoft Corporation\t", epoch, "\t", size,
                      "\tx86_64\t0\t", name, "-source-1-2.src.rpm");
}

TEST(ParseRpmManifest, TheLastLineNeedNotEnd) {
  for (const char* end : {"", "\n", "\r\n", "\n\n"}) {
    const PackageParse parse = ParseRpmManifest(Line("a") + "\n" + Line("b") + end, 10);
    EXPECT_EQ(parse.problem_count, 0U);
    ASSERT_EQ(parse.packages.size(), 2U);
    EXPECT_EQ(parse.packages[1].name(), "b");
    EXPECT_EQ(parse.packages[1].source_name(), "b-source");
  }
}

TEST(ParseRpmManifest, ReadsEveryField) {
  const v1::OsPackage package = ParseRpmManifest(Line("a", "1.2-3.cm2", "4"), 10).packages.at(0);
  EXPECT_EQ(package.manager(), v1::OsPackage::RPM);
  EXPECT_EQ(package.version(), "4:1.2-3.cm2");
  EXPECT_EQ(package.epoch(), 4U);
  EXPECT_EQ(package.upstream_version(), "1.2");
  EXPECT_EQ(package.release(), "3.cm2");
  EXPECT_EQ(package.architecture(), "x86_64");
  EXPECT_EQ(package.vendor(), "Microsoft Corporation");
  EXPECT_EQ(package.installed_bytes(), 10U);
  EXPECT_EQ(package.install_time().seconds(), 1'700'000'000);
}

TEST(ParseRpmManifest, DamageKeepsTheRest) {
  const struct {
    std::string line;
    absl::string_view problem;
    size_t packages;
  } cases[] = {
      {"a", "line 1: does not have ten fields", 1},
      {Line("a") + "\tmore", "does not have ten fields", 1},
      {std::string(100'000, 'x'), "does not have ten fields", 1},
      {std::string(9, '\0'), "does not have ten fields", 1},
      {Line(""), "names no package", 1},
      {Line("(none)"), "names no package", 1},
      {Line("a", ""), "package a: no version", 2},
      {Line("a", "1-2", "x"), "EPOCH is not a number", 2},
      {Line("a", "1-2", "1", "ten"), "SIZE is not a number", 2},
      {Line("a", "1-2", "1", "10", "-5"), "INSTALLTIME is not a number", 2},
  };
  for (const auto& c : cases) {
    const PackageParse parse = ParseRpmManifest(c.line + "\n" + Line("good"), 10);
    EXPECT_EQ(parse.packages.size(), c.packages) << c.problem;
    EXPECT_EQ(parse.packages.back().name(), "good");
    ASSERT_EQ(parse.problem_count, 1U) << c.problem;
    EXPECT_THAT(std::string(parse.problems[0].message()), HasSubstr(std::string(c.problem)));
  }
  EXPECT_EQ(ParseRpmManifest(Line("a\xFF"), 1).packages.at(0).name(), "a\xEF\xBF\xBD");
}

TEST(ParseRpmManifest, CountsWhatItDoesNotKeep) {
  std::string text;
  for (int i = 0; i < 5; ++i) text += Line(absl::StrCat("p", i)) + "\n";
  text += Line("gpg-pubkey") + "\n";
  const PackageParse parse = ParseRpmManifest(text, 2);
  EXPECT_EQ(parse.packages.size(), 2U);
  EXPECT_EQ(parse.observed, 5U);
}

}  // namespace
}  // namespace rollcall
