#include "collectors/os_packages/apk_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr char kGood[] = "P:good\nV:1-r0\nA:x86_64\n";

PackageParse Parse(absl::string_view text) { return ParseApkInstalled(text, 100); }

TEST(ParseApkInstalled, ReadsEveryField) {
  const PackageParse parse = Parse(
      "C:Q1abc=\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\nS:17\nI:4206592\nT:Crypto library\nU:https://x\nL:Apache-2.0\n"
      "o:openssl\nm:Some One <one@example.org>\nt:1\nF:lib\nR:libcrypto.so.3\na:0:0:555\nZ:Q1x=\n\n");
  EXPECT_EQ(parse.problem_count, 0U);
  ASSERT_EQ(parse.packages.size(), 1U);
  const v1::OsPackage& package = parse.packages[0];
  EXPECT_EQ(package.manager(), v1::OsPackage::APK);
  EXPECT_EQ(package.name(), "libcrypto3");
  EXPECT_EQ(package.version(), "3.1.4-r5");
  EXPECT_EQ(package.upstream_version(), "3.1.4");
  EXPECT_EQ(package.release(), "r5");
  EXPECT_EQ(package.architecture(), "x86_64");
  EXPECT_EQ(package.installed_bytes(), 4206592U);
  EXPECT_EQ(package.summary(), "Crypto library");
  EXPECT_EQ(package.licence(), "Apache-2.0");
  EXPECT_EQ(package.source_name(), "openssl");
  EXPECT_EQ(package.source_version(), "3.1.4-r5");
  EXPECT_EQ(package.maintainer(), "Some One <one@example.org>");
  EXPECT_EQ(package.status(), "installed");
  EXPECT_TRUE(package.installed());
}

// A package with very many dependencies or provided names has them all in one line.
TEST(ParseApkInstalled, LinesMayBeLongerThan64KiB) {
  const std::string provides = "p:" + std::string(200'000, 'x');
  const PackageParse parse = Parse(absl::StrCat("P:a\nV:1\n", provides, "\nL:MIT\n\n", kGood));
  EXPECT_EQ(parse.problem_count, 0U);
  ASSERT_EQ(parse.packages.size(), 2U);
  EXPECT_EQ(parse.packages[0].licence(), "MIT");
}

TEST(ParseApkInstalled, APackageWithoutAnOriginIsItsOwn) {
  EXPECT_EQ(Parse(kGood).packages.at(0).source_name(), "good");
}

TEST(ParseApkInstalled, ABrokenPackageIsThereButNotInstalled) {
  const v1::OsPackage package = Parse(absl::StrCat(kGood, "f:fs\n")).packages.at(0);
  EXPECT_EQ(package.status(), "broken");
  EXPECT_FALSE(package.installed());
}

TEST(ParseApkInstalled, AcceptsCrlfAndManyEmptyLines) {
  const PackageParse parse = Parse("\r\n\n\nP:a\r\nV:1\r\n\r\n\n\nP:b\nV:2");
  EXPECT_EQ(parse.problem_count, 0U);
  ASSERT_EQ(parse.packages.size(), 2U);
  EXPECT_EQ(parse.packages[0].version(), "1");
}

TEST(ParseApkInstalled, DamageKeepsTheRest) {
  const struct {
    std::string package;
    absl::string_view problem;
    size_t packages;
  } cases[] = {
      {"V:1\nA:x\n", "line 1: package without a name", 1},
      {"P:\nV:1\n", "package without a name", 1},
      {"P:a\n", "line 1: package a: no version", 2},
      {"P:a\nV:1\nnot a field\n", "line 3: package a: is not a field", 2},
      {"P:a\nV:1\nx\n", "line 3: package a: is not a field", 2},
      {"P:a\nV:1\nI:many\n", "line 3: package a: installed size is not a number", 2},
      {"P:a\nV:1\nI:-1\n", "installed size is not a number", 2},
      {"P:a\nV:1\nI:99999999999999999999\n", "installed size is not a number", 2},
      {std::string(100, '\0'), "package without a name", 1},
      {std::string(200'000, 'x'), "package without a name", 1},
  };
  for (const auto& c : cases) {
    const PackageParse parse = Parse(absl::StrCat(c.package, "\n\n", kGood));
    EXPECT_EQ(parse.packages.size(), c.packages) << c.problem;
    EXPECT_EQ(parse.packages.back().name(), "good");
    ASSERT_EQ(parse.problem_count, 1U) << c.problem;
    EXPECT_THAT(std::string(parse.problems[0].message()), HasSubstr(std::string(c.problem)));
  }
}

TEST(ParseApkInstalled, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(Parse("P:a\xFF\nV:1\n").packages.at(0).name(), "a\xEF\xBF\xBD");
}

TEST(ParseApkInstalled, ATruncatedFileKeepsWhatIsWhole) {
  const std::string text = absl::StrCat(kGood, "\nP:cut\nV:2-r0\nA:x86_64\n");
  for (size_t size = sizeof kGood; size < text.size(); ++size) {
    const PackageParse parse = Parse(text.substr(0, size));
    ASSERT_FALSE(parse.packages.empty());
    EXPECT_EQ(parse.packages[0].name(), "good");
  }
}

TEST(ParseApkInstalled, CountsWhatItDoesNotKeep) {
  std::string text;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&text, "P:p", i, "\n\n");
  const PackageParse parse = ParseApkInstalled(text, 5);
  EXPECT_EQ(parse.packages.size(), 5U);
  EXPECT_EQ(parse.observed, 300U);
  EXPECT_EQ(parse.problems.size(), PackageParse::kMaxProblems);
  EXPECT_EQ(parse.problem_count, 300U);
}

}  // namespace
}  // namespace rollcall
