// The process or the power goes, or the disk fails, at every operation on it: nothing acknowledged is lost, nothing
// unsound is ever listed, and repeating the call comes to the same end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/archive/archive_path.h"
#include "backend/archive/directory_archive.h"
#include "backend/archive/testing/made_up_bucket.h"
#include "backend/archive/testing/memory_archive_disk.h"
#include "backend/keys/testing/key_store_folder.h"

namespace rollcall {
namespace {

using Fault = MemoryArchiveDisk::Fault;

enum class Loss { kProcess, kPower, kPowerTorn };

class ArchiveFaults : public testing::Test {
 protected:
  ArchiveFaults() : policy_(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value()), keys_(folder_.Open().value()) {}

  std::unique_ptr<DirectoryArchive> Open(MemoryArchiveDisk* disk) {
    return DirectoryArchive::Open({"eu-frankfurt", {kMinChunkBytes, 300}}, disk->Mount(), keys_.get(), &clock_).value();
  }
  absl::StatusOr<ObjectSummary> Put(Archive* archive) {
    VectorSource source(MadeUpRecords(30));
    return archive->Put(MadeUpJob(), policy_, &source);
  }

  // All that is listed can be relied on.
  void ExpectSound(Archive* archive, const std::string& what) {
    const auto listing = archive->List(MadeUpBucket());
    ASSERT_TRUE(listing.ok()) << what << ": " << listing.status();
    for (const ListedObject& object : listing->versions) {
      const auto verified = archive->Verify(MadeUpBucket(), object.sha256, StopToken());
      ASSERT_TRUE(verified.ok()) << what << ": " << verified.status();
    }
  }

  // Put, and all the rest of the bucket's life, come to the same end whatever happened before.
  void ExpectSameEnd(MemoryArchiveDisk* disk, const std::string& what) {
    const auto archive = Open(disk);
    ASSERT_NO_FATAL_FAILURE(ExpectSound(archive.get(), what));
    const auto put = Put(archive.get());
    ASSERT_TRUE(put.ok()) << what << ": " << put.status();
    ASSERT_TRUE(archive->RemoveUploads(MadeUpBucket()).ok()) << what;
    const std::string path = absl::StrCat(*BucketFolder(MadeUpBucket()), "/", *ObjectFileName(put->sha256));
    ASSERT_THAT(disk->Files(), testing::ElementsAre(path)) << what;
    std::vector<std::string> read;
    ASSERT_TRUE(archive->Read(MadeUpBucket(), put->sha256, Into(&read)).ok()) << what;
    ASSERT_EQ(read, MadeUpRecords(30)) << what;
    ASSERT_TRUE(archive->Delete(MadeUpBucket()).ok()) << what;
    ASSERT_THAT(disk->Files(), testing::IsEmpty()) << what;
    ASSERT_THAT(disk->Folders(), testing::IsEmpty()) << what;
  }

