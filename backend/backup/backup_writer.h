// Makes a backup of a data folder while the backend uses it.
//
// What records say is in it only as objects that are sealed with their bucket's data key, and no key is in it: when
// a bucket's key is destroyed, the backup's copy of it is unreadable from then on. docs/backup_format.md.
#ifndef ROLLCALL_BACKEND_BACKUP_BACKUP_WRITER_H_
#define ROLLCALL_BACKEND_BACKUP_BACKUP_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/backup/data_places.h"
#include "backend/retention/policy_loader.h"
#include "platform/clock.h"

namespace rollcall {

struct BackupOptions {
  DataPlaces from;
  // The folder to make. Nothing of that name may be there.
  std::string to;
  std::string region;
  // Name of the ledger's key.
  std::string ledger_name;
  // How long whoever has the backup may keep it; certificates say so.
  absl::Duration keep = absl::Hours(24 * 35);
  // How long a tick of the retention engine is waited for.
  absl::Duration wait = absl::Minutes(30);
  // Told what is being done; nobody if empty.
  std::function<void(absl::string_view)> progress;
};

struct BackupReport {
  std::string backup_id;
  // Of the stores.
  uint64_t buckets = 0;
  uint64_t records = 0;
  // Buckets that were purged, whose rows came late: the engine deletes them.
  uint64_t purged_buckets = 0;
  // Of the archive.
  uint64_t objects = 0;
  uint64_t ledger_entries = 0;
  // Of all files.
  uint64_t bytes = 0;
};

// Makes the backup under a name of its own beside `to`, and gives it its name when all of it is on the disk. The
// retention engine waits meanwhile; agents and readers do not. A crash or an error leaves at most
// `TO.unfinished`, which the next backup to there removes, and a note of a backup that never was.
//   AlreadyExists       there is something at `to`
//   FailedPrecondition  the data folder was never served, a tenant is of another region or has no key
//   Unavailable         the engine did not pause in time
//   DataLoss            an object of the archive, or the ledger, is damaged
absl::StatusOr<BackupReport> WriteBackup(const BackupOptions& options, const RetentionPolicy& policy,
                                         const Clock* clock);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_BACKUP_WRITER_H_
