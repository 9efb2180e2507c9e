// `rollcall-backend backup` and `restore`: what they were told, and what they say.
#ifndef ROLLCALL_BACKEND_BACKUP_BACKUP_COMMAND_H_
#define ROLLCALL_BACKEND_BACKUP_BACKUP_COMMAND_H_

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "backend/retention/policy_loader.h"
#include "platform/clock.h"

namespace rollcall {

// The backend's settings that backups need.
struct BackupSettings {
  std::string data_dir;
  // As the setting: DATA/keys/kek if empty.
  std::string key_folder;
  std::string region;
  std::string ledger_name;
};

struct BackupCommandOptions {
  std::string to;
  int keep_days = 35;
  int wait_minutes = 30;
};

struct RestoreCommandOptions {
  std::string from;
  std::string secrets;
  std::string ledger;
};

// Makes a backup, says on `progress` what is being done and on `out` what was. Errors of WriteBackup.
absl::Status RunBackup(const BackupSettings& settings, const BackupCommandOptions& options,
                       const RetentionPolicy& policy, const Clock& clock, std::ostream& out, std::ostream& progress);

// Puts one back. Says what stayed away and what has to be entered anew. Errors of RestoreBackup.
absl::Status RunRestore(const BackupSettings& settings, const RestoreCommandOptions& options,
                        const RetentionPolicy& policy, const Clock& clock, std::ostream& out, std::ostream& progress);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_BACKUP_COMMAND_H_
