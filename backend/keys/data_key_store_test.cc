#include "backend/keys/data_key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "absl/strings/match.h"
#include "backend/keys/key_database.h"
#include "backend/keys/testing/key_store_folder.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'711'929'600);

class DataKeyStoreTest : public ::testing::Test {
 protected:
  DataKeyStoreTest() { Reopen(); }

  void Reopen() {
    store_ = nullptr;
    auto store = folder_.Open();
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // The wrapped form of a key, as it is in the file.
  std::string WrappedOf(const std::string& key_id) {
    const auto db = OpenKeyDatabase(folder_.options().path);
    return FindKey(db->get(), key_id)->wrapped;
  }

  std::vector<std::string> RingFiles() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.options().ring_folder)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  KeyStoreFolder folder_;
  std::unique_ptr<DataKeyStore> store_;
};

TEST_F(DataKeyStoreTest, ABucketHasOneKeyUntilANewOneIsMade) {
  const auto key = store_->KeyForWriting(BucketOfDay(1), kNow);
  ASSERT_TRUE(key.ok()) << key.status();
  const std::string envelope = *key->Seal("payload");
  EXPECT_EQ(store_->KeyForWriting(BucketOfDay(1), kNow)->id(), key->id());
  Reopen();
  EXPECT_EQ(store_->KeyForWriting(BucketOfDay(1), kNow)->id(), key->id());
  EXPECT_NE(store_->KeyForWriting(BucketOfDay(2), kNow)->id(), key->id());
  const auto newer = store_->NewKey(BucketOfDay(1), kNow);
  EXPECT_EQ(store_->KeyForWriting(BucketOfDay(1), kNow)->id(), newer->id());
  EXPECT_THAT(*store_->KeysOf(BucketOfDay(1)), ElementsAre(key->id(), newer->id()));
  EXPECT_EQ(*store_->KeyForReading(BucketOfDay(1), *KeyIdOfEnvelope(envelope))->Open(envelope), "payload");
}

TEST_F(DataKeyStoreTest, AKeyIsOnlyItsBuckets) {
  const std::string id = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  EXPECT_TRUE(absl::IsPermissionDenied(store_->KeyForReading(BucketOfDay(2), id).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(store_->KeyForReading(BucketOfDay(1, "other"), id).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->KeyForReading(BucketOfDay(1), std::string(16, 'x')).status()));
  // A wrapped key that was put under another bucket is of no use there.
  const std::string wrapped = WrappedOf(id);
  const auto db = OpenKeyDatabase(folder_.options().path);
  ASSERT_TRUE(InsertKey(db->get(), std::string(16, 'f'), BucketTag(BucketOfDay(3)), wrapped, kNow).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(store_->KeyForReading(BucketOfDay(3), std::string(16, 'f')).status()));
}

TEST_F(DataKeyStoreTest, ATenantWithoutAKeyEncryptionKeyGetsNone) {
  EXPECT_TRUE(absl::IsNotFound(store_->KeyForWriting(BucketOfDay(1, "nobody"), kNow).status()));
  EXPECT_THAT(*store_->KeysOf(BucketOfDay(1, "nobody")), IsEmpty());
}

TEST_F(DataKeyStoreTest, ADestroyedKeyIsGoneFromEveryFile) {
  const auto key = store_->KeyForWriting(BucketOfDay(1), kNow);
  const std::string envelope = *key->Seal("payload");
  const std::string kept = store_->KeyForWriting(BucketOfDay(2), kNow)->id();
  const std::string wrapped = WrappedOf(key->id());
  ASSERT_TRUE(absl::StrContains(folder_.AllBytes(), wrapped));
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->VerifyDestroyed(key->id())));
  const auto destroyed = store_->Destroy({key->id()}, kNow + absl::Hours(1));
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  ASSERT_THAT(*destroyed, SizeIs(1));
  EXPECT_EQ((*destroyed)[0].key_id, key->id());
  EXPECT_EQ((*destroyed)[0].destroyed_at, kNow + absl::Hours(1));
  EXPECT_FALSE((*destroyed)[0].last_copy_expires_at.has_value());
  // While the store is open, log and all.
  const std::string bytes = folder_.AllBytes();
  for (size_t at = 0; at + 12 <= wrapped.size(); ++at) {
    ASSERT_FALSE(absl::StrContains(bytes, wrapped.substr(at, 12))) << at;
  }
  EXPECT_TRUE(absl::IsNotFound(store_->KeyForReading(BucketOfDay(1), key->id()).status()));
  EXPECT_TRUE(store_->VerifyDestroyed(key->id()).ok());
  EXPECT_TRUE(store_->KeyForReading(BucketOfDay(2), kept).ok());
  // It does not come back, and destroying it again is the same destruction.
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->KeyForWriting(BucketOfDay(1), kNow).status()));
  EXPECT_EQ((*store_->Destroy({key->id()}, kNow + absl::Hours(5)))[0].destroyed_at, kNow + absl::Hours(1));
  Reopen();
  EXPECT_TRUE(store_->VerifyDestroyed(key->id()).ok());
}

