// A backend as far as retention goes: the real engine on the real stores, in a temporary folder, with a clock that is
// moved by hand, and with things that break when it is their turn.
#ifndef ROLLCALL_TESTS_SIMULATOR_BACKEND_H_
#define ROLLCALL_TESTS_SIMULATOR_BACKEND_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/archive/directory_archive.h"
#include "backend/engine/retention_engine.h"
#include "backend/engine/testing/faults.h"
#include "backend/keys/data_key_store.h"
#include "backend/keys/testing/crashing_vfs.h"
#include "backend/ledger/ledger.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "backend/lifecycle/lifecycle_store.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/testing/fake_clock.h"
#include "tests/simulator/bugs.h"
#include "tests/simulator/history.h"
#include "tests/simulator/settings_store.h"

namespace rollcall::simulator {

struct BucketId {
  DataKind kind = DataKind::kAssets;
  std::string service;
  Day day = 0;
  friend auto operator<=>(const BucketId&, const BucketId&) = default;
};
std::string TextOf(const BucketId& bucket);
// Of a ledger entry. False for what is no bucket of the tenant.
bool BucketOf(const pb::BucketName& name, BucketId* bucket);

// What is there of a record.
struct Place {
  std::set<BucketId> in_stores;
  std::set<BucketId> in_archive;

  bool Anywhere() const { return !in_stores.empty() || !in_archive.empty(); }
};

// Stores and archive at one time.
struct Sight {
  std::map<std::string, Place> records;
  // Of which the archive has any file, readable or not.
  std::set<BucketId> archived;
};

struct Broken {
  uint64_t crashes = 0;
  uint64_t refusals = 0;
  uint64_t power_losses = 0;
};

// A value that says what one settling did.
struct Settled {
  // All that was wanted was done, and nothing broke at last.
  bool able = false;
  TickReport sum;
};

// One at a time: its disks are SQLite's while it lives. One thread.
class SimulatedBackend {
 public:
  struct Options {
    Bug bug = Bug::kNone;
    uint64_t seed = 1;
    // Chance that the process is gone at a call of the engine to store or archive.
    double crash_percent = 2;
    Second start = 0;
  };
  static absl::StatusOr<std::unique_ptr<SimulatedBackend>> Make(const Options& options);
  ~SimulatedBackend();
  SimulatedBackend(const SimulatedBackend&) = delete;
  SimulatedBackend& operator=(const SimulatedBackend&) = delete;

  Second now() const;
  // Never back.
  void GoTo(Second time);

  absl::Status Find(const Incident& incident);
  // What people do; the two halves of a hold are two persons'.
  absl::Status Tell(const Incident& incident);
  absl::Status DecommissionHost(const std::string& id, const std::string& agent);
  void Garble(int64_t files) { garbled_files_ += files; }
  absl::Status TakeCopy();
  // False if there is none.
  absl::StatusOr<bool> BringCopyBack();
  // One tick with the clock off by so many days, or not synchronised.
  absl::Status TickWithClock(int64_t days_ahead, bool synchronised);
  // Ticks until nothing is left to do. Calls fail, and the process goes, by chance; it comes back at once.
  absl::StatusOr<Settled> Settle();
  // Another process that has not heard of what the tenant did last tries to delete what it sees.
  absl::Status LetAStaleEngineTry();

  // In the archive only where something may have changed, unless `everywhere`; every tenth time it is everywhere.
  absl::StatusOr<Sight> Look(bool everywhere = false);
  // Those that came since this was asked last.
  absl::StatusOr<std::vector<pb::LedgerEntry>> NewEntries();
  // Whether a certificate is proven, by code that shares none with the ledger.
  absl::Status Verify(const pb::LedgerEntry& certificate);
  absl::StatusOr<size_t> CountKeys(const BucketId& bucket);

  const Broken& broken() const { return broken_; }
  uint64_t ticks() const { return ticks_; }
  uint64_t acknowledged() const { return acknowledged_; }

 private:
  class OffsetClock;
  struct CachedObject {
    std::string key_id;
    std::vector<std::string> names;
  };

  struct CachedRows {
    // As the store counted when they were read.
    std::string count;
    std::vector<std::string> names;
  };

  explicit SimulatedBackend(const Options& options);
  absl::Status Open();
  absl::Status OpenParts();
  void Close();
  absl::Status Enrol();
  absl::Status Apply(const Incident& incident, bool all);
  absl::Status Order(const Happening& happening, bool moves);
  absl::Status Hold(const Happening& happening);
  bool Forgets(const Happening& happening) const;
  void Break();
  // True if something had broken; then it is mended.
  absl::StatusOr<bool> Mend();
  absl::Status Acknowledge();
  // While nothing is open.
  absl::Status CopyDatabase(const std::string& from, const std::string& to);
  absl::Status ReplaceDatabase(const std::string& copy, const std::string& database);
  ClockReading Reading() const;
  pb::BucketName NameOf(const BucketId& bucket) const;
  absl::Status LookIntoStores(Sight* sight, std::set<BucketId>* in_stores);
  absl::StatusOr<std::vector<std::string>> NamesIn(const BucketKey& bucket);
  absl::Status LookIntoArchive(const BucketId& bucket, Sight* sight);

  const Options options_;
  Dice dice_;
  std::string folder_;
  FakeClock clock_;
  std::unique_ptr<OffsetClock> offset_clock_;
  bool synchronised_ = true;
  std::optional<RetentionPolicy> policy_;
  const std::unique_ptr<Logger> logger_;
  std::optional<CrashingVfs> vfs_;
  LedgerDisk ledger_disk_;
  FaultPlan faults_;
  bool lose_power_ = false;
  uint64_t ledger_breaks_at_ = 0;
  int64_t garbled_files_ = 0;
  uint64_t generation_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t ticks_ = 0;
  uint64_t seen_entries_ = 0;
  bool has_copy_ = false;
  uint64_t epoch_before_ = 0;
  Broken broken_;
  // Every bucket there can be anything of.
  std::set<BucketId> buckets_;
  std::map<std::string, CachedObject> objects_;
  std::map<BucketId, CachedRows> rows_;
  // At the last look, or since.
  std::set<BucketId> was_in_stores_;
  std::set<BucketId> in_archive_;
  uint64_t looks_ = 0;

  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LifecycleStore> lifecycle_;
  std::unique_ptr<SqliteStore> sqlite_;
  std::unique_ptr<FileKekProvider> keks_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<DirectoryArchive> archive_;
  std::unique_ptr<SettingsStore> store_;
  // Unset without a bug of that sort.
  std::unique_ptr<BucketStore> bugged_store_;
  std::unique_ptr<Archive> bugged_archive_;
  std::unique_ptr<FaultyBucketStore> faulty_store_;
  std::unique_ptr<FaultyArchive> faulty_archive_;
  std::unique_ptr<RetentionEngine> engine_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_BACKEND_H_
