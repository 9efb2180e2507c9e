#include "backend/keys/data_key_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "backend/keys/key_database.h"
#include "backend/pki/credential_files.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr absl::string_view kBackupPrefix = "keys-";
constexpr absl::string_view kBackupSuffix = ".db";
constexpr absl::string_view kUnfinished = "unfinished.db";

struct KeyBackup {
  std::string path;
  absl::Time taken_at;
};

// Complete backups, oldest first. One is named by the second it was taken. Unavailable if the folder cannot be read:
// there may be copies of keys in it, so that must not look like an empty one.
absl::StatusOr<std::vector<KeyBackup>> ListBackups(const std::string& folder) {
  const ScopedFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<DirectoryEntry> entries;
  const int error = fd.valid() ? ListFd(fd.get(), &entries) : errno;
  if (error != 0) return absl::UnavailableError(ErrnoStatus(error, "list key backups in", folder).message());
  std::vector<KeyBackup> backups;
  for (const DirectoryEntry& entry : entries) {
    absl::string_view seconds = entry.name;
    int64_t taken = 0;
    if (absl::ConsumePrefix(&seconds, kBackupPrefix) && absl::ConsumeSuffix(&seconds, kBackupSuffix) &&
        absl::SimpleAtoi(seconds, &taken)) {
      backups.push_back({absl::StrCat(folder, "/", entry.name), absl::FromUnixSeconds(taken)});
    }
  }
  std::sort(backups.begin(), backups.end(),
            [](const KeyBackup& a, const KeyBackup& b) { return a.taken_at < b.taken_at; });
  return backups;
}

absl::Status SyncPath(const std::string& path) {
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "sync", path);
  return absl::OkStatus();
}

// A database with its log and index.
absl::Status RemoveDatabase(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    const std::string name = path + suffix;
    if (::unlink(name.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, "remove", name);
  }
  return absl::OkStatus();
}

std::string WrapContext(absl::string_view tag, absl::string_view key_id) {
  return absl::StrCat("rollcall data key v1\n", key_id, tag);
}

}  // namespace

DataKeyStore::DataKeyStore(DataKeyStoreOptions options, KekProvider* keks)
    : options_(std::move(options)), keks_(keks) {}

DataKeyStore::~DataKeyStore() = default;

absl::StatusOr<std::unique_ptr<DataKeyStore>> DataKeyStore::Open(const DataKeyStoreOptions& options,
                                                                 KekProvider* keks) {
  if (options.ring_age <= absl::ZeroDuration() || options.ring_age > absl::Hours(24)) {
    return absl::InvalidArgumentError("open key store: backups of keys are kept for up to 24 hours");
  }
  ROLLCALL_RETURN_IF_ERROR(MakePrivateFolder(options.ring_folder));
  std::unique_ptr<DataKeyStore> store(new DataKeyStore(options, keks));
  ROLLCALL_ASSIGN_OR_RETURN(store->db_, OpenKeyDatabase(options.path));
  // What a crash left of a destruction or a backup.
  ROLLCALL_RETURN_IF_ERROR(TruncateLog(store->db_.get()));
  ROLLCALL_RETURN_IF_ERROR(RemoveDatabase(store->UnfinishedBackup()));
  return store;
}

absl::StatusOr<std::vector<std::string>> DataKeyStore::LiveKeys(const std::string& tag) {
  std::vector<std::string> ids;
  Statement statement = db_->Prepare("SELECT key_id FROM keys WHERE tag = ? ORDER BY rowid");
  statement.Blob(tag);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return ids;
    ids.emplace_back(statement.ColumnBlob(0));
  }
}

absl::Status DataKeyStore::CheckNotPurged(const std::string& tag) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> live, LiveKeys(tag));
  if (!live.empty()) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const bool destroyed,
                            db_->Prepare("SELECT 1 FROM destroyed WHERE tag = ? LIMIT 1").Blob(tag).Step());
  if (destroyed) return absl::FailedPreconditionError("write to bucket: its keys are destroyed");
  return absl::OkStatus();
}

