// The data keys of all buckets, wrapped, in a SQLite file of their own, and a short ring of its backups.
//
// Destroying a key makes every copy of what was encrypted with it unreadable at once: archive objects, replicas,
// backups. That holds as far as no copy of the key is left, so keys are kept out of the data's backups, their own
// backups live a day at most, and destroying one goes through those too.
//
// For the engine: KeyForWriting before a bucket is first written to a place that is copied; one DataKey per
// piece of work. In the purge, after the stores are empty: Destroy, and its answer into the ledger. It may be
// repeated after a crash until it returns OK: a key is then either still readable, with nothing destroyed, or gone.
#ifndef ROLLCALL_BACKEND_KEYS_DATA_KEY_STORE_H_
#define ROLLCALL_BACKEND_KEYS_DATA_KEY_STORE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/keys/data_key.h"
#include "backend/keys/kek_provider.h"

namespace rollcall {

class Connection;

struct DataKeyStoreOptions {
  // Of the database; its folder must exist.
  std::string path;
  // Folder of the backups, made if needed.
  std::string ring_folder;
  // How long a backup is kept: 24 h at most.
  absl::Duration ring_age = absl::Hours(24);
};

// What happened to a key.
struct KeyDestruction {
  std::string key_id;
  // When it was destroyed first, if this was a repetition.
  absl::Time destroyed_at;
  // When the last backup that was made while the key was there would have expired. The ring's own copies are
  // destroyed at once; this is for copies that were taken from it. Unset if there never was one.
  std::optional<absl::Time> last_copy_expires_at;
};

// Thread-safe.
class DataKeyStore {
 public:
  // Opens or makes the store, mode 0600. `keks` outlives it. PermissionDenied if others may read the file,
  // InvalidArgument if the ring is longer than a day.
  static absl::StatusOr<std::unique_ptr<DataKeyStore>> Open(const DataKeyStoreOptions& options, KekProvider* keks);
  ~DataKeyStore();
  DataKeyStore(const DataKeyStore&) = delete;
  DataKeyStore& operator=(const DataKeyStore&) = delete;

  // The bucket's newest key; made, durably, if it never had one. FailedPrecondition if it had and all are destroyed:
  // what is purged does not come back.
  absl::StatusOr<DataKey> KeyForWriting(const pb::BucketName& bucket, absl::Time now);
  // A new key for a bucket whose objects are rewritten without a part of them. Destroy the old ones
  // after. FailedPrecondition as KeyForWriting.
  absl::StatusOr<DataKey> NewKey(const pb::BucketName& bucket, absl::Time now);
  // The key an envelope was sealed with. NotFound if it was destroyed or never was; PermissionDenied if it is
  // another bucket's.
  absl::StatusOr<DataKey> KeyForReading(const pb::BucketName& bucket, absl::string_view key_id);
  // Ids of the keys that are there, oldest first.
  absl::StatusOr<std::vector<std::string>> KeysOf(const pb::BucketName& bucket);

  // Ids of the bucket's keys that were destroyed, oldest first.
  absl::StatusOr<std::vector<std::string>> DestroyedKeysOf(const pb::BucketName& bucket);

  // Destroys keys: overwrites and deletes them here and in every backup of the ring, truncates the logs, and looks for
  // what they were in all those files. DataLoss if a trace is left after that. Nothing is
  // destroyed if one never was (NotFound) or the ring cannot be listed (Unavailable).
  absl::StatusOr<std::vector<KeyDestruction>> Destroy(const std::vector<std::string>& key_ids, absl::Time now);
  // Looks again, at any time. OK if the key was destroyed and no trace of it is in the store or the ring; NotFound if
  // it never was; FailedPrecondition if it is still there; DataLoss if there is a trace; Unavailable if the ring
  // cannot be listed.
  absl::Status VerifyDestroyed(absl::string_view key_id);

  // Adds a backup to the ring and removes the expired ones. What was written of one that fails is removed.
  absl::Status Backup(absl::Time now);
  // Removes backups older than the ring's age. To be called hourly also when no backups are made.
  // Unavailable if the ring cannot be listed.
  absl::Status PruneRing(absl::Time now);

 private:
  explicit DataKeyStore(DataKeyStoreOptions options, KekProvider* keks);

  absl::StatusOr<std::vector<std::string>> LiveKeys(const std::string& tag);
  // FailedPrecondition if the bucket had keys and all are destroyed.
  absl::Status CheckNotPurged(const std::string& tag);
  absl::StatusOr<DataKey> Make(const pb::BucketName& bucket, absl::Time now);
  absl::StatusOr<DataKey> Load(const pb::BucketName& bucket, absl::string_view key_id);
  absl::Status DestroyInRing(const std::vector<std::string>& key_ids, absl::Time now,
                             std::vector<KeyDestruction>* destructions);
  // Leaves nothing between the rows: secure_delete overwrites what is deleted, not what was copied to another page
  // when pages were split.
  absl::Status RewriteFiles();
  absl::Status LookForTraces(const std::vector<std::string>& key_ids);
  // Of the store, its ring, and a backup that was not finished; not all of them exist.
  absl::StatusOr<std::vector<std::string>> FilesWithKeys() const;
  std::string UnfinishedBackup() const;
  absl::Status WriteBackup(const std::string& path);

  const DataKeyStoreOptions options_;
  KekProvider* const keks_;
  std::mutex mutex_;
  std::unique_ptr<Connection> db_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_DATA_KEY_STORE_H_
