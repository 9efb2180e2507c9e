// What a data folder remembers of the backups made of it, so that a certificate can count those that held a bucket.
#ifndef ROLLCALL_BACKEND_BACKUP_BACKUP_NOTES_H_
#define ROLLCALL_BACKEND_BACKUP_BACKUP_NOTES_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rollcall/v1/backup.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Backups with something sealed by some keys.
struct BackupsHolding {
  uint64_t backups = 0;
  // When the last of them expires.
  std::optional<absl::Time> last_expiry;
};

// Thread-safe: keeps nothing in memory.
class BackupNotes {
 public:
  // `folder` is made when the first note is added.
  explicit BackupNotes(std::string folder) : folder_(std::move(folder)) {}

  // Adds a note, durably. To be done before the backup has its name: a note of a backup that never came to be counts
  // one too many, the other way round one would be missing.
  absl::Status Add(const pb::BackupNote& note);
  // Removes what has expired.
  absl::Status Prune(absl::Time now);
  // All notes, by id; none if there is no folder. DataLoss if one cannot be read.
  absl::StatusOr<std::vector<pb::BackupNote>> List() const;
  // Those that have not expired by `now` and hold something sealed by one of the keys.
  absl::StatusOr<BackupsHolding> Holding(const std::vector<std::string>& key_ids, absl::Time now) const;

 private:
  const std::string folder_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_BACKUP_NOTES_H_
