// The suite every archive engine passes: what archive.h says, one test per rule.
//
// An engine's test links archive_contract_test.cc and instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(MyEngine, ArchiveContractTest, testing::Values(MyEngineUnderTest()), ArchiveEngineName);
#ifndef ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_CONTRACT_TEST_H_
#define ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_CONTRACT_TEST_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/archive/archive.h"
#include "backend/archive/testing/made_up_bucket.h"
#include "backend/keys/data_key_store.h"
#include "backend/keys/testing/key_store_folder.h"
#include "platform/clock.h"

namespace rollcall {

struct ArchiveEngine {
  std::string name;
  // Opens the archive that lives in `folder` and region eu-frankfurt, with chunks of kMinChunkBytes, creating it the
  // first time.
  std::function<std::unique_ptr<Archive>(const std::string& folder, DataKeyStore* keys, const Clock* clock)> open;
  // The stored bytes of an object, behind the archive's back.
  std::function<std::string(const std::string& folder, const pb::BucketName& bucket, const std::string& sha256)> get;
  // Stores bytes as the object of that hash, whatever they are; as an unfinished upload if `sha256` is empty.
  std::function<void(const std::string& folder, const pb::BucketName& bucket, const std::string& sha256,
                     const std::string& bytes)>
      put;
};

// Names an engine in test names.
inline std::string ArchiveEngineName(const testing::TestParamInfo<ArchiveEngine>& info) { return info.param.name; }

class ArchiveContractTest : public testing::TestWithParam<ArchiveEngine> {
 protected:
  ArchiveContractTest();

  Archive& archive() { return *archive_; }
  DataKeyStore& keys() { return *keys_; }
  const RetentionPolicy& policy() const { return policy_; }
  const Clock& clock() const { return clock_; }
  // Closes the archive and opens it again, as after a crash of the backend.
  void Reopen();

  absl::StatusOr<ObjectSummary> Put(const pb::BucketName& bucket, const std::vector<std::string>& records);
  // Puts, and expects that to work.
  ObjectSummary MustPut(const pb::BucketName& bucket, const std::vector<std::string>& records);
  std::string Stored(const pb::BucketName& bucket, const std::string& sha256);
  void Store(const pb::BucketName& bucket, const std::string& sha256, const std::string& bytes);
  // Destroys all data keys of the bucket.
  void DestroyKeys(const pb::BucketName& bucket);

  const pb::BucketName bucket_ = MadeUpBucket();
  const pb::BucketName next_day_ = MadeUpBucket("2023-11-15");
  const pb::BucketName other_tenant_ = MadeUpBucket("2023-11-14", "other");

 private:
  KeyStoreFolder folder_;
  const SystemClock clock_;
  const RetentionPolicy policy_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<Archive> archive_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_CONTRACT_TEST_H_
