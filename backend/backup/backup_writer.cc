#include "backend/backup/backup_writer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "backend/archive/archive_path.h"
#include "backend/archive/object_codec.h"
#include "backend/backup/backup_files.h"
#include "backend/backup/backup_notes.h"
#include "backend/backup/backup_parts.h"
#include "backend/backup/store_snapshot.h"
#include "backend/engine/archived_row.h"
#include "backend/engine_home/turn_lock.h"
#include "backend/keys/data_key_store.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr absl::Duration kTurnPause = absl::Milliseconds(200);
constexpr size_t kIdBytes = 16;
// Buckets between two words about them.
constexpr uint64_t kBucketsPerWord = 100;

// Regions by tenant, as the lifecycle database knows them.
absl::StatusOr<std::map<std::string, std::string>> ReadRegions(const std::string& lifecycle) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db,
                            Connection::Open(lifecycle, Connection::Mode::kReadOnly));
  std::map<std::string, std::string> regions;
  Statement rows = db->Prepare("SELECT name, region FROM tenant");
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return regions;
    regions.emplace(rows.ColumnText(0), rows.ColumnText(1));
  }
}

class BackupWriter {
 public:
  BackupWriter(const BackupOptions& options, const RetentionPolicy& policy, const Clock* clock)
      : options_(options), policy_(policy), clock_(clock), keks_(options.from.keks) {}

  absl::StatusOr<BackupReport> Run() {
    ROLLCALL_RETURN_IF_ERROR(Prepare());
    ROLLCALL_RETURN_IF_ERROR(CopyStore());
    ROLLCALL_RETURN_IF_ERROR(CopyArchive());
    // From the ring whoever lost the key store has the keys of this backup, too.
    ROLLCALL_RETURN_IF_ERROR(keys_->Backup(clock_->Now()));
    ROLLCALL_RETURN_IF_ERROR(CopyLives());
    ROLLCALL_RETURN_IF_ERROR(CopyNotes());
    ROLLCALL_RETURN_IF_ERROR(WriteManifest());
    ROLLCALL_RETURN_IF_ERROR(SyncTree(files(), root_));
    ROLLCALL_RETURN_IF_ERROR(files()->Rename(root_, place_.name));
    ROLLCALL_RETURN_IF_ERROR(files()->SyncFolder(""));
    for (const pb::BackedUpFile& file : manifest_.files()) report_.bytes += file.bytes();
    return report_;
  }

 private:
  ArchiveFiles* files() { return place_.above.get(); }
  std::string At(absl::string_view name) const { return JoinPath(root_, name); }
  std::string PathAt(absl::string_view name) const { return JoinPath(place_.unfinished_path(), name); }
  void Say(absl::string_view what) const {
    if (options_.progress) options_.progress(what);
  }

  // A file of the backup, by its path in there.
  pb::BackedUpFile* Add(pb::BackedUpFile file, absl::string_view path) {
    file.set_path(std::string(path));
    *manifest_.add_files() = std::move(file);
    return manifest_.mutable_files(manifest_.files_size() - 1);
  }
  absl::Status AddWritten(const std::string& path) {
    ROLLCALL_ASSIGN_OR_RETURN(pb::BackedUpFile file, DescribeFile(files(), At(path)));
    Add(std::move(file), path);
    return absl::OkStatus();
  }

