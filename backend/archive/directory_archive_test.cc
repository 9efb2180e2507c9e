// The directory engine on a real filesystem: the contract, and what only a folder can do wrong.
#include "backend/archive/directory_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/archive/archive_contract_test.h"
#include "backend/archive/archive_path.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Archive> OpenIn(const std::string& folder, DataKeyStore* keys, const Clock* clock) {
  auto files = OpenArchiveFolder(folder);
  EXPECT_TRUE(files.ok()) << files.status();
  const DirectoryArchiveOptions options = {"eu-frankfurt", {kMinChunkBytes, 300}};
  auto archive = DirectoryArchive::Open(options, *std::move(files), keys, clock);
  EXPECT_TRUE(archive.ok()) << archive.status();
  return archive.ok() ? *std::move(archive) : nullptr;
}

std::string PathOf(const std::string& folder, const pb::BucketName& bucket, const std::string& sha256) {
  return absl::StrCat(folder, "/", *BucketFolder(bucket), "/", sha256.empty() ? "upload-1" : *ObjectFileName(sha256));
}

ArchiveEngine Directory() {
  return {
      "Directory", OpenIn,
      [](const std::string& folder, const pb::BucketName& bucket, const std::string& sha256) {
        std::ifstream file(PathOf(folder, bucket, sha256), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      },
      [](const std::string& folder, const pb::BucketName& bucket, const std::string& sha256, const std::string& bytes) {
        const fs::path path = PathOf(folder, bucket, sha256);
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
      }};
}

INSTANTIATE_TEST_SUITE_P(Engines, ArchiveContractTest, testing::Values(Directory()), ArchiveEngineName);

class DirectoryArchiveTest : public testing::Test {
 protected:
  DirectoryArchiveTest()
      : policy_(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value()),
        keys_(folder_.Open().value()),
        archive_(OpenIn(root(), keys_.get(), &clock_)) {}

  std::string root() const { return folder_.path() + "/archive"; }
  std::string Path(const std::string& sha256) const { return PathOf(root(), MadeUpBucket(), sha256); }
  absl::StatusOr<ObjectSummary> Put(const pb::BucketName& bucket = MadeUpBucket()) {
    VectorSource source(MadeUpRecords(20));
    return archive_->Put(MadeUpJob(bucket), policy_, &source);
  }
  // All there is but the lock.
  std::vector<std::string> Everything() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(root())) {
      if (entry.path().filename() != ".lock") paths.push_back(entry.path().lexically_relative(root()).string());
    }
    return paths;
  }

  KeyStoreFolder folder_;
  const SystemClock clock_;
  const RetentionPolicy policy_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<Archive> archive_;
};

TEST_F(DirectoryArchiveTest, OnlyItsOwnerMayRead) {
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  for (const auto& entry : fs::recursive_directory_iterator(root())) {
    struct stat info;
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, entry.is_directory() ? 0700u : 0600u) << entry.path();
  }
}

TEST_F(DirectoryArchiveTest, OneProcessHasTheFolder) {
  auto files = OpenArchiveFolder(root());
  ASSERT_TRUE(files.ok());
  const auto second = DirectoryArchive::Open({"eu-frankfurt", {}}, *std::move(files), keys_.get(), &clock_);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  archive_ = nullptr;
  EXPECT_NE(OpenIn(root(), keys_.get(), &clock_), nullptr);
}

// Names of tenants are data: nothing of them stays behind.
TEST_F(DirectoryArchiveTest, DeleteLeavesNoFolder) {
  ASSERT_TRUE(Put().ok());
  ASSERT_TRUE(Put(MadeUpBucket("2023-11-15")).ok());
  ASSERT_TRUE(archive_->Delete(MadeUpBucket()).ok());
  EXPECT_EQ(Everything().size(), 6u);  // the other day's object and five folders
  ASSERT_TRUE(archive_->Delete(MadeUpBucket("2023-11-15")).ok());
  EXPECT_THAT(Everything(), testing::IsEmpty());
}

TEST_F(DirectoryArchiveTest, LinksAreNotFollowed) {
  const std::string outside = folder_.path() + "/outside";
  fs::create_directories(outside);
  fs::create_directories(root() + "/eu-frankfurt");
  fs::create_symlink(outside, root() + "/eu-frankfurt/acme");
  EXPECT_FALSE(Put().ok());
  EXPECT_FALSE(archive_->List(MadeUpBucket()).ok());
  EXPECT_FALSE(archive_->Delete(MadeUpBucket()).ok());
  EXPECT_TRUE(fs::is_empty(outside));
  fs::remove(root() + "/eu-frankfurt/acme");

  const auto put = Put();
  ASSERT_TRUE(put.ok());
  fs::rename(Path(put->sha256), outside + "/object");
  fs::create_symlink(outside + "/object", Path(put->sha256));
  EXPECT_FALSE(archive_->Verify(MadeUpBucket(), put->sha256, StopToken()).ok());
  // A link is removed as what it is.
  EXPECT_EQ(archive_->Delete(MadeUpBucket())->versions, 1u);
  EXPECT_TRUE(fs::exists(outside + "/object"));
}

TEST_F(DirectoryArchiveTest, APipeInAnObjectsPlaceIsNotWaitedFor) {
  const auto put = Put();
  ASSERT_TRUE(put.ok());
  fs::remove(Path(put->sha256));
  ASSERT_EQ(::mkfifo(Path(put->sha256).c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsDataLoss(archive_->Verify(MadeUpBucket(), put->sha256, StopToken()).status()));
}

// What cannot be removed is not reported as removed.
TEST_F(DirectoryArchiveTest, AFolderAmongTheObjectsStopsTheDeletion) {
  ASSERT_TRUE(Put().ok());
  fs::create_directories(Path("") + "/below");
  EXPECT_EQ(archive_->List(MadeUpBucket())->uploads, std::vector<std::string>{"upload-1"});
  EXPECT_FALSE(archive_->Delete(MadeUpBucket()).ok());
  EXPECT_FALSE(archive_->List(MadeUpBucket())->empty());
  fs::remove_all(Path(""));
  EXPECT_TRUE(archive_->Delete(MadeUpBucket()).ok());
}

// Folders of one tenant come and go under each other's feet.
TEST_F(DirectoryArchiveTest, BucketsOfATenantAtTheSameTime) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      const pb::BucketName bucket = MadeUpBucket(absl::StrCat("2023-11-1", t));
      for (int round = 0; round < 8; ++round) {
        const auto put = Put(bucket);
        ASSERT_TRUE(put.ok()) << put.status();
        ASSERT_TRUE(archive_->Verify(bucket, put->sha256, StopToken()).ok());
        const auto deleted = archive_->Delete(bucket);
        ASSERT_TRUE(deleted.ok()) << deleted.status();
        ASSERT_EQ(deleted->versions, 1u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Everything(), testing::IsEmpty());
}

}  // namespace
}  // namespace rollcall
