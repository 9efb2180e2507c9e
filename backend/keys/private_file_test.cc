#include "backend/keys/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "backend/keys/testing/key_store_folder.h"

namespace rollcall {
namespace {

TEST(PrivateFileTest, IsWrittenReadAndErased) {
  KeyStoreFolder folder;
  const std::string path = folder.path() + "/secret";
  EXPECT_TRUE(absl::IsNotFound(ReadPrivateFile(path).status()));
  ASSERT_TRUE(CreatePrivateFile(path, "secret").ok());
  EXPECT_EQ(*ReadPrivateFile(path), "secret");
  EXPECT_TRUE(absl::IsAlreadyExists(CreatePrivateFile(path, "other")));
  EXPECT_EQ(*ReadPrivateFile(path), "secret");
  // What is erased is overwritten in place: another name of the same file shows it.
  const std::string other_name = folder.path() + "/other_name";
  ASSERT_EQ(link(path.c_str(), other_name.c_str()), 0);
  ASSERT_TRUE(ErasePrivateFile(path).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadPrivateFile(path).status()));
  EXPECT_EQ(*ReadPrivateFile(other_name), std::string(6, '\0'));
  EXPECT_TRUE(absl::IsNotFound(ErasePrivateFile(path)));
}

TEST(PrivateFileTest, WhatOthersCanUseIsRefused) {
  KeyStoreFolder folder;
  const std::string path = folder.path() + "/secret";
  ASSERT_TRUE(CreatePrivateFile(path, "secret").ok());
  for (const mode_t mode : {0610, 0640, 0620, 0604, 0602, 0601}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_TRUE(absl::IsPermissionDenied(ReadPrivateFile(path).status())) << mode;
    EXPECT_TRUE(absl::IsPermissionDenied(ErasePrivateFile(path))) << mode;
  }
}

TEST(PrivateFileTest, LinksFoldersAndPipesAreRefused) {
  KeyStoreFolder folder;
  const std::string path = folder.path() + "/secret";
  ASSERT_TRUE(CreatePrivateFile(path, "secret").ok());
  const std::string link = folder.path() + "/link";
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadPrivateFile(link).status()));
  EXPECT_TRUE(absl::IsAlreadyExists(CreatePrivateFile(link, "other")));
  EXPECT_TRUE(absl::IsPermissionDenied(ReadPrivateFile(folder.path()).status()));
  const std::string pipe = folder.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadPrivateFile(pipe).status()));
}

TEST(PrivateFileTest, LargeFilesAreRefused) {
  KeyStoreFolder folder;
  const std::string path = folder.path() + "/large";
  ASSERT_TRUE(CreatePrivateFile(path, std::string(70'000, 'x')).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ReadPrivateFile(path).status()));
}

}  // namespace
}  // namespace rollcall
