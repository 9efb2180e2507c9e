#include "backend/keys/aes_gcm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/keys/data_key.h"
#include "backend/keys/testing/key_store_folder.h"

namespace rollcall {
namespace {

SecretKey KeyOf(std::string bytes) { return *SecretKey::Take(&bytes); }

// Test case 16 of the GCM specification (McGrew and Viega): AES-256, 20 bytes of context.
TEST(AesGcmTest, KnownAnswer) {
  const SecretKey key =
      KeyOf(absl::HexStringToBytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const std::string sealed = absl::HexStringToBytes(
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b");
  const auto opened = OpenAesGcm(key, absl::HexStringToBytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(absl::BytesToHexString(*opened),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

TEST(AesGcmTest, EveryBitOfContextAndSealedCounts) {
  const SecretKey key = *SecretKey::Random();
  const std::string context = "context";
  const std::string sealed = *SealAesGcm(key, context, "the payload");
  EXPECT_EQ(*OpenAesGcm(key, context, sealed), "the payload");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string bad = sealed;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(absl::IsPermissionDenied(OpenAesGcm(key, context, bad).status())) << bit;
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_TRUE(absl::IsPermissionDenied(OpenAesGcm(key, context, sealed.substr(0, size)).status())) << size;
  }
  EXPECT_FALSE(OpenAesGcm(key, "contexu", sealed).ok());
  EXPECT_FALSE(OpenAesGcm(*SecretKey::Random(), context, sealed).ok());
}

TEST(AesGcmTest, NoTwoSealingsAreTheSame) {
  const SecretKey key = *SecretKey::Random();
  EXPECT_NE(*SealAesGcm(key, "", ""), *SealAesGcm(key, "", ""));
  EXPECT_EQ(*OpenAesGcm(key, "", *SealAesGcm(key, "", "")), "");
}

TEST(SecretKeyTest, IsWipedWhereItCameFrom) {
  std::string bytes(32, 'k');
  SecretKey key = *SecretKey::Take(&bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(key.bytes(), std::string(32, 'k'));
  const SecretKey moved = std::move(key);
  EXPECT_EQ(moved.bytes(), std::string(32, 'k'));
  EXPECT_EQ(key.bytes(), std::string(32, '\0'));  // NOLINT(bugprone-use-after-move): that is the promise
  std::string wrong(31, 'k');
  EXPECT_TRUE(absl::IsInvalidArgument(SecretKey::Take(&wrong).status()));
}

TEST(DataKeyTest, AnEnvelopeIsOfOneKeyAndOneBucket) {
  const auto key_of = [](const pb::BucketName& bucket, char id) {
    return DataKey(std::string(16, id), BucketTag(bucket), KeyOf(std::string(32, 's')));
  };
  const DataKey key = key_of(BucketOfDay(1), 'i');
  const std::string envelope = *key.Seal("payload");
  EXPECT_EQ(envelope.size(), 7U + 48U);
  EXPECT_EQ(*KeyIdOfEnvelope(envelope), std::string(16, 'i'));
  EXPECT_EQ(*key.Open(envelope), "payload");
  // The same secret under another tag or id.
  pb::BucketName elsewhere = BucketOfDay(1);
  elsewhere.set_region("eu-paris");
  EXPECT_TRUE(absl::IsPermissionDenied(key_of(BucketOfDay(2), 'i').Open(envelope).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(key_of(elsewhere, 'i').Open(envelope).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(key_of(BucketOfDay(1), 'j').Open(envelope).status()));
  for (size_t bit = 0; bit < envelope.size() * 8; ++bit) {
    std::string bad = envelope;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key.Open(bad).ok()) << bit;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(KeyIdOfEnvelope("RCE1").status()));
}

TEST(DataKeyTest, TagsAreNotAmbiguous) {
  pb::BucketName a = BucketOfDay(1);
  pb::BucketName b = BucketOfDay(1);
  a.set_tenant("acmee");
  a.set_region("u-frankfurt");
  b.set_tenant("acme");
  b.set_region("eu-frankfurt");
  EXPECT_NE(BucketTag(a), BucketTag(b));
}

}  // namespace
}  // namespace rollcall