absl::StatusOr<DataKey> DataKeyStore::Make(const pb::BucketName& bucket, absl::Time now) {
  const std::string tag = BucketTag(bucket);
  ROLLCALL_RETURN_IF_ERROR(CheckNotPurged(tag));
  ROLLCALL_ASSIGN_OR_RETURN(std::string key_id, RandomBytes(kKeyIdBytes));
  ROLLCALL_ASSIGN_OR_RETURN(SecretKey secret, SecretKey::Random());
  ROLLCALL_ASSIGN_OR_RETURN(const std::string wrapped,
                            keks_->Wrap({bucket.tenant(), bucket.region()}, WrapContext(tag, key_id), secret));
  ROLLCALL_RETURN_IF_ERROR(InsertKey(db_.get(), key_id, tag, wrapped, now));
  return DataKey(std::move(key_id), tag, std::move(secret));
}

absl::StatusOr<DataKey> DataKeyStore::Load(const pb::BucketName& bucket, absl::string_view key_id) {
  const std::string tag = BucketTag(bucket);
  ROLLCALL_ASSIGN_OR_RETURN(const KeyRow row, FindKey(db_.get(), key_id));
  if (row.destroyed_at.has_value()) {
    return absl::NotFoundError(absl::StrCat("use data key: it was destroyed on ", absl::FormatTime(*row.destroyed_at)));
  }
  if (row.tag != tag) return absl::PermissionDeniedError("use data key: it belongs to another bucket");
  ROLLCALL_ASSIGN_OR_RETURN(SecretKey secret,
                            keks_->Unwrap({bucket.tenant(), bucket.region()}, WrapContext(tag, key_id), row.wrapped));
  return DataKey(std::string(key_id), tag, std::move(secret));
}

absl::StatusOr<DataKey> DataKeyStore::KeyForWriting(const pb::BucketName& bucket, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> ids, LiveKeys(BucketTag(bucket)));
  return ids.empty() ? Make(bucket, now) : Load(bucket, ids.back());
}

absl::StatusOr<DataKey> DataKeyStore::NewKey(const pb::BucketName& bucket, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Make(bucket, now);
}

absl::StatusOr<DataKey> DataKeyStore::KeyForReading(const pb::BucketName& bucket, absl::string_view key_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Load(bucket, key_id);
}

absl::StatusOr<std::vector<std::string>> DataKeyStore::KeysOf(const pb::BucketName& bucket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return LiveKeys(BucketTag(bucket));
}

absl::StatusOr<std::vector<std::string>> DataKeyStore::DestroyedKeysOf(const pb::BucketName& bucket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Bound, not copied.
  const std::string tag = BucketTag(bucket);
  std::vector<std::string> ids;
  Statement statement = db_->Prepare("SELECT key_id FROM destroyed WHERE tag = ? ORDER BY destroyed_us, key_id");
  statement.Blob(tag);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return ids;
    ids.emplace_back(statement.ColumnBlob(0));
  }
}

absl::StatusOr<std::vector<KeyDestruction>> DataKeyStore::Destroy(const std::vector<std::string>& key_ids,
                                                                  absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& key_id : key_ids) ROLLCALL_RETURN_IF_ERROR(FindKey(db_.get(), key_id).status());
  // Asked before anything is destroyed, which would be half of it.
  ROLLCALL_RETURN_IF_ERROR(ListBackups(options_.ring_folder).status());
  ROLLCALL_RETURN_IF_ERROR(DestroyKeys(db_.get(), key_ids, now));
  std::vector<KeyDestruction> destructions;
  for (const std::string& key_id : key_ids) {
    ROLLCALL_ASSIGN_OR_RETURN(const KeyRow row, FindKey(db_.get(), key_id));
    destructions.push_back({key_id, row.destroyed_at.value_or(now), std::nullopt});
  }
  ROLLCALL_RETURN_IF_ERROR(DestroyInRing(key_ids, now, &destructions));
  absl::Status traces = LookForTraces(key_ids);
  if (absl::IsDataLoss(traces)) {
    ROLLCALL_RETURN_IF_ERROR(RewriteFiles());
    traces = LookForTraces(key_ids);
  }
  if (!traces.ok()) return traces;
  return destructions;
}

