#include "backend/archive/directory_archive.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/archive/archive_path.h"
#include "backend/archive/running_hash.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kHashPieceBytes = 256 << 10;

absl::Status TakeNothing(absl::string_view record) { return absl::OkStatus(); }

std::string UploadName(uint64_t number) { return absl::StrCat("upload-", number); }

}  // namespace

DirectoryArchive::DirectoryArchive(DirectoryArchiveOptions options, std::unique_ptr<ArchiveFiles> files,
                                   DataKeyStore* keys, const Clock* clock)
    : options_(std::move(options)), files_(std::move(files)), keys_(keys), clock_(clock) {}

absl::StatusOr<std::unique_ptr<DirectoryArchive>> DirectoryArchive::Open(DirectoryArchiveOptions options,
                                                                         std::unique_ptr<ArchiveFiles> files,
                                                                         DataKeyStore* keys, const Clock* clock) {
  ROLLCALL_RETURN_IF_ERROR(files->Lock());
  return absl::WrapUnique(new DirectoryArchive(std::move(options), std::move(files), keys, clock));
}

absl::StatusOr<DirectoryArchive::Upload> DirectoryArchive::StartUpload(const std::string& folder) {
  const std::lock_guard<std::mutex> lock(folders_mutex_);
  ROLLCALL_RETURN_IF_ERROR(files_->MakeFolders(folder));
  for (uint64_t number = 1;; ++number) {
    const std::string path = absl::StrCat(folder, "/", UploadName(number));
    absl::StatusOr<std::unique_ptr<NewArchiveFile>> file = files_->Create(path);
    if (file.ok()) return Upload{path, *std::move(file)};
    if (!absl::IsAlreadyExists(file.status())) return file.status();
  }
}

absl::StatusOr<ObjectSummary> DirectoryArchive::Put(const ArchiveJob& job, const RetentionPolicy& policy,
                                                    RecordSource* records) {
  ROLLCALL_ASSIGN_OR_RETURN(const pb::ArchiveManifest about, AdmitToArchive(job, policy, options_.region));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string folder, BucketFolder(job.bucket));
  ROLLCALL_ASSIGN_OR_RETURN(Upload upload, StartUpload(folder));
  absl::StatusOr<ObjectSummary> written = WriteUpload(about, records, &upload);
  upload.file = nullptr;
  if (written.ok()) written = Publish(folder, upload.path, *std::move(written));
  // If it cannot be removed either, it is listed and waits for RemoveUploads or Delete.
  if (!written.ok()) files_->Remove(upload.path).IgnoreError();
  return written;
}

absl::StatusOr<ObjectSummary> DirectoryArchive::WriteUpload(const pb::ArchiveManifest& about, RecordSource* records,
                                                            Upload* upload) {
  ROLLCALL_ASSIGN_OR_RETURN(const DataKey key, keys_->KeyForWriting(about.bucket(), clock_->Now()));
  ROLLCALL_ASSIGN_OR_RETURN(ObjectSummary written,
                            WriteObject(about, key, records, upload->file.get(), options_.objects));
  ROLLCALL_RETURN_IF_ERROR(upload->file->Sync());
  const absl::StatusOr<ObjectSummary> read = ReadFile(about.bucket(), upload->path, TakeNothing);
  // A key that "was destroyed" is one that the header did not name.
  if (!read.ok() && !absl::IsFailedPrecondition(read.status())) return read.status();
  if (!read.ok() || read->sha256 != written.sha256 || read->bytes != written.bytes ||
      read->manifest.SerializeAsString() != written.manifest.SerializeAsString()) {
    return absl::DataLossError(absl::StrCat("archive bucket: ", upload->path, " was read back as another object"));
  }
  return written;
}

absl::StatusOr<ObjectSummary> DirectoryArchive::Publish(const std::string& folder, const std::string& upload,
                                                        ObjectSummary written) {
  absl::StatusOr<ObjectSummary> same = FindSame(written.manifest);
  if (same.ok()) {
    ROLLCALL_RETURN_IF_ERROR(files_->Remove(upload));
  } else {
    if (!absl::IsNotFound(same.status())) return same.status();
    ROLLCALL_ASSIGN_OR_RETURN(const std::string name, ObjectFileName(written.sha256));
    ROLLCALL_RETURN_IF_ERROR(files_->Rename(upload, absl::StrCat(folder, "/", name)));
  }
  // Also for one that was there: who renamed it may have been interrupted.
  ROLLCALL_RETURN_IF_ERROR(files_->SyncFolder(folder));
  return same.ok() ? *std::move(same) : std::move(written);
}

absl::StatusOr<ObjectSummary> DirectoryArchive::FindSame(const pb::ArchiveManifest& manifest) {
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, List(manifest.bucket()));
  for (const ListedObject& object : listing.versions) {
    // One that is not sound is as good as none; Delete will remove it.
    absl::StatusOr<ObjectSummary> found = Verify(manifest.bucket(), object.sha256, StopToken());
    if (found.ok() && found->manifest.SerializeAsString() == manifest.SerializeAsString()) return found;
  }
  return absl::NotFoundError("find archive object: none has these contents");
}