  absl::Status Prepare() {
    ROLLCALL_ASSIGN_OR_RETURN(place_, FindPlace(options_.to));
    root_ = place_.unfinished();
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<ArchiveEntry> entries, files()->List(""));
    for (const ArchiveEntry& entry : entries) {
      if (entry.name == place_.name) {
        return absl::AlreadyExistsError(absl::StrCat("make backup ", options_.to, ": there is something"));
      }
    }
    absl::StatusOr<NoteSigner> signer = LoadSigner(options_.from.ledger_key, options_.ledger_name);
    if (absl::IsNotFound(signer.status())) {
      return absl::FailedPreconditionError(
          absl::StrCat("find ", options_.from.ledger_key, ": it is missing; was this folder ever served?"));
    }
    if (!signer.ok()) return signer.status();
    signer_.emplace(*std::move(signer));
    ROLLCALL_RETURN_IF_ERROR(WaitForTurn());
    ROLLCALL_RETURN_IF_ERROR(RemoveTree(files(), root_));
    ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(root_));
    ROLLCALL_ASSIGN_OR_RETURN(keys_, DataKeyStore::Open({options_.from.data_keys, options_.from.key_ring}, &keks_));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string id, RandomBytes(kIdBytes));
    manifest_.set_format(kBackupFormat);
    manifest_.set_backup_id(absl::BytesToHexString(id));
    manifest_.set_region(options_.region);
    const absl::Time now = clock_->Now();
    *manifest_.mutable_taken_at() = ToWire(now);
    *manifest_.mutable_expires_at() = ToWire(now + options_.keep);
    report_.backup_id = manifest_.backup_id();
    return absl::OkStatus();
  }

  absl::Status WaitForTurn() {
    const absl::Duration end = clock_->Monotonic() + options_.wait;
    bool said = false;
    while (true) {
      absl::StatusOr<ScopedFd> turn = TakeTurn(options_.from.turn);
      if (turn.ok()) {
        turn_ = *std::move(turn);
        return absl::OkStatus();
      }
      if (!absl::IsUnavailable(turn.status()) || clock_->Monotonic() >= end) return turn.status();
      if (!said) Say("waiting for the retention engine, or another backup");
      said = true;
      clock_->WaitFor(kTurnPause, StopToken());
    }
  }

  absl::Status CopyStore() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<StoreSnapshot> store, StoreSnapshot::Open(options_.from.store));
    ROLLCALL_RETURN_IF_ERROR(WriteNewFile(files(), At(kStoreName), "").status());
    ROLLCALL_RETURN_IF_ERROR(store->WriteSkeleton(PathAt(kStoreName)));
    ROLLCALL_RETURN_IF_ERROR(SyncFileAt(PathAt(kStoreName)));
    ROLLCALL_RETURN_IF_ERROR(AddWritten(kStoreName));
    ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(At(kBucketFolder)));
    ROLLCALL_ASSIGN_OR_RETURN(const auto regions, ReadRegions(options_.from.lifecycle));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, store->Tenants());
    for (const std::string& tenant : tenants) {
      const auto region = regions.find(tenant);
      ROLLCALL_RETURN_IF_ERROR(
          CopyTenant(store.get(), tenant, region == regions.end() ? options_.region : region->second));
    }
    return absl::OkStatus();
  }

  absl::Status CopyTenant(StoreSnapshot* store, const std::string& tenant, const std::string& region) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<BucketSummary> buckets, store->Buckets(tenant, policy_.zone));
    Say(absl::StrCat("tenant ", tenant, ": ", buckets.size(), " buckets"));
    if (buckets.empty()) return absl::OkStatus();
    if (region != options_.region) {
      return absl::FailedPreconditionError(
          absl::StrCat("back up tenant ", tenant, ": it is of region ", region, ", and this is ", options_.region));
    }
    ROLLCALL_ASSIGN_OR_RETURN(const bool has_key, keks_.Has({tenant, region}));
    if (!has_key) {
      return absl::FailedPreconditionError(
          absl::StrCat("back up tenant ", tenant,
                       ": its key is missing; a start of the backend makes it, unless its folder is not mounted"));
    }
    for (const BucketSummary& bucket : buckets) {
      pb::BucketName name;
      name.set_tenant(tenant);
      name.set_region(region);
      name.set_hosting_service(bucket.key.hosting_service);
      name.set_category(bucket.key.category);
      name.set_collected_day(DayText(bucket.key.collected_day));
      ROLLCALL_RETURN_IF_ERROR(CopyBucket(store, name, {tenant, bucket.key, policy_.zone}));
    }
    return absl::OkStatus();
  }

  absl::Status CopyBucket(StoreSnapshot* store, const pb::BucketName& name, const BucketRef& ref) {
    const absl::StatusOr<DataKey> key = keys_->KeyForWriting(name, clock_->Now());
    if (absl::IsFailedPrecondition(key.status())) {
      ++report_.purged_buckets;
      return absl::OkStatus();
    }
    if (!key.ok()) return key.status();
    pb::ArchiveManifest about;
    *about.mutable_bucket() = name;
    about.mutable_policy()->set_id(policy_.data.id());
    about.mutable_policy()->set_version(policy_.data.version());
    about.mutable_policy()->set_hash(absl::HexStringToBytes(policy_.hash));
    about.set_schema(kArchivedRowSchema);
    const std::string path = absl::StrFormat("%s/%08d%s", kBucketFolder, report_.buckets, kObjectSuffix);
    const std::unique_ptr<RowStream> rows = store->Rows(ref);
    RowRecords records(rows.get());
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<NewArchiveFile> file, files()->Create(At(path)));
    ROLLCALL_ASSIGN_OR_RETURN(const ObjectSummary object, WriteObject(about, *key, &records, file.get()));
    ROLLCALL_RETURN_IF_ERROR(file->Sync());
    pb::BackedUpFile described;
    described.set_bytes(object.bytes);
    described.set_sha256(absl::HexStringToBytes(object.sha256));
    described.set_key_id(object.key_id);
    Add(std::move(described), path);
    pb::BackedUpBucket* bucket = manifest_.add_buckets();
    *bucket->mutable_bucket() = name;
    bucket->set_path(path);
    bucket->set_records(records.records());
    report_.records += records.records();
    if (++report_.buckets % kBucketsPerWord == 0) {
      Say(absl::StrCat(report_.buckets, " buckets with ", report_.records, " records"));
    }
    return absl::OkStatus();
  }

  absl::Status CopyArchive() {
    const absl::StatusOr<std::unique_ptr<ArchiveFiles>> archive = OpenExistingFolder(options_.from.archive);
    if (absl::IsNotFound(archive.status())) return absl::OkStatus();
    if (!archive.ok()) return archive.status();
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListTree(archive->get(), ""));
    for (const std::string& path : paths) {
      const std::string hash = HashOfFileName(path.substr(path.rfind('/') + 1));
      // Uploads that were never finished.
      if (hash.empty()) continue;
      ROLLCALL_RETURN_IF_ERROR(CopyObject(archive->get(), path, hash));
    }
    Say(absl::StrCat(report_.objects, " objects of the archive"));
    return absl::OkStatus();
  }

  absl::Status CopyObject(ArchiveFiles* archive, const std::string& path, const std::string& hash) {
    const std::string to = JoinPath(kArchiveFolder, path);
    ROLLCALL_ASSIGN_OR_RETURN(std::string key_id, KeyIdOfObject(archive, path));
    ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(At(FolderOf(to))));
    ROLLCALL_ASSIGN_OR_RETURN(pb::BackedUpFile copied, CopyFile(archive, path, files(), At(to)));
    if (absl::BytesToHexString(copied.sha256()) != hash) {
      return absl::DataLossError(absl::StrCat("copy object ", path, " of the archive: it is damaged"));
    }
    Add(std::move(copied), to)->set_key_id(std::move(key_id));
    ++report_.objects;
    return absl::OkStatus();
  }

  // The ledger last: it has at least what the lifecycle database relies on.
  absl::Status CopyLives() {
    ROLLCALL_RETURN_IF_ERROR(
        CopyDatabase(options_.from.lifecycle, files(), At(kLifecycleName), PathAt(kLifecycleName)));
    ROLLCALL_RETURN_IF_ERROR(AddWritten(kLifecycleName));
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ArchiveFiles> ledger, OpenExistingFolder(options_.from.ledger));
    ROLLCALL_ASSIGN_OR_RETURN(const TreeHead head,
                              CopyLedger(ledger.get(), "", files(), At(kLedgerFolder), PathAt(kLedgerFolder), clock_));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListTree(files(), At(kLedgerFolder)));
    for (const std::string& path : paths) ROLLCALL_RETURN_IF_ERROR(AddWritten(path.substr(root_.size() + 1)));
    manifest_.set_ledger_size(head.size);
    manifest_.set_ledger_root(head.root.data(), head.root.size());
    ROLLCALL_ASSIGN_OR_RETURN(*manifest_.mutable_ledger_checkpoint(), SignCheckpoint(head, *signer_));
    report_.ledger_entries = head.size;
    Say(absl::StrCat("ledger of ", head.size, " entries"));
    return absl::OkStatus();
  }

  absl::Status CopyNotes() {
    pb::BackupNote note;
    note.set_backup_id(manifest_.backup_id());
    *note.mutable_taken_at() = manifest_.taken_at();
    *note.mutable_expires_at() = manifest_.expires_at();
    std::vector<std::string> keys;
    for (const pb::BackedUpFile& file : manifest_.files()) {
      if (!file.key_id().empty()) keys.push_back(file.key_id());
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (std::string& key : keys) *note.add_key_ids() = std::move(key);
    BackupNotes notes(options_.from.backups);
    ROLLCALL_RETURN_IF_ERROR(notes.Prune(clock_->Now()));
    ROLLCALL_RETURN_IF_ERROR(notes.Add(note));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<pb::BackupNote> all, notes.List());
    ROLLCALL_RETURN_IF_ERROR(files()->MakeFolders(At(kNotesFolder)));
    for (const pb::BackupNote& one : all) {
      const std::string path = absl::StrCat(kNotesFolder, "/", one.backup_id(), ".note.pb");
      ROLLCALL_ASSIGN_OR_RETURN(pb::BackedUpFile file, WriteNewFile(files(), At(path), one.SerializeAsString()));
      Add(std::move(file), path);
    }
    return absl::OkStatus();
  }

  absl::Status WriteManifest() {
    const std::string bytes = manifest_.SerializeAsString();
    ROLLCALL_ASSIGN_OR_RETURN(const std::string note, SignManifest(manifest_.backup_id(), bytes, *signer_));
    ROLLCALL_RETURN_IF_ERROR(WriteNewFile(files(), At(kManifestName), bytes).status());
    return WriteNewFile(files(), At(kSignatureName), note).status();
  }

  const BackupOptions& options_;
  const RetentionPolicy& policy_;
  const Clock* const clock_;
  FileKekProvider keks_;
  std::optional<NoteSigner> signer_;
  FolderPlace place_;
  // Of what is not finished, below place_.above.
  std::string root_;
  // Until the backup has its name.
  ScopedFd turn_;
  std::unique_ptr<DataKeyStore> keys_;
  pb::BackupManifest manifest_;
  BackupReport report_;
};

}  // namespace

absl::StatusOr<BackupReport> WriteBackup(const BackupOptions& options, const RetentionPolicy& policy,
                                         const Clock* clock) {
  return BackupWriter(options, policy, clock).Run();
}

}  // namespace rollcall