TEST_F(DataKeyStoreTest, APurgedBucketGetsNoNewKey) {
  const std::string first = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  const auto second = store_->NewKey(BucketOfDay(1), kNow);
  ASSERT_TRUE(store_->Destroy({first}, kNow).ok());
  // Rewritten, not purged: it may be rewritten again.
  const auto third = store_->NewKey(BucketOfDay(1), kNow);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_THAT(*store_->DestroyedKeysOf(BucketOfDay(1)), ElementsAre(first));
  ASSERT_TRUE(store_->Destroy({second->id(), third->id()}, kNow + absl::Hours(1)).ok());
  EXPECT_THAT(*store_->DestroyedKeysOf(BucketOfDay(1)), SizeIs(3));
  EXPECT_THAT(*store_->DestroyedKeysOf(BucketOfDay(2)), IsEmpty());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->NewKey(BucketOfDay(1), kNow).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->KeyForWriting(BucketOfDay(1), kNow).status()));
  EXPECT_THAT(*store_->KeysOf(BucketOfDay(1)), IsEmpty());
}

TEST_F(DataKeyStoreTest, AnUnknownKeyStopsTheWholeDestruction) {
  const std::string id = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  EXPECT_TRUE(absl::IsNotFound(store_->Destroy({id, std::string(16, 'x')}, kNow).status()));
  EXPECT_TRUE(store_->KeyForReading(BucketOfDay(1), id).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->VerifyDestroyed(std::string(16, 'x'))));
}

// Enough keys that pages split, merge and are freed: no copy may be left in any of them.
TEST_F(DataKeyStoreTest, ThousandsOfKeysLeaveNoTrace) {
  constexpr int kKeys = 3000;
  std::vector<std::string> ids;
  std::vector<std::string> nonces;
  {
    // One transaction: what is tested is the pages, not the syncs.
    auto db = OpenKeyDatabase(folder_.options().path);
    auto transaction = Transaction::BeginWrite(db->get());
    for (int i = 0; i < kKeys; ++i) {
      ids.push_back(*RandomBytes(kKeyIdBytes));
      const std::string wrapped = *RandomBytes(60);
      nonces.push_back(wrapped.substr(0, kNonceBytes));
      ASSERT_TRUE(InsertKey(db->get(), ids.back(), BucketTag(BucketOfDay(i)), wrapped, kNow).ok());
    }
    ASSERT_TRUE(transaction->Commit().ok());
  }
  ASSERT_TRUE(store_->Backup(kNow).ok());
  std::vector<std::string> gone;
  std::vector<std::string> traces;
  for (int i = 0; i < kKeys; ++i) {
    if (i % 3 == 0) continue;
    gone.push_back(ids[i]);
    traces.push_back(nonces[i]);
  }
  const auto destroyed = store_->Destroy(gone, kNow + absl::Hours(1));
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  EXPECT_EQ((*destroyed)[0].last_copy_expires_at, kNow + absl::Hours(24));
  const std::string bytes = folder_.AllBytes();
  for (const std::string& trace : traces) ASSERT_FALSE(absl::StrContains(bytes, trace));
  for (int i = 0; i < kKeys; i += 3) ASSERT_TRUE(absl::StrContains(bytes, nonces[i]));
}

