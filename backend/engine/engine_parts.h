// What the retention engine works with.
#ifndef ROLLCALL_BACKEND_ENGINE_ENGINE_PARTS_H_
#define ROLLCALL_BACKEND_ENGINE_ENGINE_PARTS_H_

#include <functional>
#include <string>

#include "backend/archive/archive.h"
#include "backend/backup/backup_notes.h"
#include "backend/keys/data_key_store.h"
#include "backend/lifecycle/lifecycle_store.h"
#include "backend/retention/policy_loader.h"
#include "backend/store/bucket_purge.h"
#include "backend/store/bucket_store.h"
#include "backend/store/store.h"
#include "platform/clock.h"
#include "platform/log.h"

namespace rollcall {

// All outlive the engine.
struct EngineParts {
  LifecycleStore* lifecycle = nullptr;
  BucketStore* store = nullptr;
  // The same store: who its agents are, for requests that name hosts.
  Store* agents = nullptr;
  Archive* archive = nullptr;
  DataKeyStore* keys = nullptr;
  // For pauses, and for when something was verified.
  const Clock* clock = nullptr;
  // How right the clock is; asked at each tick and before each deletion.
  std::function<ClockReading()> reading;
  Logger* logger = nullptr;
  // The backups that were made, for certificates to count; none are made if unset.
  const BackupNotes* backups = nullptr;
};

struct EngineOptions {
  // The one that the lifecycle store was opened with.
  const RetentionPolicy* policy = nullptr;
  // Tenants of other regions are left alone, and reported.
  std::string region;
  // As evidence and certificates name them.
  std::string store_name = "store";
  std::string archive_name = "archive";
  std::string key_store_name = "keys";
  std::string backups_name = "backups";
  PurgePace pace;
  // False: buckets are counted and noted, and left as they are.
  bool enforce = true;
  // Most steps of one tick, done or failed, so that what changed meanwhile is noticed; half as many may be deletions in
  // addition, where other steps used them up. The rest is for the next one. Tenants take turns.
  size_t max_steps = 5000;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_ENGINE_PARTS_H_
