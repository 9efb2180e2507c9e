// A retention engine with everything it works on, in a temporary folder, for tests.
#ifndef ROLLCALL_BACKEND_ENGINE_TESTING_ENGINE_WORLD_H_
#define ROLLCALL_BACKEND_ENGINE_TESTING_ENGINE_WORLD_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend/archive/directory_archive.h"
#include "backend/engine/retention_engine.h"
#include "backend/engine/testing/faults.h"
#include "backend/keys/data_key_store.h"
#include "backend/ledger/ledger.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "backend/lifecycle/lifecycle_store.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {

inline constexpr char kTenant[] = "acme";
inline constexpr char kService[] = "cvm:1";

// Remembers what was logged.
class NotingLogger : public Logger {
 public:
  void Log(LogLevel level, absl::string_view event, absl::string_view message,
           absl::Span<const LogField> fields) override;
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// A place in memory, if the host has one: a test waits for hundreds of syncs, and tells nothing about them.
std::string WhereSyncsAreCheap();

// Tenant `acme` in eu-frankfurt with the service cvm:1, whose agent is agent-1. It is noon of 2024-02-01.
class EngineWorld {
 public:
  struct Options {
    std::string policy = ROLLCALL_DEFAULT_POLICY;
    // Where the folder is made.
    std::string folder = WhereSyncsAreCheap();
    // In the folder, instead of in memory.
    bool ledger_in_folder = false;
    // Certificates count the backups that notes in the folder tell of.
    bool has_backups = false;
  };
  EngineWorld() : EngineWorld(Options()) {}
  explicit EngineWorld(const Options& options);
  ~EngineWorld();
  EngineWorld(const EngineWorld&) = delete;
  EngineWorld& operator=(const EngineWorld&) = delete;

  // Everything again from the files, as after a crash.
  absl::Status Open();
  void Close();
  // The tenant, its service and agents; idempotent, so that it may be repeated after a crash.
  absl::Status Enrol();
  // Another tenant with such a service and agents, but without a key: its data cannot be archived. What is found from
  // now on is its own.
  absl::Status EnrolWithoutKey(const std::string& tenant);
  // Whose what is found is, and whose service ends.
  void set_acting(const std::string& tenant) { acting_ = tenant; }

  // To noon of a day.
  void GoTo(absl::CivilDay day);
  // A tick, with what failed as test failures.
  TickReport Tick();
  // Ticks until there is nothing to do; the sum of what was done. What fails is left to be seen in `failed`.
  TickReport Settle();
  // A person acknowledges what would be deleted on a day.
  absl::Status AcknowledgeDryRun(absl::CivilDay day);

  // The tenant's end, return and orders, as of now.
  absl::Status End(const std::string& id);
  absl::Status Return(const std::string& id);
  absl::Status Hold(const std::string& id);
  absl::Status Release(const std::string& id);
  absl::Status RequestDeletion(const std::string& id, const pb::Selector& selector);

  // Accounts that the agent found on a day, in a run that did not look everywhere: they stay of that day.
  absl::Status Found(const std::vector<std::string>& accounts, absl::CivilDay day, const std::string& agent = "agent-1",
                     const std::string& collector = "accounts");
  // The same in a run that found all there is.
  absl::Status FoundAll(const std::vector<std::string>& accounts, absl::CivilDay day,
                        const std::string& agent = "agent-1");
  // The first of two parts of a run; the last does not come.
  absl::Status FoundHalf(const std::vector<std::string>& accounts, absl::CivilDay day);

  // What the stores and the archive have of a day, by name: `bob`, or `bob ended`; sorted.
  std::vector<std::string> InStores(absl::CivilDay day);
  std::vector<std::string> InArchive(absl::CivilDay day);
  pb::BucketState StateOf(absl::CivilDay day);
  BucketRef Ref(absl::CivilDay day) const;
  pb::BucketName Name(absl::CivilDay day) const;
  std::vector<pb::LedgerEntry> Entries() const;
  // Statements by collected day.
  std::multimap<std::string, pb::DeletionStatement> Certificates() const;
  // Buckets with their state, and where each row of them is, one line each.
  std::string Picture();
  // How many times `mark` is in a file of the folder.
  size_t CountMarks(const std::string& mark) const;

  TenantLifecycle tenant() { return *lifecycle_->Tenant(acting_); }
  LifecycleStore* lifecycle() { return lifecycle_.get(); }
  SqliteStore* store() { return store_.get(); }
  Archive* archive() { return archive_.get(); }
  DataKeyStore* keys() { return keys_.get(); }
  Ledger* ledger() { return ledger_.get(); }
  RetentionEngine* engine() { return engine_.get(); }
  FakeClock* clock() { return &clock_; }
  LedgerDisk* ledger_disk() { return &ledger_disk_; }
  FaultPlan* faults() { return &faults_; }
  NotingLogger* logger() { return &logger_; }
  const RetentionPolicy& policy() const { return *policy_; }
  const std::string& folder() const { return folder_; }
  // Of the next ticks.
  void set_synchronised(bool synchronised) { synchronised_ = synchronised; }
  void set_max_steps(size_t max_steps) { max_steps_ = max_steps; }
  // What agents find is received now, whatever day it is of; else at noon of its day.
  void set_receives_now(bool receives_now) { receives_now_ = receives_now; }
  // Done once, before the engine reads the clock the n-th time from now on: what happens while it works.
  void AtReading(int n, std::function<void()> what) {
    readings_left_ = n;
    at_reading_ = std::move(what);
  }
  ClockReading Reading() const;

 private:
  absl::Status Apply(const std::vector<std::string>& accounts, absl::CivilDay day, const std::string& agent,
                     const std::string& collector, pb::BatchMode mode, bool half);

  const Options options_;
  std::string folder_;
  FakeClock clock_;
  const RetentionPolicy* policy_;
  NotingLogger logger_;
  LedgerDisk ledger_disk_;
  FaultPlan faults_;
  bool synchronised_ = true;
  size_t max_steps_ = 5000;
  std::string acting_ = kTenant;
  bool receives_now_ = false;
  int readings_left_ = 0;
  std::function<void()> at_reading_;
  uint64_t generation_ = 0;

  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LifecycleStore> lifecycle_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<FileKekProvider> keks_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<DirectoryArchive> archive_;
  std::unique_ptr<BackupNotes> backups_;
  std::unique_ptr<FaultyBucketStore> faulty_store_;
  std::unique_ptr<FaultyArchive> faulty_archive_;
  std::unique_ptr<RetentionEngine> engine_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_TESTING_ENGINE_WORLD_H_
