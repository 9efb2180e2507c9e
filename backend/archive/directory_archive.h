// The archive in a folder of the host, such as one on a mounted volume.
//
// An upload is written beside the bucket's objects under a name that is no object's, and renamed once it was verified.
#ifndef ROLLCALL_BACKEND_ARCHIVE_DIRECTORY_ARCHIVE_H_
#define ROLLCALL_BACKEND_ARCHIVE_DIRECTORY_ARCHIVE_H_

#include <memory>
#include <mutex>
#include <string>

#include "backend/archive/archive.h"
#include "backend/archive/archive_files.h"
#include "backend/keys/data_key_store.h"
#include "platform/clock.h"

namespace rollcall {

struct DirectoryArchiveOptions {
  // Where the folder is. Buckets of other regions are refused.
  std::string region;
  ObjectOptions objects;
};

class DirectoryArchive : public Archive {
 public:
  // Takes the folder for this process. `keys` and `clock` outlive the archive. FailedPrecondition if another process
  // has the folder.
  static absl::StatusOr<std::unique_ptr<DirectoryArchive>> Open(DirectoryArchiveOptions options,
                                                                std::unique_ptr<ArchiveFiles> files, DataKeyStore* keys,
                                                                const Clock* clock);

  absl::StatusOr<ObjectSummary> Put(const ArchiveJob& job, const RetentionPolicy& policy,
                                    RecordSource* records) override;
  absl::StatusOr<ObjectSummary> Verify(const pb::BucketName& bucket, absl::string_view sha256,
                                       const StopToken& stop) override;
  absl::StatusOr<ObjectSummary> Read(const pb::BucketName& bucket, absl::string_view sha256,
                                     const RecordSink& sink) override;
  absl::StatusOr<ArchiveListing> List(const pb::BucketName& bucket) override;
  absl::Status RemoveUploads(const pb::BucketName& bucket) override;
  absl::Status DeleteVersion(const pb::BucketName& bucket, absl::string_view sha256) override;
  absl::StatusOr<ArchiveDeletion> Delete(const pb::BucketName& bucket) override;

 private:
  DirectoryArchive(DirectoryArchiveOptions options, std::unique_ptr<ArchiveFiles> files, DataKeyStore* keys,
                   const Clock* clock);

  struct Upload {
    std::string path;
    std::unique_ptr<NewArchiveFile> file;
  };
  absl::StatusOr<Upload> StartUpload(const std::string& folder);
  // Writes and reads back.
  absl::StatusOr<ObjectSummary> WriteUpload(const pb::ArchiveManifest& about, RecordSource* records, Upload* upload);
  absl::StatusOr<ObjectSummary> ReadFile(const pb::BucketName& bucket, const std::string& path, const RecordSink& sink);
  // Gives the upload its name, or finds the object that holds the same. The upload is gone if it returns OK.
  absl::StatusOr<ObjectSummary> Publish(const std::string& folder, const std::string& upload, ObjectSummary written);
  // NotFound if no sound object of the bucket has these contents.
  absl::StatusOr<ObjectSummary> FindSame(const pb::ArchiveManifest& manifest);
  absl::Status HashIs(const std::string& path, absl::string_view sha256);
  // Removes the folder and those above it, as far as they are empty.
  absl::Status RemoveEmptyFolders(std::string folder);

  const DirectoryArchiveOptions options_;
  const std::unique_ptr<ArchiveFiles> files_;
  DataKeyStore* const keys_;
  const Clock* const clock_;
  // Folders are made and removed, and uploads begun, by one thread at a time: no folder goes while a file is about to
  // come into it.
  std::mutex folders_mutex_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_DIRECTORY_ARCHIVE_H_
