// A world with retention whose data folder is backed up and restored, for tests.
#ifndef ROLLCALL_BACKEND_BACKUP_TESTING_BACKED_UP_WORLD_H_
#define ROLLCALL_BACKEND_BACKUP_TESTING_BACKED_UP_WORLD_H_

#include <string>
#include <vector>

#include "backend/backup/backup_restorer.h"
#include "backend/backup/backup_writer.h"
#include "backend/engine/testing/engine_world.h"

namespace rollcall {

inline constexpr char kLedgerName[] = "test/ledger";

// Rows of a store, each as text with its bucket and every byte of it; sorted.
std::vector<std::string> RowsOf(SqliteStore* store, absl::TimeZone zone);
// Rows of a store that is not open.
std::vector<std::string> RowsIn(const std::string& database, absl::TimeZone zone);
// Files below a folder, relative, sorted.
std::vector<std::string> FilesBelow(const std::string& folder);
// How many files below a folder have `mark` in them.
size_t FilesWith(const std::string& folder, const std::string& mark);
std::string ReadBytes(const std::string& path);
void WriteBytes(const std::string& path, const std::string& bytes);

class BackedUpWorld {
 public:
  BackedUpWorld();

  EngineWorld* operator->() { return &world_; }
  std::string Path(const std::string& name) const { return world_.folder() + "/" + name; }
  // As the world has its files, which is not as a data folder has them.
  DataPlaces Places() const;
  BackupOptions To(const std::string& name) const;
  RestoreOptions From(const std::string& backup, const std::string& data) const;
  absl::StatusOr<BackupReport> Backup(const std::string& name);
  absl::StatusOr<RestoreReport> Restore(const std::string& backup, const std::string& data);
  absl::StatusOr<RestoreReport> Restore(const RestoreOptions& options);
  // A copy of the secrets as they are now, in a folder of that name.
  void CopySecrets(const std::string& name);

 private:
  EngineWorld world_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_TESTING_BACKED_UP_WORLD_H_
