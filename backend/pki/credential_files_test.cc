#include "backend/pki/credential_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

class CredentialFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall_pki_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }

  size_t FileCount() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) count += entry.is_regular_file() ? 1 : 0;
    return count;
  }

  static CertificateAuthority NewAuthority() {
    return CertificateAuthority::Create("test", ValidFor(absl::FromUnixSeconds(1'700'000'000), absl::Hours(1))).value();
  }

  std::string folder_;
};

TEST_F(CredentialFiles, KeysAreForTheirOwnerOnly) {
  const mode_t old = ::umask(0);
  const absl::Status status = WriteCertifiedKey(folder_, "server", {"certificate", "key"});
  ::umask(old);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ModeOf(folder_ + "/server.key"), 0600u);
  EXPECT_EQ(ModeOf(folder_ + "/server.crt"), 0644u);
  EXPECT_EQ(FileCount(), 2u) << "no temporary file may stay behind";
  const auto pair = ReadCertifiedKey(folder_, "server");
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->certificate_pem, "certificate");
  EXPECT_EQ(pair->key_pem, "key");
}

TEST_F(CredentialFiles, ReplacesALooseKeyWithATightOne) {
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/server.key", "old", 0666).ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/server.key", "new", 0600).ok());
  EXPECT_EQ(ModeOf(folder_ + "/server.key"), 0600u);
  EXPECT_EQ(ReadSmallFile(folder_ + "/server.key").value(), "new");
}

TEST_F(CredentialFiles, DoesNotWriteThroughALink) {
  const std::string victim = folder_ + "/victim";
  ASSERT_TRUE(WriteFileAtomically(victim, "untouched", 0600).ok());
  std::filesystem::create_symlink(victim, folder_ + "/server.key");
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/server.key", "key", 0600).ok());
  EXPECT_EQ(ReadSmallFile(victim).value(), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(folder_ + "/server.key"));
}

TEST_F(CredentialFiles, AuthorityIsNotReplacedWithoutForce) {
  const CertificateAuthority first = NewAuthority();
  ASSERT_TRUE(SaveAuthority(folder_, first, false).ok());
  const absl::Status refused = SaveAuthority(folder_, NewAuthority(), false);
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--force"));
  EXPECT_EQ(LoadAuthority(folder_).value().pem().certificate_pem, first.pem().certificate_pem);
  const CertificateAuthority second = NewAuthority();
  ASSERT_TRUE(SaveAuthority(folder_, second, true).ok());
  EXPECT_EQ(LoadAuthority(folder_).value().pem().certificate_pem, second.pem().certificate_pem);
}

TEST_F(CredentialFiles, HalfAnAuthorityIsNotOverwrittenEither) {
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/ca.key", "precious", 0600).ok());
  EXPECT_EQ(SaveAuthority(folder_, NewAuthority(), false).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadSmallFile(folder_ + "/ca.key").value(), "precious");
}

TEST_F(CredentialFiles, MissingFilesAreNamed) {
  const auto authority = LoadAuthority(folder_);
  EXPECT_EQ(authority.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(authority.status().message()), HasSubstr("ca.crt"));
}

TEST_F(CredentialFiles, FoldersArePrivate) {
  ASSERT_TRUE(MakePrivateFolder(folder_ + "/a/b").ok());
  ASSERT_TRUE(MakePrivateFolder(folder_ + "/a/b").ok());
  EXPECT_EQ(ModeOf(folder_ + "/a/b"), 0700u);
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/file", "", 0600).ok());
  EXPECT_FALSE(MakePrivateFolder(folder_ + "/file").ok());
}

TEST_F(CredentialFiles, HugeFilesAreRefused) {
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/huge", std::string((1 << 20) + 1, 'x'), 0600).ok());
  EXPECT_EQ(ReadSmallFile(folder_ + "/huge").status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace rollcall
