// Puts a backup back into a data folder, without what was deleted since.
#ifndef ROLLCALL_BACKEND_BACKUP_BACKUP_RESTORER_H_
#define ROLLCALL_BACKEND_BACKUP_BACKUP_RESTORER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/retention/policy_loader.h"
#include "platform/clock.h"

namespace rollcall {

struct RestoreOptions {
  // The backup.
  std::string from;
  // The data folder to make: nothing, or an empty folder.
  std::string data_dir;
  // What no backup has: a folder with `keys/data_keys.db`, `keys/kek/` and `ledger.key`, and `pki/` if it is to be
  // put back, as a data folder has them.
  std::string secrets;
  // Where the key encryption keys are, and stay; `keys/kek` of the secrets, copied, if empty.
  std::string kek_dir;
  // A ledger that survived and is newer than the backup's. The backup's own if empty.
  std::string ledger;
  std::string region;
  std::string ledger_name;
  std::function<void(absl::string_view)> progress;
};

struct RestoreReport {
  std::string backup_id;
  absl::Time taken_at;
  uint64_t buckets = 0;
  uint64_t records = 0;
  uint64_t objects = 0;
  // Buckets of the stores and objects of the archive that stay unreadable, since their keys are gone.
  uint64_t unreadable_buckets = 0;
  uint64_t unreadable_objects = 0;
  // Buckets whose deletion the ledger has since the backup.
  uint64_t tombstones = 0;
  // Keys that were there and are destroyed, as the ledger says they are.
  uint64_t destroyed_keys = 0;
  // What became known since the backup and has to be entered anew, one line each.
  std::vector<std::string> news;
};

// Makes the folder beside its place and gives it its name when all is in it. The ledger's deletions are replayed first:
// buckets whose deletion began are left out, and keys it says are destroyed are destroyed here as well. Nothing is
// purged until a person has acknowledged a dry run anew. A crash or an error leaves at most `DATA.unfinished`, which
// the next restore to there removes.
//   FailedPrecondition  the data folder is not empty, the backup is of another region or key, the ledger given does not
//                       continue the backup's, or the secrets are not complete
//   DataLoss            the backup, or an object of it, is damaged
absl::StatusOr<RestoreReport> RestoreBackup(const RestoreOptions& options, const RetentionPolicy& policy,
                                            const Clock* clock);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_BACKUP_RESTORER_H_
