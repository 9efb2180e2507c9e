// The parts of a backup that are not its objects: databases, ledger, signature.
#ifndef ROLLCALL_BACKEND_BACKUP_BACKUP_PARTS_H_
#define ROLLCALL_BACKEND_BACKUP_BACKUP_PARTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/backup/backup_files.h"
#include "backend/ledger/ledger.h"
#include "backend/ledger/note_signer.h"

namespace rollcall {

inline constexpr char kManifestName[] = "manifest.pb";
inline constexpr char kSignatureName[] = "manifest.note";
inline constexpr char kStoreName[] = "store.db";
inline constexpr char kLifecycleName[] = "lifecycle.db";
inline constexpr char kLedgerFolder[] = "ledger";
inline constexpr char kArchiveFolder[] = "archive";
inline constexpr char kBucketFolder[] = "buckets";
inline constexpr char kNotesFolder[] = "backups";
inline constexpr uint32_t kBackupFormat = 1;

// Copies a SQLite database that others may be writing, as it is at one instant, to a new file of mode 0600, and syncs
// that. `to` is its path, which `to_files` knows as `to_name`.
absl::Status CopyDatabase(const std::string& from, ArchiveFiles* to_files, const std::string& to_name,
                          const std::string& to);

// Copies a ledger that another process may be appending to, without what is half written, opens the copy, and gives
// its state: every entry of it was read and hashed. `to_path` is the path of `to_folder`, which is made.
// DataLoss if the ledger is damaged; Unavailable if its end never was whole.
absl::StatusOr<TreeHead> CopyLedger(ArchiveFiles* from, const std::string& from_folder, ArchiveFiles* to,
                                    const std::string& to_folder, const std::string& to_path, const Clock* clock);

// The text that stands for a manifest, signed.
absl::StatusOr<std::string> SignManifest(const std::string& backup_id, const std::string& manifest,
                                         const NoteSigner& signer);

// Reads the manifest of a backup, and compares it and every file it names with what was signed: DataLoss if a byte is
// another, or a file is missing; FailedPrecondition if it was signed with another key or is of a newer format.
absl::StatusOr<pb::BackupManifest> VerifyBackup(ArchiveFiles* backup, const NoteSigner& signer);

// A ledger's key that must be there, of that name.
absl::StatusOr<NoteSigner> LoadSigner(const std::string& path, const std::string& name);

// Id of the data key an object of an archive or a backup is sealed with. DataLoss if it is none.
absl::StatusOr<std::string> KeyIdOfObject(ArchiveFiles* files, const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_BACKUP_PARTS_H_