absl::Status DataKeyStore::DestroyInRing(const std::vector<std::string>& key_ids, absl::Time now,
                                         std::vector<KeyDestruction>* destructions) {
  // Keys that no backup will be made of.
  ROLLCALL_RETURN_IF_ERROR(RemoveDatabase(UnfinishedBackup()));
  ROLLCALL_RETURN_IF_ERROR(SyncPath(options_.ring_folder));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeyBackup> backups, ListBackups(options_.ring_folder));
  for (const KeyBackup& backup : backups) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db, OpenKeyDatabase(backup.path));
    for (KeyDestruction& destruction : *destructions) {
      const absl::StatusOr<KeyRow> row = FindKey(db.get(), destruction.key_id);
      if (absl::IsNotFound(row.status())) continue;
      if (!row.ok()) return row.status();
      // Taken while the key was there; one taken later knows only that it was destroyed.
      if (row->destroyed_at.has_value() && backup.taken_at > destruction.destroyed_at) continue;
      destruction.last_copy_expires_at = backup.taken_at + options_.ring_age;
    }
    ROLLCALL_RETURN_IF_ERROR(DestroyKeys(db.get(), key_ids, now));
  }
  return absl::OkStatus();
}

absl::Status DataKeyStore::RewriteFiles() {
  ROLLCALL_RETURN_IF_ERROR(RewriteDatabase(db_.get()));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeyBackup> backups, ListBackups(options_.ring_folder));
  for (const KeyBackup& backup : backups) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db, OpenKeyDatabase(backup.path));
    ROLLCALL_RETURN_IF_ERROR(RewriteDatabase(db.get()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> DataKeyStore::FilesWithKeys() const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeyBackup> backups, ListBackups(options_.ring_folder));
  std::vector<std::string> files;
  std::vector<std::string> databases = {options_.path, UnfinishedBackup()};
  for (const KeyBackup& backup : backups) databases.push_back(backup.path);
  for (const std::string& database : databases) {
    for (const char* suffix : {"", "-wal", "-journal"}) files.push_back(database + suffix);
  }
  return files;
}

absl::Status DataKeyStore::LookForTraces(const std::vector<std::string>& key_ids) {
  std::vector<std::string> nonces;
  for (const std::string& key_id : key_ids) {
    ROLLCALL_ASSIGN_OR_RETURN(const KeyRow row, FindKey(db_.get(), key_id));
    if (!row.destroyed_at.has_value()) return absl::FailedPreconditionError("verify destroyed key: it is still there");
    nonces.push_back(Complement(row.trace));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesWithKeys());
  for (const std::string& file : files) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, FileHasAny(file, nonces));
    if (found) return absl::DataLossError(absl::StrCat("verify destroyed key: a trace of it is in ", file));
  }
  return absl::OkStatus();
}

absl::Status DataKeyStore::VerifyDestroyed(absl::string_view key_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return LookForTraces({std::string(key_id)});
}

std::string DataKeyStore::UnfinishedBackup() const { return absl::StrCat(options_.ring_folder, "/", kUnfinished); }

absl::Status DataKeyStore::WriteBackup(const std::string& path) {
  const std::string unfinished = UnfinishedBackup();
  ROLLCALL_RETURN_IF_ERROR(RemoveDatabase(unfinished));
  // SQLite writes into an empty file as it is, so its mode is ours.
  ROLLCALL_RETURN_IF_ERROR(WriteFileAtomically(unfinished, "", 0600));
  ROLLCALL_RETURN_IF_ERROR(db_->Prepare("VACUUM INTO ?").Text(unfinished).Run());
  ROLLCALL_RETURN_IF_ERROR(SyncPath(unfinished));
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "rename to", path);
  return SyncPath(options_.ring_folder);
}

absl::Status DataKeyStore::Backup(absl::Time now) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::Status status =
        WriteBackup(absl::StrCat(options_.ring_folder, "/", kBackupPrefix, absl::ToUnixSeconds(now), kBackupSuffix));
    if (!status.ok()) {
      // There are keys in it. If it cannot be removed now, the next destruction does so, or fails.
      RemoveDatabase(UnfinishedBackup()).IgnoreError();
      return status;
    }
  }
  return PruneRing(now);
}

absl::Status DataKeyStore::PruneRing(absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeyBackup> backups, ListBackups(options_.ring_folder));
  for (const KeyBackup& backup : backups) {
    if (backup.taken_at + options_.ring_age > now) continue;
    ROLLCALL_RETURN_IF_ERROR(RemoveDatabase(backup.path));
  }
  return SyncPath(options_.ring_folder);
}

}  // namespace rollcall
