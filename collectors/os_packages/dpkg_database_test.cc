// The limits of dpkg's reader. What it reads is tested with the collector.
#include "collectors/os_packages/dpkg_database.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/package_adder.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

constexpr char kStatus[] = "/var/lib/dpkg/status";
constexpr char kStatusD[] = "/var/lib/dpkg/status.d/";

class DpkgDatabaseTest : public testing::Test {
 protected:
  const DatabaseContents& Read() {
    const auto contents = database_.Read(files_, Distribution(), StopToken());
    EXPECT_TRUE(contents.ok()) << contents.status();
    return contents.ok() ? **contents : nothing_;
  }

  MemoryTree files_;
  DpkgDatabase database_;
  DatabaseContents nothing_;
};

std::string Stanzas(absl::string_view prefix, size_t count, absl::string_view extra = "") {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    absl::StrAppend(&text, "Package: ", prefix, i, "\nVersion: 1\nStatus: install ok installed\n", extra, "\n");
  }
  return text;
}

TEST_F(DpkgDatabaseTest, PackagesOfAllFilesTogetherAreLimitedAndCounted) {
  files_.SetFile(kStatus, Stanzas("a", PackageDatabase::kMaxPackages - 10));
  files_.SetFile(absl::StrCat(kStatusD, "one"), Stanzas("b", 15));
  files_.SetFile(absl::StrCat(kStatusD, "two"), Stanzas("c", 5));
  const DatabaseContents& contents = Read();
  EXPECT_EQ(contents.packages.size(), PackageDatabase::kMaxPackages);
  EXPECT_EQ(contents.observed, PackageDatabase::kMaxPackages + 10);
}

TEST_F(DpkgDatabaseTest, AStanzaThatSupersedesIsTakenEvenWhenAllAreThere) {
  files_.SetFile(kStatus, Stanzas("a", PackageDatabase::kMaxPackages));
  files_.SetFile("/var/lib/dpkg/updates/0001", "Package: a7\nVersion: 2\nStatus: install ok installed\n\n");
  const DatabaseContents& contents = Read();
  ASSERT_EQ(contents.packages.size(), PackageDatabase::kMaxPackages);
  EXPECT_EQ(contents.observed, PackageDatabase::kMaxPackages);
  EXPECT_EQ(contents.packages[7].version(), "2");
}

TEST_F(DpkgDatabaseTest, BytesOfRecordsAreLimited) {
  constexpr size_t kPerFile = 200;
  const std::string extra = absl::StrCat("Description: ", std::string(4'000, 'x'), "\n");
  constexpr size_t kFiles = 50;
  for (size_t file = 0; file < kFiles; ++file) {
    files_.SetFile(absl::StrCat(kStatusD, file), Stanzas(absl::StrCat("f", file, "-"), kPerFile, extra));
  }
  const DatabaseContents& contents = Read();
  EXPECT_EQ(contents.observed, kFiles * kPerFile);
  EXPECT_LT(contents.packages.size(), kFiles * kPerFile);
  size_t bytes = 0;
  for (const auto& package : contents.packages) bytes += package.ByteSizeLong();
  EXPECT_LE(bytes, PackageAdder::kMaxRecordBytes + 8'192);
  EXPECT_GE(bytes, PackageAdder::kMaxRecordBytes / 2);
}

TEST_F(DpkgDatabaseTest, ProblemsOfAllFilesTogetherAreLimitedAndCounted) {
  constexpr size_t kEach = 80;
  for (size_t i = 0; i < kEach; ++i) {
    files_.SetFile(absl::StrCat(kStatusD, "damaged", i), "garbage\n");
    const std::string denied = absl::StrCat(kStatusD, "denied", i);
    files_.SetFile(denied, "Package: a\n");
    files_.SetError(denied, absl::PermissionDeniedError("permission denied"));
  }
  const DatabaseContents& contents = Read();
  EXPECT_EQ(contents.problems.size(), PackageAdder::kMaxProblems);
  EXPECT_EQ(contents.problems.size() + contents.further_problems, 2 * kEach);
}

}  // namespace
}  // namespace rollcall
