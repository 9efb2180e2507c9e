#include "backend/backup/backup_restorer.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/archive/object_codec.h"
#include "backend/backup/backup_files.h"
#include "backend/backup/backup_parts.h"
#include "backend/backup/data_places.h"
#include "backend/backup/ledger_replay.h"
#include "backend/engine/archived_row.h"
#include "backend/keys/data_key_store.h"
#include "backend/keys/key_database.h"
#include "backend/retention/civil_time.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

absl::StatusOr<BucketRef> RefOf(const pb::BucketName& name, absl::TimeZone zone) {
  BucketRef ref = {name.tenant(), {name.hosting_service(), name.category(), {}}, zone};
  if (!ParseDay(name.collected_day(), &ref.key.collected_day)) {
    return absl::DataLossError("read backup: a bucket has no day");
  }
  return ref;
}

// The epochs that the tenants' rows were last deleted or put back for.
absl::StatusOr<uint64_t> FenceOf(const std::string& database, const std::string& tenant) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db,
                            Connection::Open(database, Connection::Mode::kReadOnly));
  Statement row = db->Prepare("SELECT fence FROM tenant_fence JOIN tenant USING (tenant_id) WHERE tenant.name = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Text(tenant).Step());
  return found ? row.ColumnUnsigned(0) : 0;
}

class BackupRestorer {
 public:
  BackupRestorer(const RestoreOptions& options, const RetentionPolicy& policy, const Clock* clock)
      : options_(options), policy_(policy), clock_(clock) {}

  absl::StatusOr<RestoreReport> Run() {
    ROLLCALL_RETURN_IF_ERROR(Prepare());
    ROLLCALL_RETURN_IF_ERROR(PutLedger());
    ROLLCALL_RETURN_IF_ERROR(PutSecrets());
    ROLLCALL_RETURN_IF_ERROR(Replay());
    ROLLCALL_RETURN_IF_ERROR(PutStore());
    ROLLCALL_RETURN_IF_ERROR(PutArchive());
    ROLLCALL_RETURN_IF_ERROR(PutLives());
    ROLLCALL_RETURN_IF_ERROR(Tell());
    keys_.reset();
    ROLLCALL_RETURN_IF_ERROR(SyncTree(files(), root_));
    ROLLCALL_RETURN_IF_ERROR(files()->Rename(root_, place_.name));
    ROLLCALL_RETURN_IF_ERROR(files()->SyncFolder(""));
    return report_;
  }

 private:
  ArchiveFiles* files() { return place_.above.get(); }
  std::string At(absl::string_view name) const { return JoinPath(root_, name); }
  void Say(absl::string_view what) const {
    if (options_.progress) options_.progress(what);
  }

  absl::Status Prepare() {
    ROLLCALL_ASSIGN_OR_RETURN(backup_, OpenExistingFolder(options_.from));
    ROLLCALL_ASSIGN_OR_RETURN(secrets_, OpenExistingFolder(options_.secrets));
    ROLLCALL_ASSIGN_OR_RETURN(place_, FindPlace(options_.data_dir));
    root_ = place_.unfinished();
    places_ = PlacesIn(place_.unfinished_path(), options_.kek_dir);
    const absl::StatusOr<std::vector<ArchiveEntry>> there = files()->List(place_.name);
    if (!absl::IsNotFound(there.status())) {
      if (!there.ok()) return there.status();
      if (!there->empty()) {
        return absl::FailedPreconditionError(
            absl::StrCat("restore into ", options_.data_dir, ": the folder is in use; it must be empty"));
      }
    }
    const absl::StatusOr<NoteSigner> signer =
        LoadSigner(JoinPath(options_.secrets, "ledger.key"), options_.ledger_name);
    if (absl::IsNotFound(signer.status())) {
      return absl::FailedPreconditionError(absl::StrCat("find ledger.key in ", options_.secrets, ": it is missing"));
    }
    if (!signer.ok()) return signer.status();
    Say("comparing every file with what was signed");
    ROLLCALL_ASSIGN_OR_RETURN(manifest_, VerifyBackup(backup_.get(), *signer));
    if (manifest_.region() != options_.region) {
      return absl::FailedPreconditionError(
          absl::StrCat("restore backup: it is of region ", manifest_.region(), ", and this is ", options_.region));
    }
    report_.backup_id = manifest_.backup_id();
    report_.taken_at = FromWire(manifest_.taken_at()).value_or(absl::InfinitePast());
    ROLLCALL_RETURN_IF_ERROR(RemoveTree(files(), root_));
    return files()->MakeFolders(root_);
  }

