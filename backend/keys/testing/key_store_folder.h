// A folder with a key store, its ring and key encryption keys, for tests.
#ifndef ROLLCALL_BACKEND_KEYS_TESTING_KEY_STORE_FOLDER_H_
#define ROLLCALL_BACKEND_KEYS_TESTING_KEY_STORE_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "backend/keys/data_key_store.h"

namespace rollcall {

inline pb::BucketName BucketOfDay(int day, absl::string_view tenant = "acme") {
  pb::BucketName bucket;
  bucket.set_tenant(std::string(tenant));
  bucket.set_region("eu-frankfurt");
  bucket.set_hosting_service("cvm:ins-1234");
  bucket.set_category(pb::ASSET_BASIC);
  bucket.set_collected_day(absl::StrCat("day-", day));
  return bucket;
}

class KeyStoreFolder {
 public:
  KeyStoreFolder() : path_((std::filesystem::temp_directory_path() / "key_store_test_XXXXXX").string()) {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    keks_ = std::make_unique<FileKekProvider>(path_ + "/keks");
    EXPECT_TRUE(keks_->Create({"acme", "eu-frankfurt"}).ok());
    EXPECT_TRUE(keks_->Create({"other", "eu-frankfurt"}).ok());
  }
  ~KeyStoreFolder() { std::filesystem::remove_all(path_); }

  DataKeyStoreOptions options() const { return {path_ + "/keys.db", path_ + "/ring", absl::Hours(24)}; }
  FileKekProvider* keks() { return keks_.get(); }
  const std::string& path() const { return path_; }

  absl::StatusOr<std::unique_ptr<DataKeyStore>> Open() { return DataKeyStore::Open(options(), keks_.get()); }

  // Every byte of store and ring, logs included.
  std::string AllBytes() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      if (!entry.is_regular_file() || entry.path().extension() == ".kek") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return all;
  }

 private:
  std::string path_;
  std::unique_ptr<FileKekProvider> keks_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_TESTING_KEY_STORE_FOLDER_H_
