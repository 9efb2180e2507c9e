#include "agent/identity/local_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace rollcall {
namespace {

namespace fs = std::filesystem;

class LocalFileTest : public ::testing::Test {
 protected:
  LocalFileTest() : dir_(fs::temp_directory_path() / ("rollcall_local_file_" + std::to_string(getpid()))) {
    fs::remove_all(dir_);
    fs::create_directory(dir_);
  }
  ~LocalFileTest() override { fs::remove_all(dir_); }

  fs::path dir_;
};

TEST_F(LocalFileTest, WritesWhatItReads) {
  const std::string path = dir_ / "file";
  EXPECT_EQ(ReadLocalFile(path, 10).status().code(), absl::StatusCode::kNotFound);
  for (const std::string& text : {std::string("first"), std::string(), std::string("a\0b", 3)}) {
    ASSERT_EQ(WriteLocalFileDurably(path, text), absl::OkStatus());
    EXPECT_EQ(*ReadLocalFile(path, 10), text);
  }
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(fs::exists(path + ".tmp"));
}

TEST_F(LocalFileTest, KeepsToTheLimit) {
  std::ofstream(dir_ / "large") << std::string(100, 'x');
  EXPECT_EQ(ReadLocalFile(dir_ / "large", 100)->size(), 100u);
  EXPECT_EQ(ReadLocalFile(dir_ / "large", 99).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(LocalFileTest, DoesNotWriteThroughAPlantedLink) {
  fs::create_symlink(dir_ / "target", dir_ / "file.tmp");
  EXPECT_FALSE(WriteLocalFileDurably(dir_ / "file", "x").ok());
  EXPECT_FALSE(fs::exists(dir_ / "target"));
}

TEST_F(LocalFileTest, DirectoriesArePrivate) {
  const std::string path = dir_ / "state";
  ASSERT_EQ(EnsurePrivateDirectory(path), absl::OkStatus());
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(EnsurePrivateDirectory(path), absl::OkStatus());
  chmod(path.c_str(), 0777);
  EXPECT_EQ(EnsurePrivateDirectory(path).code(), absl::StatusCode::kPermissionDenied);
  std::ofstream(dir_ / "file") << "x";
  EXPECT_EQ(EnsurePrivateDirectory(dir_ / "file").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(EnsurePrivateDirectory(dir_ / "no" / "parent").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace rollcall
