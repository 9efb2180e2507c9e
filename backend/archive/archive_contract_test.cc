#include "backend/archive/archive_contract_test.h"

#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/sha256.h"

namespace rollcall {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ArchiveContractTest::ArchiveContractTest() : policy_(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value()) {
  keys_ = folder_.Open().value();
  Reopen();
}

void ArchiveContractTest::Reopen() {
  archive_ = nullptr;
  archive_ = GetParam().open(folder_.path() + "/archive", keys_.get(), &clock_);
  ASSERT_NE(archive_, nullptr);
}

absl::StatusOr<ObjectSummary> ArchiveContractTest::Put(const pb::BucketName& bucket,
                                                       const std::vector<std::string>& records) {
  VectorSource source(records);
  return archive_->Put(MadeUpJob(bucket), policy_, &source);
}

ObjectSummary ArchiveContractTest::MustPut(const pb::BucketName& bucket, const std::vector<std::string>& records) {
  const auto put = Put(bucket, records);
  EXPECT_TRUE(put.ok()) << put.status();
  return put.ok() ? *put : ObjectSummary();
}

std::string ArchiveContractTest::Stored(const pb::BucketName& bucket, const std::string& sha256) {
  return GetParam().get(folder_.path() + "/archive", bucket, sha256);
}

void ArchiveContractTest::Store(const pb::BucketName& bucket, const std::string& sha256, const std::string& bytes) {
  GetParam().put(folder_.path() + "/archive", bucket, sha256, bytes);
}

void ArchiveContractTest::DestroyKeys(const pb::BucketName& bucket) {
  const auto destroyed = keys_->Destroy(keys_->KeysOf(bucket).value(), clock_.Now());
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
}

TEST_P(ArchiveContractTest, WhatIsArchivedIsReadAgain) {
  const std::vector<std::string> records = MadeUpRecords(100);
  const ObjectSummary put = MustPut(bucket_, records);
  EXPECT_EQ(put.manifest.records(), 100u);
  EXPECT_EQ(put.manifest.policy().id(), "tcss-dpsa-module");
  EXPECT_THAT(put.manifest.policy().hash(), SizeIs(32));
  EXPECT_EQ(put.key_id, keys().KeysOf(bucket_)->at(0));
  Reopen();
  std::vector<std::string> read;
  const auto again = archive().Read(bucket_, put.sha256, Into(&read));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(read, records);
  EXPECT_EQ(again->manifest.SerializeAsString(), put.manifest.SerializeAsString());
  EXPECT_EQ(again->bytes, put.bytes);
  EXPECT_EQ(archive().Verify(bucket_, put.sha256, StopToken())->sha256, put.sha256);
}

TEST_P(ArchiveContractTest, AStopEndsAVerification) {
  const ObjectSummary put = MustPut(bucket_, {"a", "b"});
  StopSource stop;
  stop.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(archive().Verify(bucket_, put.sha256, stop.token()).status()));
  EXPECT_TRUE(archive().Verify(bucket_, put.sha256, StopToken()).ok());
}

TEST_P(ArchiveContractTest, ABucketWithoutRecordsIsArchivedToo) {
  const ObjectSummary put = MustPut(bucket_, {});
  EXPECT_EQ(archive().Verify(bucket_, put.sha256, StopToken())->manifest.records(), 0u);
}

TEST_P(ArchiveContractTest, ObjectsAreNamedByTheirHash) {
  const ObjectSummary put = MustPut(bucket_, MadeUpRecords(10));
  EXPECT_EQ(Sha256Hex(Stored(bucket_, put.sha256)), put.sha256);
}

TEST_P(ArchiveContractTest, WhatIsStoredIsNotReadable) {
  const ObjectSummary put = MustPut(bucket_, {std::string(5000, 'A'), "the planted secret"});
  const std::string stored = Stored(bucket_, put.sha256);
  for (const char* text : {"the planted secret", "AAAA", "ustar", "manifest", "StoredRecord", "acme", "cvm:"}) {
    EXPECT_FALSE(absl::StrContains(stored, text)) << text;
  }
}

TEST_P(ArchiveContractTest, TheSameContentsAreOneVersion) {
  const std::vector<std::string> records = MadeUpRecords(30);
  const ObjectSummary first = MustPut(bucket_, records);
  EXPECT_EQ(MustPut(bucket_, records).sha256, first.sha256);
  Reopen();
  EXPECT_EQ(MustPut(bucket_, records).sha256, first.sha256);
  const auto listing = archive().List(bucket_);
  EXPECT_THAT(listing->versions, SizeIs(1));
  EXPECT_EQ(listing->versions[0].sha256, first.sha256);
  EXPECT_EQ(listing->versions[0].bytes, first.bytes);
  EXPECT_THAT(listing->uploads, IsEmpty());
}