absl::StatusOr<ObjectSummary> DirectoryArchive::ReadFile(const pb::BucketName& bucket, const std::string& path,
                                                         const RecordSink& sink) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, files_->Open(path));
  const KeyLookup keys = [&](absl::string_view key_id) -> absl::StatusOr<DataKey> {
    absl::StatusOr<DataKey> key = keys_->KeyForReading(bucket, key_id);
    if (absl::IsPermissionDenied(key.status())) {
      return absl::DataLossError(absl::StrCat("read archive object ", path, ": it is another bucket's"));
    }
    if (absl::IsNotFound(key.status())) {
      return absl::FailedPreconditionError(absl::StrCat("read archive object ", path, ": its key was destroyed"));
    }
    return key;
  };
  return ReadObject(bucket, keys, source.get(), sink);
}

absl::StatusOr<ObjectSummary> DirectoryArchive::Verify(const pb::BucketName& bucket, absl::string_view sha256,
                                                       const StopToken& stop) {
  return Read(bucket, sha256, [&](absl::string_view record) {
    return stop.stop_requested() ? absl::CancelledError("verify archive object: stopped") : absl::OkStatus();
  });
}

absl::StatusOr<ObjectSummary> DirectoryArchive::Read(const pb::BucketName& bucket, absl::string_view sha256,
                                                     const RecordSink& sink) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string folder, BucketFolder(bucket));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string name, ObjectFileName(sha256));
  const std::string path = absl::StrCat(folder, "/", name);
  absl::StatusOr<ObjectSummary> read = ReadFile(bucket, path, sink);
  // Where the header was damaged, the key it names may never have been.
  if (absl::IsFailedPrecondition(read.status())) ROLLCALL_RETURN_IF_ERROR(HashIs(path, sha256));
  if (read.ok() && read->sha256 != sha256) {
    return absl::DataLossError(absl::StrCat("read archive object ", path, ": it is an object of the bucket, not this"));
  }
  return read;
}

absl::Status DirectoryArchive::HashIs(const std::string& path, absl::string_view sha256) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, files_->Open(path));
  RunningHash hash;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, source->Read(kHashPieceBytes));
    if (bytes.empty()) break;
    hash.Add(bytes);
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::string found, hash.Finish());
  if (absl::BytesToHexString(found) == sha256) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("read archive object ", path, ": its bytes are not those it is named after"));
}

absl::StatusOr<ArchiveListing> DirectoryArchive::List(const pb::BucketName& bucket) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string folder, BucketFolder(bucket));
  ArchiveListing listing;
  const absl::StatusOr<std::vector<ArchiveEntry>> entries = files_->List(folder);
  if (absl::IsNotFound(entries.status())) return listing;
  if (!entries.ok()) return entries.status();
  for (const ArchiveEntry& entry : *entries) {
    std::string hash = HashOfFileName(entry.name);
    if (hash.empty()) {
      listing.uploads.push_back(entry.name);
    } else {
      listing.versions.push_back({std::move(hash), entry.bytes});
    }
  }
  return listing;
}

absl::Status DirectoryArchive::RemoveUploads(const pb::BucketName& bucket) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string folder, BucketFolder(bucket));
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, List(bucket));
  for (const std::string& upload : listing.uploads) {
    ROLLCALL_RETURN_IF_ERROR(files_->Remove(absl::StrCat(folder, "/", upload)));
  }
  return listing.uploads.empty() ? absl::OkStatus() : files_->SyncFolder(folder);
}

absl::Status DirectoryArchive::DeleteVersion(const pb::BucketName& bucket, absl::string_view sha256) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string folder, BucketFolder(bucket));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string name, ObjectFileName(sha256));
  const absl::Status removed = files_->Remove(absl::StrCat(folder, "/", name));
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  // Also for one that was not there: who removed it may have been interrupted.
  const absl::Status synced = files_->SyncFolder(folder);
  return absl::IsNotFound(synced) ? absl::OkStatus() : synced;
}

absl::StatusOr<ArchiveDeletion> DirectoryArchive::Delete(const pb::BucketName& bucket) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string folder, BucketFolder(bucket));
  const absl::StatusOr<std::vector<ArchiveEntry>> entries = files_->List(folder);
  ArchiveDeletion deletion;
  if (entries.ok()) {
    for (const ArchiveEntry& entry : *entries) {
      ROLLCALL_RETURN_IF_ERROR(files_->Remove(absl::StrCat(folder, "/", entry.name)));
      (HashOfFileName(entry.name).empty() ? deletion.uploads : deletion.versions) += 1;
      deletion.bytes += entry.bytes;
    }
    ROLLCALL_RETURN_IF_ERROR(files_->SyncFolder(folder));
  } else if (!absl::IsNotFound(entries.status())) {
    return entries.status();
  }
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing left, List(bucket));
  if (!left.empty()) {
    return absl::AbortedError(absl::StrCat("delete archived bucket: ", left.versions.size(), " versions and ",
                                           left.uploads.size(), " uploads are left in ", folder));
  }
  ROLLCALL_RETURN_IF_ERROR(RemoveEmptyFolders(folder));
  return deletion;
}

absl::Status DirectoryArchive::RemoveEmptyFolders(std::string folder) {
  const std::lock_guard<std::mutex> lock(folders_mutex_);
  while (!folder.empty()) {
    const absl::Status removed = files_->RemoveFolder(folder);
    if (absl::IsFailedPrecondition(removed)) return absl::OkStatus();
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    const size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "" : folder.substr(0, slash);
    if (removed.ok()) ROLLCALL_RETURN_IF_ERROR(files_->SyncFolder(folder));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