// The check itself: a copy that is anywhere in the files is found.
TEST_F(DataKeyStoreTest, ATraceIsFoundWhereverItIs) {
  const std::string id = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  const std::string nonce = WrappedOf(id).substr(0, kNonceBytes);
  ASSERT_TRUE(store_->Destroy({id}, kNow).ok());
  ASSERT_TRUE(store_->Backup(kNow).ok());
  for (const std::string& path :
       {folder_.options().path, folder_.options().path + "-journal",
        absl::StrCat(folder_.options().ring_folder, "/keys-", absl::ToUnixSeconds(kNow), ".db")}) {
    const auto before = std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
    std::ofstream(path, std::ios::binary | std::ios::app)
        << std::string((1 << 20) - 5 - before % (1 << 20), 'x') << nonce;
    EXPECT_TRUE(absl::IsDataLoss(store_->VerifyDestroyed(id))) << path;
    std::filesystem::resize_file(path, before);
    EXPECT_TRUE(store_->VerifyDestroyed(id).ok()) << path;
  }
}

TEST_F(DataKeyStoreTest, TheRingKeepsADayAndIsPrivate) {
  ASSERT_TRUE(store_->KeyForWriting(BucketOfDay(1), kNow).ok());
  for (int hour = 0; hour <= 30; hour += 6) ASSERT_TRUE(store_->Backup(kNow + absl::Hours(hour)).ok());
  EXPECT_THAT(RingFiles(), SizeIs(4));  // of hours 12, 18, 24 and 30: that of hour 6 is a day old
  for (const std::string& name : RingFiles()) {
    struct stat info;
    ASSERT_EQ(stat((folder_.options().ring_folder + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
  ASSERT_TRUE(store_->PruneRing(kNow + absl::Hours(54)).ok());
  EXPECT_THAT(RingFiles(), IsEmpty());
}

// A ring that cannot be read is not one without backups.
TEST_F(DataKeyStoreTest, WithoutItsRingNothingIsDestroyedOrVerified) {
  const std::string gone = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  const std::string there = store_->KeyForWriting(BucketOfDay(2), kNow)->id();
  ASSERT_TRUE(store_->Backup(kNow).ok());
  ASSERT_TRUE(store_->Destroy({gone}, kNow + absl::Hours(1)).ok());
  const std::string ring = folder_.options().ring_folder;
  std::filesystem::rename(ring, ring + ".away");
  EXPECT_TRUE(absl::IsUnavailable(store_->Destroy({there}, kNow + absl::Hours(2)).status()));
  EXPECT_TRUE(store_->KeyForReading(BucketOfDay(2), there).ok());
  EXPECT_TRUE(absl::IsUnavailable(store_->VerifyDestroyed(gone)));
  EXPECT_TRUE(absl::IsUnavailable(store_->PruneRing(kNow + absl::Hours(54))));
  std::filesystem::rename(ring + ".away", ring);
  const auto destroyed = store_->Destroy({there}, kNow + absl::Hours(3));
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  EXPECT_EQ((*destroyed)[0].last_copy_expires_at, kNow + absl::Hours(24));
  EXPECT_TRUE(store_->VerifyDestroyed(there).ok());
}

TEST_F(DataKeyStoreTest, ABackupThatFailsLeavesNoCopyOfTheKeys) {
  ASSERT_TRUE(store_->KeyForWriting(BucketOfDay(1), kNow).ok());
  // It is written, and cannot be given its name.
  const std::string taken = absl::StrCat("keys-", absl::ToUnixSeconds(kNow), ".db");
  std::filesystem::create_directory(folder_.options().ring_folder + "/" + taken);
  EXPECT_FALSE(store_->Backup(kNow).ok());
  EXPECT_THAT(RingFiles(), ElementsAre(taken));
}

// As a backup that failed, and could not be removed, leaves it.
TEST_F(DataKeyStoreTest, AnUnfinishedBackupIsDestroyedAndLookedThrough) {
  const std::string id = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  const std::string nonce = WrappedOf(id).substr(0, kNonceBytes);
  const std::string unfinished = folder_.options().ring_folder + "/unfinished.db";
  for (const char* suffix : {"", "-wal", "-journal"}) std::ofstream(unfinished + suffix, std::ios::binary) << nonce;
  ASSERT_TRUE(store_->Destroy({id}, kNow).ok());
  EXPECT_THAT(RingFiles(), IsEmpty());
  EXPECT_TRUE(store_->VerifyDestroyed(id).ok());
  for (const char* suffix : {"", "-wal", "-journal"}) {
    std::ofstream(unfinished + suffix, std::ios::binary) << nonce;
    EXPECT_TRUE(absl::IsDataLoss(store_->VerifyDestroyed(id))) << suffix;
    std::filesystem::remove(unfinished + suffix);
  }
  EXPECT_TRUE(store_->VerifyDestroyed(id).ok());
}

TEST_F(DataKeyStoreTest, ABackupBringsAKeyBackAndADestroyedOneNot) {
  const std::string lost = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  const std::string purged = store_->KeyForWriting(BucketOfDay(2), kNow)->id();
  ASSERT_TRUE(store_->Backup(kNow).ok());
  const auto destroyed = store_->Destroy({purged}, kNow + absl::Hours(2));
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  EXPECT_EQ((*destroyed)[0].last_copy_expires_at, kNow + absl::Hours(24));
  store_ = nullptr;
  const std::string backup = folder_.options().ring_folder + "/" + RingFiles()[0];
  std::filesystem::copy_file(backup, folder_.options().path, std::filesystem::copy_options::overwrite_existing);
  Reopen();
  EXPECT_TRUE(store_->KeyForReading(BucketOfDay(1), lost).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->KeyForReading(BucketOfDay(2), purged).status()));
  EXPECT_TRUE(store_->VerifyDestroyed(purged).ok());
}

TEST_F(DataKeyStoreTest, ABackupMadeAfterwardsIsNoCopy) {
  const std::string id = store_->KeyForWriting(BucketOfDay(1), kNow)->id();
  ASSERT_TRUE(store_->Destroy({id}, kNow).ok());
  ASSERT_TRUE(store_->Backup(kNow + absl::Hours(1)).ok());
  EXPECT_FALSE((*store_->Destroy({id}, kNow + absl::Hours(2)))[0].last_copy_expires_at.has_value());
}

TEST_F(DataKeyStoreTest, TheFileIsPrivateAndTheRingShort) {
  struct stat info;
  ASSERT_EQ(stat(folder_.options().path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  DataKeyStoreOptions options = folder_.options();
  options.ring_age = absl::Hours(25);
  EXPECT_TRUE(absl::IsInvalidArgument(DataKeyStore::Open(options, folder_.keks()).status()));
  store_ = nullptr;
  ASSERT_EQ(chmod(folder_.options().path.c_str(), 0644), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(folder_.Open().status()));
}

TEST_F(DataKeyStoreTest, ThreadsThatAskAtOnceGetTheSameKey) {
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) {
    threads.emplace_back([&] { id = store_->KeyForWriting(BucketOfDay(1), kNow)->id(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
}

}  // namespace
}  // namespace rollcall