TEST_P(ArchiveContractTest, OtherContentsAreAnotherVersion) {
  const ObjectSummary first = MustPut(bucket_, MadeUpRecords(30));
  std::vector<std::string> other_order = MadeUpRecords(30);
  std::swap(other_order[3], other_order[4]);
  const ObjectSummary second = MustPut(bucket_, other_order);
  EXPECT_NE(first.sha256, second.sha256);
  EXPECT_THAT(archive().List(bucket_)->versions, SizeIs(2));
  EXPECT_TRUE(archive().Verify(bucket_, first.sha256, StopToken()).ok());
  EXPECT_TRUE(archive().Verify(bucket_, second.sha256, StopToken()).ok());
}

// What was damaged since is not taken for the archived bucket.
TEST_P(ArchiveContractTest, PutReplacesWhatIsNotSound) {
  const std::vector<std::string> records = MadeUpRecords(30);
  const ObjectSummary first = MustPut(bucket_, records);
  std::string bad = Stored(bucket_, first.sha256);
  bad[bad.size() / 2] ^= 1;
  Store(bucket_, first.sha256, bad);
  const ObjectSummary second = MustPut(bucket_, records);
  EXPECT_NE(second.sha256, first.sha256);
  EXPECT_TRUE(archive().Verify(bucket_, second.sha256, StopToken()).ok());
}

TEST_P(ArchiveContractTest, ConfigurationIsRefused) {
  pb::BucketName bucket = bucket_;
  bucket.set_category(pb::CONSOLE_CONFIG);
  const auto put = Put(bucket, MadeUpRecords(1));
  EXPECT_TRUE(absl::IsPermissionDenied(put.status())) << put.status();
  EXPECT_THAT(std::string(put.status().message()), HasSubstr("CONSOLE_CONFIG"));
  EXPECT_TRUE(archive().List(bucket)->empty());
  EXPECT_THAT(*keys().KeysOf(bucket), IsEmpty());
}

// An agreement without any archive: nothing is archived under it.
TEST_P(ArchiveContractTest, TheAgreementDecides) {
  RetentionPolicy none = policy();
  for (pb::CategoryRules& rules : *none.data.mutable_categories()) rules.clear_archives();
  VectorSource source(MadeUpRecords(1));
  EXPECT_TRUE(absl::IsPermissionDenied(archive().Put(MadeUpJob(), none, &source).status()));
  RetentionPolicy for_good = policy();
  for (pb::CategoryRules& rules : *for_good.data.mutable_categories()) {
    for (pb::ArchiveRule& rule : *rules.mutable_archives()) rule.set_temporary(false);
  }
  EXPECT_TRUE(absl::IsPermissionDenied(archive().Put(MadeUpJob(), for_good, &source).status()));
  RetentionPolicy without = policy();
  without.data.clear_categories();
  EXPECT_TRUE(absl::IsPermissionDenied(archive().Put(MadeUpJob(), without, &source).status()));
}

TEST_P(ArchiveContractTest, DataStaysInItsRegion) {
  pb::BucketName bucket = bucket_;
  bucket.set_region("ap-singapore");
  EXPECT_TRUE(absl::IsFailedPrecondition(Put(bucket, MadeUpRecords(1)).status()));
  EXPECT_TRUE(archive().List(bucket)->empty());
}

