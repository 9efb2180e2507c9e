#include "platform/random_access_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "platform/memory_tree.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

constexpr char kPath[] = "/var/data";
constexpr size_t kLimit = 100;

absl::StatusOr<std::string> Read(const RandomAccessFile& file, uint64_t offset, size_t size) {
  std::string out(size, '\0');
  if (absl::Status status = file.ReadAt(offset, size, out.data()); !status.ok()) return status;
  return out;
}

void ExpectReads(const FileTree& files) {
  const auto file = OpenRandomAccess(files, kPath, kLimit);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->size_bytes(), 10U);
  EXPECT_EQ(*Read(**file, 0, 10), "0123456789");
  EXPECT_EQ(*Read(**file, 3, 4), "3456");
  EXPECT_EQ(*Read(**file, 10, 0), "");
  EXPECT_EQ(Read(**file, 0, 11).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Read(**file, 11, 0).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Read(**file, ~uint64_t{0}, 2).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(RandomAccessFile, ReadsFilesOnDisk) {
  FixtureTree fixture;
  fixture.SetFile(kPath, "0123456789");
  ExpectReads(fixture.tree());
}

TEST(RandomAccessFile, ReadsFilesOfATreeInMemory) {
  MemoryTree files;
  files.SetFile(kPath, "0123456789");
  ExpectReads(files);
}

TEST(RandomAccessFile, OnlyAFileHeldInMemoryIsLimited) {
  const std::string large(kLimit + 1, 'x');
  MemoryTree files;
  files.SetFile(kPath, large);
  EXPECT_EQ(OpenRandomAccess(files, kPath, kLimit).status().code(), absl::StatusCode::kResourceExhausted);
  FixtureTree fixture;
  fixture.SetFile(kPath, large);
  EXPECT_TRUE(OpenRandomAccess(fixture.tree(), kPath, kLimit).ok());
}

TEST(RandomAccessFile, AFileThatShrinksIsAnError) {
  FixtureTree fixture;
  fixture.SetFile(kPath, "0123456789");
  const auto file = OpenRandomAccess(fixture.tree(), kPath, kLimit);
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(truncate(fixture.OnDisk(kPath).c_str(), 5), 0);
  EXPECT_EQ(*Read(**file, 0, 5), "01234");
  EXPECT_EQ(Read(**file, 0, 6).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(RandomAccessFile, OpensOnlyRegularFiles) {
  FixtureTree fixture;
  fixture.SetDirectory("/directory");
  fixture.SetFifo("/fifo");
  fixture.MakeCyclicSymlink("/loop");
  EXPECT_EQ(OpenRandomAccess(fixture.tree(), "/missing", kLimit).status().code(), absl::StatusCode::kNotFound);
  for (const char* path : {"/directory", "/fifo", "/loop"}) {
    EXPECT_EQ(OpenRandomAccess(fixture.tree(), path, kLimit).status().code(), absl::StatusCode::kFailedPrecondition)
        << path;
  }
}

}  // namespace
}  // namespace rollcall
