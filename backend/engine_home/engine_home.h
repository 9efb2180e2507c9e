// Retention of a backend, running: data keys and archive in the data folder, and the engine's thread.
//
//   DATA/keys/data_keys.db  data keys, wrapped
//   DATA/keys/ring/         their backups, a day at most
//   DATA/keys/kek/          what wraps them, unless another folder is given
//   DATA/archive/           the temporary archive
//   DATA/backups/           notes of the backups that were made
//   DATA/engine.lock        held during a tick, or while a backup is made
#ifndef ROLLCALL_BACKEND_ENGINE_HOME_ENGINE_HOME_H_
#define ROLLCALL_BACKEND_ENGINE_HOME_ENGINE_HOME_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backend/archive/archive.h"
#include "backend/backup/backup_notes.h"
#include "backend/engine_home/engine_loop.h"
#include "backend/keys/data_key_store.h"
#include "backend/keys/kek_provider.h"
#include "backend/ledger/ledger.h"

namespace rollcall {

struct EngineHomeOptions {
  // Must exist.
  std::string data_dir;
  // Folder of the key encryption keys; DATA/keys/kek if empty.
  std::string kek_dir;
  std::string region;
  // Outlives the home.
  const RetentionPolicy* policy = nullptr;
  absl::Duration interval = absl::Minutes(15);
  // False: buckets are counted and audited, and left as they are.
  bool enforce = false;
  // How deletions give way to others.
  PurgePace pace;
};

// What it works on; all of it outlives the home.
struct EngineHomeParts {
  LifecycleStore* lifecycle = nullptr;
  const Ledger* ledger = nullptr;
  BucketStore* store = nullptr;
  Store* agents = nullptr;
  const Clock* clock = nullptr;
  std::function<ClockReading()> reading;
  Logger* logger = nullptr;
  RetentionObserver* observer = nullptr;
  // Called after each tick that counted.
  std::function<void(absl::Time)> on_counted;
};

class EngineHome {
 public:
  // Opens what is there and makes what is missing, a key for each tenant among it. FailedPrecondition if another
  // process has the archive; else errors of keys and archive.
  static absl::StatusOr<std::unique_ptr<EngineHome>> Open(const EngineHomeOptions& options,
                                                          const EngineHomeParts& parts);

  // Enforces from now on, until the home is destroyed.
  void Start() { loop_->Start(); }

 private:
  EngineHome() = default;

  std::unique_ptr<FileKekProvider> keks_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<Archive> archive_;
  std::unique_ptr<BackupNotes> backups_;
  // Last, so that it ends before what it works on.
  std::unique_ptr<EngineLoop> loop_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_HOME_ENGINE_HOME_H_