  absl::Status PutLedger() {
    const bool survived = !options_.ledger.empty();
    std::unique_ptr<ArchiveFiles> other;
    if (survived) {
      ROLLCALL_ASSIGN_OR_RETURN(other, OpenExistingFolder(options_.ledger));
    }
    ROLLCALL_RETURN_IF_ERROR(CopyLedger(survived ? other.get() : backup_.get(), survived ? "" : kLedgerFolder, files(),
                                        At("ledger"), places_.ledger, clock_)
                                 .status());
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<LedgerFiles> ledger, OpenLedgerFolder(places_.ledger));
    ROLLCALL_ASSIGN_OR_RETURN(ledger_, Ledger::Open(std::move(ledger), clock_));
    ROLLCALL_RETURN_IF_ERROR(CheckContinues(*ledger_, manifest_.ledger_size(), manifest_.ledger_root()));
    ROLLCALL_ASSIGN_OR_RETURN(replay_, ReplayLedger(*ledger_, manifest_.ledger_size()));
    report_.news = replay_.news;
    return absl::OkStatus();
  }

  absl::Status PutSecrets() {
    const DataPlaces secret = PlacesIn(options_.secrets, "");
    ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(At("keys")));
    const absl::Status copied = CopyDatabase(secret.data_keys, files(), At("keys/data_keys.db"), places_.data_keys);
    if (absl::IsNotFound(copied)) {
      return absl::FailedPreconditionError(absl::StrCat("find the data keys: ", copied.message()));
    }
    if (!copied.ok()) return copied;
    for (const char* tree : {"pki", "keys/kek"}) {
      if (!options_.kek_dir.empty() && absl::string_view(tree) != "pki") continue;
      ROLLCALL_RETURN_IF_ERROR(CopyTree(secrets_.get(), tree));
    }
    ROLLCALL_RETURN_IF_ERROR(CopyFile(secrets_.get(), "ledger.key", files(), At("ledger.key")).status());
    keks_ = std::make_unique<FileKekProvider>(places_.keks);
    ROLLCALL_ASSIGN_OR_RETURN(keys_, DataKeyStore::Open({places_.data_keys, places_.key_ring}, keks_.get()));
    return absl::OkStatus();
  }

  absl::Status CopyTree(ArchiveFiles* from, const std::string& tree) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListTree(from, tree));
    for (const std::string& path : paths) {
      ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(At(FolderOf(path))));
      ROLLCALL_RETURN_IF_ERROR(CopyFile(from, path, files(), At(path)).status());
    }
    return absl::OkStatus();
  }

  // Whether a key is there, unlike one that was destroyed or never reached the key store that survived.
  absl::StatusOr<bool> IsLive(const std::string& key_id) {
    if (key_database_ == nullptr) {
      ROLLCALL_ASSIGN_OR_RETURN(key_database_, Connection::Open(places_.data_keys, Connection::Mode::kReadOnly));
    }
    const absl::StatusOr<KeyRow> row = FindKey(key_database_.get(), key_id);
    if (absl::IsNotFound(row.status())) return false;
    if (!row.ok()) return row.status();
    return !row->destroyed_at.has_value();
  }

  // A key store may be older than the ledger: its keys go before any of them opens anything.
  absl::Status Replay() {
    std::vector<std::string> doomed;
    for (const std::string& key : replay_.destroyed_keys) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool live, IsLive(key));
      if (live) doomed.push_back(key);
    }
    for (const auto& [tag, tombstone] : replay_.tombstones) {
      if (tombstone.since_backup) ++report_.tombstones;
      ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> keys, keys_->KeysOf(tombstone.bucket));
      for (const std::string& key : keys) {
        if (replay_.destroyed_keys.count(key) == 0) doomed.push_back(key);
      }
    }
    // Who looks on would keep the log from being truncated.
    key_database_.reset();
    if (!doomed.empty()) ROLLCALL_RETURN_IF_ERROR(keys_->Destroy(doomed, clock_->Now()).status());
    for (const std::string& key : doomed) ROLLCALL_RETURN_IF_ERROR(keys_->VerifyDestroyed(key));
    report_.destroyed_keys = doomed.size();
    return absl::OkStatus();
  }

  absl::Status PutStore() {
    ROLLCALL_RETURN_IF_ERROR(CopyFile(backup_.get(), kStoreName, files(), At("rollcall.db")).status());
    SqliteStoreOptions options;
    options.path = places_.store;
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<SqliteStore> store, SqliteStore::Open(options));
    for (const pb::BackedUpBucket& bucket : manifest_.buckets()) {
      ROLLCALL_ASSIGN_OR_RETURN(const std::string key_id, KeyIdOfObject(backup_.get(), bucket.path()));
      ROLLCALL_ASSIGN_OR_RETURN(const bool live, IsLive(key_id));
      if (!live) {
        ++report_.unreadable_buckets;
        continue;
      }
      ROLLCALL_RETURN_IF_ERROR(PutBucket(bucket, store.get()));
    }
    Say(absl::StrCat(report_.buckets, " buckets with ", report_.records, " records"));
    return absl::OkStatus();
  }

  absl::Status PutBucket(const pb::BackedUpBucket& bucket, SqliteStore* store) {
    const pb::BucketName& name = bucket.bucket();
    ROLLCALL_ASSIGN_OR_RETURN(const BucketRef ref, RefOf(name, policy_.zone));
    ROLLCALL_ASSIGN_OR_RETURN(const uint64_t fence, FenceOf(places_.store, name.tenant()));
    std::vector<BucketRow> rows;
    const auto flush = [&]() -> absl::Status {
      ROLLCALL_ASSIGN_OR_RETURN(const RestoreOutcome outcome, store->RestoreRows(ref, fence, rows));
      report_.records += outcome.restored + outcome.present;
      rows.clear();
      return absl::OkStatus();
    };
    const auto take = [&](absl::string_view record) -> absl::Status {
      ROLLCALL_ASSIGN_OR_RETURN(BucketRow row, DecodeArchivedRow(record, name.tenant()));
      rows.push_back(std::move(row));
      return rows.size() == kMaxBucketRows ? flush() : absl::OkStatus();
    };
    const auto key = [&](absl::string_view key_id) { return keys_->KeyForReading(name, key_id); };
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, backup_->Open(bucket.path()));
    ROLLCALL_ASSIGN_OR_RETURN(const ObjectSummary object, ReadObject(name, key, source.get(), take));
    if (!rows.empty()) ROLLCALL_RETURN_IF_ERROR(flush());
    if (object.manifest.records() != bucket.records()) {
      return absl::DataLossError(absl::StrCat("restore ", bucket.path(), ": it does not have all its records"));
    }
    ++report_.buckets;
    return absl::OkStatus();
  }

  absl::Status PutArchive() {
    const std::string above = absl::StrCat(kArchiveFolder, "/");
    for (const pb::BackedUpFile& file : manifest_.files()) {
      if (file.path().compare(0, above.size(), above) != 0) continue;
      ROLLCALL_ASSIGN_OR_RETURN(const std::string key_id, KeyIdOfObject(backup_.get(), file.path()));
      ROLLCALL_ASSIGN_OR_RETURN(const bool live, IsLive(key_id));
      if (!live) {
        ++report_.unreadable_objects;
        continue;
      }
      ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(At(FolderOf(file.path()))));
      ROLLCALL_RETURN_IF_ERROR(CopyFile(backup_.get(), file.path(), files(), At(file.path())).status());
      ++report_.objects;
    }
    key_database_.reset();
    Say(absl::StrCat(report_.objects, " objects of the archive"));
    return CopyTree(backup_.get(), kNotesFolder);
  }

  absl::Status PutLives() {
    ROLLCALL_RETURN_IF_ERROR(CopyFile(backup_.get(), kLifecycleName, files(), At("lifecycle.db")).status());
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db,
                              Connection::Open(places_.lifecycle, Connection::Mode::kReadWrite));
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db.get()));
    for (const auto& [tag, tombstone] : replay_.tombstones) {
      if (!tombstone.certified) continue;
      Statement mark = db->Prepare(
          "UPDATE bucket SET state = ?, open_step = NULL, records = 0, bytes = 0 WHERE service = ? AND category = ?"
          " AND day = ? AND tenant_id = (SELECT tenant_id FROM tenant WHERE name = ?)");
      mark.Int(pb::BUCKET_PURGED).Text(tombstone.bucket.hosting_service()).Int(tombstone.bucket.category());
      mark.Text(tombstone.bucket.collected_day()).Text(tombstone.bucket.tenant());
      ROLLCALL_RETURN_IF_ERROR(mark.Run());
    }
    // Holds and requests since the backup are not known here: a person looks before anything is deleted.
    ROLLCALL_RETURN_IF_ERROR(db->Execute("UPDATE dry_run SET acknowledged_by = NULL, acknowledged_at = NULL"));
    return transaction.Commit();
  }

  absl::Status Tell() {
    pb::LedgerEntry entry;
    *entry.mutable_at() = ToWire(clock_->Now());
    entry.set_actor("restore");
    entry.mutable_backup_restored()->set_backup_id(manifest_.backup_id());
    *entry.mutable_backup_restored()->mutable_taken_at() = manifest_.taken_at();
    entry.mutable_backup_restored()->set_tombstones_replayed(report_.tombstones);
    ROLLCALL_RETURN_IF_ERROR(ledger_->Append(std::move(entry)).status());
    ledger_.reset();
    return absl::OkStatus();
  }

  const RestoreOptions& options_;
  const RetentionPolicy& policy_;
  const Clock* const clock_;
  FolderPlace place_;
  // Of what is not finished, below place_.above; and where its parts are.
  std::string root_;
  DataPlaces places_;
  std::unique_ptr<ArchiveFiles> backup_;
  std::unique_ptr<ArchiveFiles> secrets_;
  pb::BackupManifest manifest_;
  std::unique_ptr<Ledger> ledger_;
  LedgerReplay replay_;
  std::unique_ptr<FileKekProvider> keks_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<Connection> key_database_;
  RestoreReport report_;
};

}  // namespace

absl::StatusOr<RestoreReport> RestoreBackup(const RestoreOptions& options, const RetentionPolicy& policy,
                                            const Clock* clock) {
  return BackupRestorer(options, policy, clock).Run();
}

}  // namespace rollcall
