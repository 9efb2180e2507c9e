#include "backend/keys/kek_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "backend/keys/testing/key_store_folder.h"
#include "backend/pki/credential_files.h"

namespace rollcall {
namespace {

const KekName kAcme = {"acme", "eu-frankfurt"};

TEST(FileKekProviderTest, WrapsForOneTenantRegionAndContext) {
  KeyStoreFolder folder;
  ASSERT_TRUE(folder.keks()->Create({"acme", "eu-paris"}).ok());
  const SecretKey secret = *SecretKey::Random();
  const std::string wrapped = *folder.keks()->Wrap(kAcme, "context", secret);
  EXPECT_EQ(folder.keks()->Unwrap(kAcme, "context", wrapped)->bytes(), secret.bytes());
  EXPECT_TRUE(absl::IsPermissionDenied(folder.keks()->Unwrap(kAcme, "other", wrapped).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(folder.keks()->Unwrap({"other", "eu-frankfurt"}, "context", wrapped).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(folder.keks()->Unwrap({"acme", "eu-paris"}, "context", wrapped).status()));
  EXPECT_TRUE(absl::IsNotFound(folder.keks()->Unwrap({"nobody", "eu-frankfurt"}, "context", wrapped).status()));
}

TEST(FileKekProviderTest, IsMadeOnceAndForItsOwnerOnly) {
  KeyStoreFolder folder;
  EXPECT_TRUE(absl::IsAlreadyExists(folder.keks()->Create(kAcme)));
  EXPECT_TRUE(folder.keks()->Has(kAcme).value());
  EXPECT_FALSE(folder.keks()->Has({"nobody", kAcme.region}).value());
  const std::string path = folder.path() + "/keks/eu-frankfurt/acme.kek";
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(stat((folder.path() + "/keks/eu-frankfurt").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(folder.keks()->Wrap(kAcme, "", *SecretKey::Random()).status()));
}

TEST(FileKekProviderTest, ADestroyedKeyUnwrapsNothing) {
  KeyStoreFolder folder;
  const std::string wrapped = *folder.keks()->Wrap(kAcme, "", *SecretKey::Random());
  ASSERT_TRUE(folder.keks()->Destroy(kAcme).ok());
  EXPECT_TRUE(absl::IsNotFound(folder.keks()->Unwrap(kAcme, "", wrapped).status()));
  EXPECT_TRUE(absl::IsNotFound(folder.keks()->Destroy(kAcme)));
  ASSERT_TRUE(folder.keks()->Create(kAcme).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(folder.keks()->Unwrap(kAcme, "", wrapped).status()));
}

TEST(FileKekProviderTest, NamesCannotLeaveTheFolder) {
  KeyStoreFolder folder;
  for (const KekName& name : {KekName{"../acme", "eu"}, KekName{"acme", ".."}, KekName{"", "eu"}, KekName{"acme", ""},
                              KekName{"a/b", "eu"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(folder.keks()->Create(name))) << name.tenant << " " << name.region;
  }
}

TEST(FileKekProviderTest, AFileWithOtherContentsIsDamage) {
  KeyStoreFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path() + "/keks/eu-frankfurt/acme.kek", "c2hvcnQ=\n", 0600).ok());
  const absl::Status status = folder.keks()->Wrap(kAcme, "", *SecretKey::Random()).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

}  // namespace
}  // namespace rollcall
