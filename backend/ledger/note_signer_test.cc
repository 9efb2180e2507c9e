#include "backend/ledger/note_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/pki/credential_files.h"

namespace rollcall {
namespace {

// The example of Go's package golang.org/x/mod/sumdb/note, whose form C2SP signed-note is.
constexpr char kSecret[] = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kPublic[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kSigned[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(NoteSignerTest, SignsAsGoDoes) {
  const auto signer = NoteSigner::Parse(kSecret);
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_EQ(signer->name(), "PeterNeumann");
  EXPECT_EQ(signer->PublicText(), kPublic);
  EXPECT_EQ(signer->SecretText(), kSecret);
  EXPECT_EQ(*signer->Sign(kText), kSigned);
}

TEST(NoteSignerTest, AGeneratedKeyIsReadBack) {
  const auto signer = NoteSigner::Generate("rollcall.example.com/ledger");
  ASSERT_TRUE(signer.ok());
  const auto again = NoteSigner::Parse(signer->SecretText());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->PublicText(), signer->PublicText());
  EXPECT_EQ(*again->Sign("text\n"), *signer->Sign("text\n"));
}

TEST(NoteSignerTest, WhatIsNoKeyIsRefusedAndNotRepeated) {
  std::string wrong_id = kSecret;
  wrong_id[25] = 'd';
  for (const std::string& text :
       {std::string(), std::string("PRIVATE+KEY+"), std::string(kPublic), wrong_id, std::string(kSecret) + "A",
        std::string(kSecret).substr(0, 60), std::string("PRIVATE+KEY+a b+c74f20a3+AYEK")}) {
    const auto signer = NoteSigner::Parse(text);
    EXPECT_TRUE(absl::IsInvalidArgument(signer.status())) << text;
    EXPECT_FALSE(absl::StrContains(signer.status().message(), "AYEK"));
  }
  EXPECT_FALSE(NoteSigner::Generate("").ok());
  EXPECT_FALSE(NoteSigner::Generate("a b").ok());
  EXPECT_FALSE(NoteSigner::Generate("a+b").ok());
}

TEST(NoteSignerTest, ACheckpointIsOriginSizeAndRoot) {
  const auto signer = NoteSigner::Parse(kSecret);
  TreeHead head;
  head.size = 20852163;
  head.root.fill(0x42);
  const auto note = SignCheckpoint(head, *signer);
  ASSERT_TRUE(note.ok());
  EXPECT_TRUE(absl::StartsWith(*note,
                               "PeterNeumann\n20852163\nQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\n\n\u2014 "
                               "PeterNeumann "))
      << *note;
}

class KeyFileTest : public ::testing::Test {
 protected:
  KeyFileTest() : folder_((std::filesystem::temp_directory_path() / "note_signer_test_XXXXXX").string()) {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/ledger.key";
  }
  ~KeyFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyFileTest, IsMadeOnceForItsOwnerOnly) {
  const auto made = NoteSigner::LoadOrCreate(path_, "acme");
  ASSERT_TRUE(made.ok()) << made.status();
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto loaded = NoteSigner::LoadOrCreate(path_, "acme");
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->PublicText(), made->PublicText());
  EXPECT_EQ(*ReadSmallFile(path_ + ".pub"), made->PublicText() + "\n");
}

// A crash came between the two files, or somebody put another there.
TEST_F(KeyFileTest, ThePublicKeyIsWrittenAgainIfItIsMissingOrAnother) {
  const auto made = NoteSigner::LoadOrCreate(path_, "acme");
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(std::filesystem::remove(path_ + ".pub"));
  ASSERT_TRUE(NoteSigner::LoadOrCreate(path_, "acme").ok());
  EXPECT_EQ(ReadSmallFile(path_ + ".pub").value_or(""), made->PublicText() + "\n");
  ASSERT_TRUE(WriteFileAtomically(path_ + ".pub", kPublic, 0644).ok());
  ASSERT_TRUE(NoteSigner::LoadOrCreate(path_, "acme").ok());
  EXPECT_EQ(ReadSmallFile(path_ + ".pub").value_or(""), made->PublicText() + "\n");
}

TEST_F(KeyFileTest, IsNotMadeUseOfWithoutItsPublicKey) {
  ASSERT_TRUE(NoteSigner::LoadOrCreate(path_, "acme").ok());
  ASSERT_TRUE(std::filesystem::remove(path_ + ".pub"));
  ASSERT_TRUE(std::filesystem::create_directories(path_ + ".pub/in the way"));
  EXPECT_FALSE(NoteSigner::LoadOrCreate(path_, "acme").ok());
}

TEST_F(KeyFileTest, ThatOthersCanReadIsRefused) {
  ASSERT_TRUE(NoteSigner::LoadOrCreate(path_, "acme").ok());
  for (const mode_t mode : {0640, 0604, 0620, 0601}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_TRUE(absl::IsPermissionDenied(NoteSigner::LoadOrCreate(path_, "acme").status())) << mode;
  }
}

TEST_F(KeyFileTest, OfAnotherNameOrWithOtherContentsIsRefusedAndLeftAlone) {
  ASSERT_TRUE(NoteSigner::LoadOrCreate(path_, "acme").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(NoteSigner::LoadOrCreate(path_, "other").status()));
  ASSERT_TRUE(WriteFileAtomically(path_, "nonsense", 0600).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(NoteSigner::LoadOrCreate(path_, "acme").status()));
  EXPECT_EQ(*ReadSmallFile(path_), "nonsense");
}

}  // namespace
}  // namespace rollcall