  KeyStoreFolder folder_;
  const SystemClock clock_;
  const RetentionPolicy policy_;
  std::unique_ptr<DataKeyStore> keys_;
};

class ArchiveCrashTest : public ArchiveFaults, public testing::WithParamInterface<Loss> {
 protected:
  void Lose(MemoryArchiveDisk* disk) {
    disk->FailAt(0, Fault::kNone);
    if (GetParam() != Loss::kProcess) disk->LosePower(GetParam() == Loss::kPowerTorn ? 500 : 0);
  }
};

TEST_P(ArchiveCrashTest, AtEveryOperationOfPut) {
  size_t crashes = 0;
  for (const double share : {0.0, 0.6}) {
    for (uint64_t operation = 1;; ++operation) {
      const std::string what = absl::StrCat("operation ", operation, ", share ", share);
      MemoryArchiveDisk disk;
      disk.FailAt(operation, Fault::kCrash, share);
      const auto put = Put(Open(&disk).get());
      const bool crashed = disk.failed();
      Lose(&disk);
      if (put.ok()) {
        ASSERT_TRUE(Open(&disk)->Verify(MadeUpBucket(), put->sha256, StopToken()).ok()) << what << ": lost";
      }
      ASSERT_NO_FATAL_FAILURE(ExpectSameEnd(&disk, what));
      if (!crashed) break;
      ++crashes;
    }
  }
  EXPECT_GT(crashes, 50u);
}

// As above, but the bucket had been archived: the version that is there survives all of it.
TEST_P(ArchiveCrashTest, AtEveryOperationOfARepeatedPut) {
  size_t crashes = 0;
  for (uint64_t operation = 1;; ++operation) {
    const std::string what = absl::StrCat("operation ", operation);
    MemoryArchiveDisk disk;
    const auto first = Put(Open(&disk).get());
    ASSERT_TRUE(first.ok());
    disk.FailAt(operation, Fault::kCrash, 0.5);
    const auto second = Put(Open(&disk).get());
    const bool crashed = disk.failed();
    Lose(&disk);
    ASSERT_TRUE(Open(&disk)->Verify(MadeUpBucket(), first->sha256, StopToken()).ok()) << what;
    if (second.ok()) ASSERT_EQ(second->sha256, first->sha256) << what;
    ASSERT_NO_FATAL_FAILURE(ExpectSameEnd(&disk, what));
    if (!crashed) break;
    ++crashes;
  }
  EXPECT_GT(crashes, 30u);
}

TEST_P(ArchiveCrashTest, AtEveryOperationOfDelete) {
  size_t crashes = 0;
  for (uint64_t operation = 1;; ++operation) {
    const std::string what = absl::StrCat("operation ", operation);
    MemoryArchiveDisk disk;
    {
      const auto archive = Open(&disk);
      ASSERT_TRUE(Put(archive.get()).ok());
      VectorSource other(MadeUpRecords(31));
      ASSERT_TRUE(archive->Put(MadeUpJob(), policy_, &other).ok());
      ASSERT_TRUE(disk.Mount()->Create(*BucketFolder(MadeUpBucket()) + "/upload-1").ok());
    }
    disk.FailAt(operation, Fault::kCrash);
    const auto deleted = Open(&disk)->Delete(MadeUpBucket());
    const bool crashed = disk.failed();
    Lose(&disk);
    if (deleted.ok()) ASSERT_TRUE(Open(&disk)->List(MadeUpBucket())->empty()) << what << ": came back";
    ASSERT_NO_FATAL_FAILURE(ExpectSound(Open(&disk).get(), what));
    const auto again = Open(&disk)->Delete(MadeUpBucket());
    ASSERT_TRUE(again.ok()) << what << ": " << again.status();
    ASSERT_THAT(disk.Files(), testing::IsEmpty()) << what;
    ASSERT_NO_FATAL_FAILURE(ExpectSameEnd(&disk, what));
    if (!crashed) break;
    ++crashes;
  }
  EXPECT_GT(crashes, 15u);
}

INSTANTIATE_TEST_SUITE_P(Losses, ArchiveCrashTest, testing::Values(Loss::kProcess, Loss::kPower, Loss::kPowerTorn));

TEST_F(ArchiveFaults, OnceAtEveryOperationOfPut) {
  size_t failures = 0;
  for (uint64_t operation = 1;; ++operation) {
    const std::string what = absl::StrCat("operation ", operation);
    MemoryArchiveDisk disk;
    disk.FailAt(operation, Fault::kOnce, 0.5);
    const auto put = Put(Open(&disk).get());
    const bool failed = disk.failed();
    disk.FailAt(0, Fault::kNone);
    if (put.ok()) ASSERT_TRUE(Open(&disk)->Verify(MadeUpBucket(), put->sha256, StopToken()).ok()) << what;
    // What failed has cleared up after itself: the disk that was full is not fuller now.
    if (!put.ok()) ASSERT_LE(disk.Files().size(), 1u) << what;
    ASSERT_NO_FATAL_FAILURE(ExpectSameEnd(&disk, what));
    if (!failed) break;
    failures += put.ok() ? 0 : 1;
  }
  EXPECT_GT(failures, 25u);
}

TEST_F(ArchiveFaults, OnceAtEveryOperationOfReadAndDelete) {
  MemoryArchiveDisk disk;
  const auto archive = Open(&disk);
  const auto put = Put(archive.get());
  ASSERT_TRUE(put.ok());
  for (uint64_t operation = 1;; ++operation) {
    disk.FailAt(operation, Fault::kOnce);
    std::vector<std::string> read;
    const auto outcome = archive->Read(MadeUpBucket(), put->sha256, Into(&read));
    ASSERT_EQ(outcome.ok(), !disk.failed()) << operation << ": " << outcome.status();
    if (outcome.ok()) break;
    ASSERT_TRUE(absl::IsResourceExhausted(outcome.status())) << outcome.status();
  }
  disk.FailAt(0, Fault::kNone);
  for (uint64_t operation = 1;; ++operation) {
    ASSERT_TRUE(Put(archive.get()).ok());
    disk.FailAt(operation, Fault::kOnce);
    const auto outcome = archive->Delete(MadeUpBucket());
    ASSERT_EQ(outcome.ok(), !disk.failed()) << operation << ": " << outcome.status();
    const bool failed = disk.failed();
    disk.FailAt(0, Fault::kNone);
    ASSERT_TRUE(archive->Delete(MadeUpBucket()).ok());
    ASSERT_THAT(disk.Folders(), testing::IsEmpty()) << operation;
    if (!failed) break;
  }
}

// A disk that stores another bit than it was given: found when the upload is read back, and nothing is published.
TEST_F(ArchiveFaults, AFlippedBitInAnyWrite) {
  size_t found = 0;
  for (uint64_t operation = 1;; ++operation) {
    MemoryArchiveDisk disk;
    disk.FailAt(operation, Fault::kFlip);
    const auto archive = Open(&disk);
    const auto put = Put(archive.get());
    const bool reached = disk.failed();
    disk.FailAt(0, Fault::kNone);
    if (put.ok()) {
      ASSERT_TRUE(archive->Verify(MadeUpBucket(), put->sha256, StopToken()).ok()) << operation;
    } else {
      ++found;
      ASSERT_TRUE(absl::IsDataLoss(put.status())) << put.status();
      ASSERT_TRUE(archive->List(MadeUpBucket())->empty()) << operation;
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSameEnd(&disk, absl::StrCat("operation ", operation)));
    if (!reached) break;
  }
  EXPECT_GT(found, 5u);
}

}  // namespace
}  // namespace rollcall
