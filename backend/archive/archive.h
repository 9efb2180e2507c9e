// The temporary archive: where a bucket's records wait for their last day after the service ended, as encrypted
// objects, one for each version of the bucket.
//
// For the engine, in this order: Put and keep its answer; only then empty the stores. To restore: Read into the
// stores, and once it returned OK, Delete. To purge: Delete, then destroy the bucket's keys, which makes copies of the
// objects unreadable wherever they are. To archive anew, with more rows or fewer: Put, and once it returned OK,
// DeleteVersion of the others. Everything may be repeated after a crash or an error until it returns OK.
#ifndef ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_H_
#define ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/archive/object_codec.h"
#include "backend/retention/policy_loader.h"
#include "platform/clock.h"

namespace rollcall {

// What is to be archived.
struct ArchiveJob {
  pb::BucketName bucket;
  // Full name of the message every record is, such as `rollcall.v1.StoredRecord`.
  std::string schema;
};

struct ListedObject {
  std::string sha256;
  uint64_t bytes = 0;
};

// All there is of a bucket.
struct ArchiveListing {
  // By hash.
  std::vector<ListedObject> versions;
  // Unfinished uploads, and whatever else is where the bucket's objects are; by name.
  std::vector<std::string> uploads;

  bool empty() const { return versions.empty() && uploads.empty(); }
};

// What a deletion found and removed.
struct ArchiveDeletion {
  uint64_t versions = 0;
  uint64_t uploads = 0;
  uint64_t bytes = 0;
};

// Thread-safe. About one bucket, one caller at a time calls Put, RemoveUploads, DeleteVersion or Delete.
class Archive {
 public:
  virtual ~Archive() = default;

  // Archives a bucket under its newest data key. The object is read back, decrypted and compared with what was
  // written, and only then gets its name. If the same contents are archived already, that object is checked and
  // returned instead, whatever happened since. Errors leave no new version; an upload may be left.
  //   PermissionDenied    the agreement has no archive for the category
  //   FailedPrecondition  the bucket is of another region, or its keys were destroyed
  //   InvalidArgument     the bucket has no proper name, or a record is too large
  //   DataLoss            what was read back is not what was written
  virtual absl::StatusOr<ObjectSummary> Put(const ArchiveJob& job, const RetentionPolicy& policy,
                                            RecordSource* records) = 0;

  // Reads an object and checks every byte of it: hash, encryption, records and manifest.
  //   NotFound            there is no such object
  //   FailedPrecondition  its key was destroyed
  //   DataLoss            it is not, in every byte, what was archived for this bucket under this hash
  //   Cancelled           `stop` was requested, between two records
  virtual absl::StatusOr<ObjectSummary> Verify(const pb::BucketName& bucket, absl::string_view sha256,
                                               const StopToken& stop) = 0;

  // As Verify, and hands out the records in the order they came in. Only OK means that those were all: until then
  // nothing may be made of them that cannot be undone. Also errors of `sink`.
  virtual absl::StatusOr<ObjectSummary> Read(const pb::BucketName& bucket, absl::string_view sha256,
                                             const RecordSink& sink) = 0;

  // All versions and uploads of a bucket; none if it was never archived.
  virtual absl::StatusOr<ArchiveListing> List(const pb::BucketName& bucket) = 0;

  // Removes the uploads that crashes have left, so that they do not wait for Delete.
  virtual absl::Status RemoveUploads(const pb::BucketName& bucket) = 0;

  // Removes one version, such as one whose contents another has by now. One that is not there is removed.
  virtual absl::Status DeleteVersion(const pb::BucketName& bucket, absl::string_view sha256) = 0;

  // Removes all versions and uploads, and looks that nothing is left. What is not there is removed. Aborted if
  // something is left after all. The answer counts what this call removed.
  virtual absl::StatusOr<ArchiveDeletion> Delete(const pb::BucketName& bucket) = 0;
};

// For engines: how the manifest of a job begins. Errors as Put, for an archive of `region`. Pure.
absl::StatusOr<pb::ArchiveManifest> AdmitToArchive(const ArchiveJob& job, const RetentionPolicy& policy,
                                                   absl::string_view region);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_H_