TEST_P(ArchiveContractTest, WhatIsNoBucketIsRefused) {
  pb::BucketName bucket = bucket_;
  bucket.set_collected_day("yesterday");
  EXPECT_TRUE(absl::IsInvalidArgument(Put(bucket, MadeUpRecords(1)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(archive().List(bucket).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(archive().Delete(bucket).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(archive().RemoveUploads(bucket)));
  EXPECT_TRUE(absl::IsInvalidArgument(archive().Verify(bucket, std::string(64, 'a'), StopToken()).status()));
}

TEST_P(ArchiveContractTest, NamesAreNoPaths) {
  for (const char* hash : {"", "../../etc/passwd", "upload-1", "abc"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(archive().Verify(bucket_, hash, StopToken()).status())) << hash;
  }
  // Whatever tenants and services are called, each has its own place.
  std::vector<pb::BucketName> buckets;
  for (const char* name : {"acme", "..", "a/b", "a%2fb", ".", "A"}) {
    pb::BucketName bucket = bucket_;
    bucket.set_hosting_service(name);
    buckets.push_back(bucket);
    MustPut(bucket, {absl::StrCat("record of ", name)});
  }
  for (const pb::BucketName& bucket : buckets) {
    const auto listing = archive().List(bucket);
    ASSERT_THAT(listing->versions, SizeIs(1)) << bucket.hosting_service();
    std::vector<std::string> read;
    ASSERT_TRUE(archive().Read(bucket, listing->versions[0].sha256, Into(&read)).ok());
    EXPECT_EQ(read[0], absl::StrCat("record of ", bucket.hosting_service()));
  }
}

TEST_P(ArchiveContractTest, WhatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(archive().Verify(bucket_, std::string(64, 'a'), StopToken()).status()));
  MustPut(bucket_, MadeUpRecords(1));
  EXPECT_TRUE(absl::IsNotFound(archive().Verify(bucket_, std::string(64, 'a'), StopToken()).status()));
}

// A bit in every part of the object, its header and the key id in it too.
TEST_P(ArchiveContractTest, DamageIsFound) {
  const ObjectSummary put = MustPut(bucket_, MadeUpRecords(20));
  const std::string good = Stored(bucket_, put.sha256);
  for (size_t byte = 0; byte < good.size(); byte += byte < 200 ? 3 : 41) {
    std::string bad = good;
    bad[byte] ^= 0x40;
    Store(bucket_, put.sha256, bad);
    const auto verified = archive().Verify(bucket_, put.sha256, StopToken());
    EXPECT_TRUE(absl::IsDataLoss(verified.status())) << byte << ": " << verified.status();
  }
  for (const std::string& bad : {good.substr(0, good.size() - 1), good + "x", std::string(), good.substr(0, 92)}) {
    Store(bucket_, put.sha256, bad);
    EXPECT_TRUE(absl::IsDataLoss(archive().Verify(bucket_, put.sha256, StopToken()).status())) << bad.size();
  }
  Store(bucket_, put.sha256, good);
  EXPECT_TRUE(archive().Verify(bucket_, put.sha256, StopToken()).ok());
}

TEST_P(ArchiveContractTest, ForeignObjectsAreFound) {
  const ObjectSummary own = MustPut(bucket_, MadeUpRecords(20));
  const ObjectSummary sibling = MustPut(bucket_, MadeUpRecords(21));
  const ObjectSummary foreign = MustPut(next_day_, MadeUpRecords(20));
  const ObjectSummary foreign_tenants = MustPut(other_tenant_, MadeUpRecords(20));
  // Under its own name, in the wrong bucket.
  Store(bucket_, foreign.sha256, Stored(next_day_, foreign.sha256));
  EXPECT_TRUE(absl::IsDataLoss(archive().Verify(bucket_, foreign.sha256, StopToken()).status()));
  Store(bucket_, foreign_tenants.sha256, Stored(other_tenant_, foreign_tenants.sha256));
  EXPECT_TRUE(absl::IsDataLoss(archive().Verify(bucket_, foreign_tenants.sha256, StopToken()).status()));
  // Another version of the bucket in this one's place.
  Store(bucket_, own.sha256, Stored(bucket_, sibling.sha256));
  EXPECT_TRUE(absl::IsDataLoss(archive().Verify(bucket_, own.sha256, StopToken()).status()));
}

TEST_P(ArchiveContractTest, WithoutTheKeyNothingIsReadable) {
  const ObjectSummary put = MustPut(bucket_, MadeUpRecords(20));
  const ObjectSummary kept = MustPut(next_day_, MadeUpRecords(20));
  DestroyKeys(bucket_);
  std::vector<std::string> read;
  const auto status = archive().Read(bucket_, put.sha256, Into(&read)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(read, IsEmpty());
  EXPECT_TRUE(archive().Verify(next_day_, kept.sha256, StopToken()).ok());
  // What is purged does not come back.
  EXPECT_TRUE(absl::IsFailedPrecondition(Put(bucket_, MadeUpRecords(20)).status()));
  // The objects themselves can still be deleted.
  EXPECT_EQ(archive().Delete(bucket_)->versions, 1u);
}

TEST_P(ArchiveContractTest, DeleteRemovesAllThereIs) {
  const ObjectSummary first = MustPut(bucket_, MadeUpRecords(20));
  MustPut(bucket_, MadeUpRecords(21));
  MustPut(next_day_, MadeUpRecords(22));
  Store(bucket_, "", "half an upload");
  Store(bucket_, std::string(64, '0'), "no object at all");
  const auto before = archive().List(bucket_);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_THAT(before->versions, SizeIs(3));
  EXPECT_THAT(before->uploads, SizeIs(1));
  const auto deletion = archive().Delete(bucket_);
  ASSERT_TRUE(deletion.ok()) << deletion.status();
  EXPECT_EQ(deletion->versions, 3u);
  EXPECT_EQ(deletion->uploads, 1u);
  EXPECT_GT(deletion->bytes, first.bytes);
  EXPECT_TRUE(archive().List(bucket_)->empty());
  EXPECT_TRUE(absl::IsNotFound(archive().Verify(bucket_, first.sha256, StopToken()).status()));
  // Only of this bucket.
  EXPECT_THAT(archive().List(next_day_)->versions, SizeIs(1));
}

TEST_P(ArchiveContractTest, NothingToDeleteIsDeleted) {
  for (int round = 0; round < 2; ++round) {
    const auto deletion = archive().Delete(bucket_);
    ASSERT_TRUE(deletion.ok()) << deletion.status();
    EXPECT_EQ(deletion->versions + deletion->uploads + deletion->bytes, 0u);
    if (round == 0) {
      MustPut(bucket_, MadeUpRecords(1));
      ASSERT_TRUE(archive().Delete(bucket_).ok());
    }
  }
}

// Service resumed and ended again: the bucket is archived anew.
TEST_P(ArchiveContractTest, ADeletedBucketCanBeArchivedAgain) {
  MustPut(bucket_, MadeUpRecords(20));
  ASSERT_TRUE(archive().Delete(bucket_).ok());
  const ObjectSummary again = MustPut(bucket_, MadeUpRecords(20));
  EXPECT_TRUE(archive().Verify(bucket_, again.sha256, StopToken()).ok());
}

TEST_P(ArchiveContractTest, OneVersionCanBeDeleted) {
  const ObjectSummary first = MustPut(bucket_, MadeUpRecords(20));
  const ObjectSummary second = MustPut(bucket_, MadeUpRecords(21));
  Store(bucket_, "", "half an upload");
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(archive().DeleteVersion(bucket_, first.sha256).ok());
    const auto left = archive().List(bucket_);
    ASSERT_THAT(left->versions, SizeIs(1));
    EXPECT_EQ(left->versions[0].sha256, second.sha256);
    EXPECT_THAT(left->uploads, SizeIs(1));
    EXPECT_TRUE(archive().Verify(bucket_, second.sha256, StopToken()).ok());
  }
  EXPECT_TRUE(archive().DeleteVersion(next_day_, first.sha256).ok());
  EXPECT_EQ(archive().DeleteVersion(bucket_, "upload-1").code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(ArchiveContractTest, UploadsCanBeRemovedAlone) {
  const ObjectSummary put = MustPut(bucket_, MadeUpRecords(20));
  Store(bucket_, "", "half an upload");
  ASSERT_TRUE(archive().RemoveUploads(bucket_).ok());
  EXPECT_THAT(archive().List(bucket_)->uploads, IsEmpty());
  EXPECT_TRUE(archive().Verify(bucket_, put.sha256, StopToken()).ok());
  EXPECT_TRUE(archive().RemoveUploads(bucket_).ok());
  EXPECT_TRUE(archive().RemoveUploads(next_day_).ok());
}

// What a crash has left does not stand in the way.
TEST_P(ArchiveContractTest, AnUploadThatWasLeftDoesNotMatter) {
  Store(bucket_, "", "half an upload");
  const ObjectSummary put = MustPut(bucket_, MadeUpRecords(20));
  EXPECT_TRUE(archive().Verify(bucket_, put.sha256, StopToken()).ok());
  EXPECT_THAT(archive().List(bucket_)->uploads, SizeIs(1));
}

TEST_P(ArchiveContractTest, AFailingSourceArchivesNothing) {
  class Failing : public VectorSource {
   public:
    Failing() : VectorSource(MadeUpRecords(50, 4000)) {}
    absl::StatusOr<std::optional<SourceRecord>> Next() override {
      if (++asked_ == 40) return absl::UnavailableError("the store is away");
      return VectorSource::Next();
    }

   private:
    int asked_ = 0;
  } source;
  EXPECT_TRUE(absl::IsUnavailable(archive().Put(MadeUpJob(), policy(), &source).status()));
  EXPECT_TRUE(archive().List(bucket_)->empty());
}

TEST_P(ArchiveContractTest, AFailingSinkEndsTheRestore) {
  const ObjectSummary put = MustPut(bucket_, MadeUpRecords(20));
  int taken = 0;
  const auto read = archive().Read(bucket_, put.sha256, [&](absl::string_view) {
    return ++taken == 5 ? absl::ResourceExhaustedError("the disk is full") : absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsResourceExhausted(read.status()));
  EXPECT_EQ(taken, 5);
}

}  // namespace rollcall
