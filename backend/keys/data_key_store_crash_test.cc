// The process or the power goes at every change that destroying a key makes to its files: afterwards the key is either
// readable, as before, or gone without a trace once the destruction was repeated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/keys/data_key_store.h"
#include "backend/keys/key_database.h"
#include "backend/keys/testing/crashing_vfs.h"
#include "backend/keys/testing/key_store_folder.h"

namespace rollcall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'711'929'600);

struct Prepared {
  std::string purged;
  std::string wrapped;
  std::string envelope;
  std::string kept;
  std::string kept_envelope;
};

// Two buckets with keys, and a backup of them.
Prepared Prepare(KeyStoreFolder* folder) {
  Prepared prepared;
  auto store = folder->Open();
  EXPECT_TRUE(store.ok()) << store.status();
  const auto purged = (*store)->KeyForWriting(BucketOfDay(1), kNow);
  const auto kept = (*store)->KeyForWriting(BucketOfDay(2), kNow);
  prepared.purged = purged->id();
  prepared.kept = kept->id();
  prepared.envelope = *purged->Seal("payload");
  prepared.kept_envelope = *kept->Seal("payload");
  EXPECT_TRUE((*store)->Backup(kNow).ok());
  prepared.wrapped = FindKey(OpenKeyDatabase(folder->options().path)->get(), prepared.purged)->wrapped;
  return prepared;
}

class KeyCrashTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  bool half_write() const { return std::get<0>(GetParam()); }
  bool lose_power() const { return std::get<1>(GetParam()); }
};

TEST_P(KeyCrashTest, AtEveryChangeOfADestruction) {
  CrashingVfs vfs;
  int readable = 0;
  int gone = 0;
  for (uint64_t change = 1;; ++change) {
    KeyStoreFolder folder;
    const Prepared prepared = Prepare(&folder);
    bool acknowledged = false;
    vfs.CrashAt(0, false);
    {
      auto store = folder.Open();
      ASSERT_TRUE(store.ok()) << store.status();
      vfs.CrashAt(change, half_write());
      acknowledged = (*store)->Destroy({prepared.purged}, kNow + absl::Hours(1)).ok();
    }
    const bool crashed = vfs.crashed();
    vfs.CrashAt(0, false);
    if (lose_power()) vfs.LosePower();
    auto store = folder.Open();
    ASSERT_TRUE(store.ok()) << change << ": " << store.status();
    const auto key = (*store)->KeyForReading(BucketOfDay(1), prepared.purged);
    if (key.ok()) {
      // Nothing has happened.
      ASSERT_FALSE(acknowledged) << change;
      ASSERT_EQ(*key->Open(prepared.envelope), "payload") << change;
      ++readable;
    } else {
      ASSERT_TRUE(absl::IsNotFound(key.status())) << change << ": " << key.status();
      ++gone;
    }
    if (acknowledged) {
      ASSERT_TRUE((*store)->VerifyDestroyed(prepared.purged).ok()) << change;
      ASSERT_FALSE(absl::StrContains(folder.AllBytes(), prepared.wrapped.substr(0, 16))) << change;
    }
    // Repeated, as the engine does: then it is gone, provably.
    const auto again = (*store)->Destroy({prepared.purged}, kNow + absl::Hours(2));
    ASSERT_TRUE(again.ok()) << change << ": " << again.status();
    ASSERT_EQ((*again)[0].last_copy_expires_at, kNow + absl::Hours(24)) << change;
    ASSERT_TRUE((*store)->VerifyDestroyed(prepared.purged).ok()) << change;
    const std::string bytes = folder.AllBytes();
    for (size_t at = 0; at + 12 <= prepared.wrapped.size(); at += 6) {
      ASSERT_FALSE(absl::StrContains(bytes, prepared.wrapped.substr(at, 12))) << change;
    }
    // The other key is untouched, here and in the backup.
    const auto kept = (*store)->KeyForReading(BucketOfDay(2), prepared.kept);
    ASSERT_TRUE(kept.ok()) << change << ": " << kept.status();
    ASSERT_EQ(*kept->Open(prepared.kept_envelope), "payload");
    const std::string backup = absl::StrCat(folder.options().ring_folder, "/keys-", absl::ToUnixSeconds(kNow), ".db");
    const auto in_backup = FindKey(OpenKeyDatabase(backup)->get(), prepared.kept);
    ASSERT_TRUE(in_backup.ok() && !in_backup->wrapped.empty()) << change;
    if (!crashed) break;
  }
  EXPECT_GT(readable, 0);
  EXPECT_GT(gone, 5);
}

// A key that was handed out survives: what it encrypts can be read.
TEST_P(KeyCrashTest, AtEveryChangeOfMakingAKey) {
  CrashingVfs vfs;
  for (uint64_t change = 1;; ++change) {
    KeyStoreFolder folder;
    std::string envelope;
    vfs.CrashAt(0, false);
    {
      auto store = folder.Open();
      ASSERT_TRUE(store.ok()) << store.status();
      vfs.CrashAt(change, half_write());
      const auto key = (*store)->KeyForWriting(BucketOfDay(1), kNow);
      if (key.ok()) envelope = *key->Seal("payload");
    }
    const bool crashed = vfs.crashed();
    vfs.CrashAt(0, false);
    if (lose_power()) vfs.LosePower();
    auto store = folder.Open();
    ASSERT_TRUE(store.ok()) << change << ": " << store.status();
    if (!envelope.empty()) {
      const auto key = (*store)->KeyForReading(BucketOfDay(1), *KeyIdOfEnvelope(envelope));
      ASSERT_TRUE(key.ok()) << change << ": " << key.status();
      ASSERT_EQ(*key->Open(envelope), "payload");
    }
    ASSERT_TRUE((*store)->KeyForWriting(BucketOfDay(1), kNow).ok());
    if (!crashed) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, KeyCrashTest,
                         ::testing::Values(std::make_tuple(false, true), std::make_tuple(true, false)));

}  // namespace
}  // namespace rollcall
