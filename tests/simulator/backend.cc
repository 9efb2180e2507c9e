#include "tests/simulator/backend.h"

#include <stdlib.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "tests/simulator/backend_names.h"
#include "tests/simulator/garbling_files.h"

namespace rollcall::simulator {
namespace {

namespace fs = std::filesystem;

// Ticks that something breaks in, of one settling: then it is let be, or it would not end.
constexpr int kMostBroken = 12;
// What keeps failing, or being refused after a person has looked, is for the judge to see.
constexpr int kMostFailures = 6;
constexpr int kMostTicks = 200;

class NoLogger : public Logger {
 public:
  void Log(LogLevel, absl::string_view, absl::string_view, absl::Span<const LogField>) override {}
};

// A test waits for thousands of syncs, and tells nothing about them.
std::string MemoryFolder() {
  std::error_code error;
  return fs::is_directory("/dev/shm", error) ? "/dev/shm" : fs::temp_directory_path().string();
}

absl::StatusOr<RetentionPolicy> DefaultPolicy() {
  // Reading it takes longer than a month of a tenant's life.
  static const absl::StatusOr<RetentionPolicy>* const policy =
      new absl::StatusOr<RetentionPolicy>(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY));
  return *policy;
}

void AddTo(TickReport* sum, const TickReport& report) {
  sum->archived += report.archived;
  sum->emptied += report.emptied;
  sum->restored += report.restored;
  sum->parts_erased += report.parts_erased;
  sum->purged += report.purged;
  sum->late_archived += report.late_archived;
  sum->late_purged += report.late_purged;
  sum->rows_deleted += report.rows_deleted;
}

}  // namespace

class SimulatedBackend::OffsetClock : public Clock {
 public:
  OffsetClock(const Clock* real, absl::Duration offset) : real_(real), offset_(offset) {}
  absl::Time Now() const override { return real_->Now() + offset_; }
  absl::Duration Monotonic() const override { return real_->Monotonic(); }
  bool WaitUntil(absl::Duration deadline, const StopToken& stop) const override {
    return real_->WaitUntil(deadline, stop);
  }

 private:
  const Clock* const real_;
  const absl::Duration offset_;
};

SimulatedBackend::SimulatedBackend(const Options& options)
    : options_(options),
      dice_(options.seed ^ 0x5eed),
      folder_(MemoryFolder() + "/simulator_XXXXXX"),
      logger_(std::make_unique<NoLogger>()) {
  clock_.JumpWallClock(At(options.start));
  const int days = options.bug == Bug::kClockADayAhead ? 1 : options.bug == Bug::kClockADayBehind ? -1 : 0;
  offset_clock_ = std::make_unique<OffsetClock>(&clock_, absl::Hours(24 * days));
}

SimulatedBackend::~SimulatedBackend() {
  Close();
  std::error_code error;
  fs::remove_all(folder_, error);
}

absl::StatusOr<std::unique_ptr<SimulatedBackend>> SimulatedBackend::Make(const Options& options) {
  std::unique_ptr<SimulatedBackend> backend(new SimulatedBackend(options));
  if (mkdtemp(backend->folder_.data()) == nullptr) return absl::UnavailableError("make a temporary folder");
  ROLLCALL_ASSIGN_OR_RETURN(RetentionPolicy policy, DefaultPolicy());
  ROLLCALL_ASSIGN_OR_RETURN(policy, Misread(std::move(policy), options.bug));
  backend->policy_ = std::move(policy);
  backend->vfs_.emplace();
  ROLLCALL_RETURN_IF_ERROR(backend->Open());
  ROLLCALL_RETURN_IF_ERROR(backend->Enrol());
  return backend;
}

ClockReading SimulatedBackend::Reading() const {
  return {offset_clock_->Now(), absl::Milliseconds(10), synchronised_, clock_.Monotonic(), "boot-1"};
}

absl::Status SimulatedBackend::Open() {
  ROLLCALL_RETURN_IF_ERROR(OpenParts());
  bugged_store_ = FaultyStoreOf(options_.bug, store_.get());
  bugged_archive_ = FaultyArchiveOf(options_.bug, archive_.get());
  BucketStore* const store = bugged_store_ != nullptr ? bugged_store_.get() : store_.get();
  Archive* const archive = bugged_archive_ != nullptr ? bugged_archive_.get() : archive_.get();
  faulty_store_ = std::make_unique<FaultyBucketStore>(store, &faults_);
  faulty_archive_ = std::make_unique<FaultyArchive>(archive, &faults_);
  EngineOptions engine;
  engine.policy = &*policy_;
  engine.region = kRegionName;
  // Few, so that many ticks are needed; batches of few rows as well.
  engine.max_steps = 5 + options_.seed % 40;
  engine.pace = {2, absl::Seconds(1), absl::ZeroDuration(), absl::ZeroDuration()};
  engine_ = std::make_unique<RetentionEngine>(
      EngineParts{lifecycle_.get(), faulty_store_.get(), sqlite_.get(), faulty_archive_.get(), keys_.get(),
                  offset_clock_.get(), [this] { return Reading(); }, logger_.get()},
      engine);
  return absl::OkStatus();
}

absl::Status SimulatedBackend::OpenParts() {
  ROLLCALL_ASSIGN_OR_RETURN(ledger_, Ledger::Open(ledger_disk_.Mount(), offset_clock_.get()));
  LifecycleOptions lifecycle;
  lifecycle.path = folder_ + "/lifecycle.db";
  lifecycle.policy = &*policy_;
  ROLLCALL_ASSIGN_OR_RETURN(lifecycle_, LifecycleStore::Open(lifecycle, ledger_.get(), offset_clock_.get()));
  SqliteStoreOptions store;
  store.path = folder_ + "/rollcall.db";
  ROLLCALL_ASSIGN_OR_RETURN(sqlite_, SqliteStore::Open(store));
  store_ = std::make_unique<SettingsStore>(sqlite_.get());
  keks_ = std::make_unique<FileKekProvider>(folder_ + "/keks");
  ROLLCALL_ASSIGN_OR_RETURN(keys_, DataKeyStore::Open({folder_ + "/keys.db", folder_ + "/ring"}, keks_.get()));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<ArchiveFiles> files, OpenArchiveFolder(folder_ + "/archive"));
  files = std::make_unique<GarblingFiles>(std::move(files), &garbled_files_);
  ROLLCALL_ASSIGN_OR_RETURN(
      archive_, DirectoryArchive::Open({kRegionName, {}}, std::move(files), keys_.get(), offset_clock_.get()));
  return absl::OkStatus();
}

void SimulatedBackend::Close() {
  engine_.reset();
  faulty_archive_.reset();
  faulty_store_.reset();
  bugged_archive_.reset();
  bugged_store_.reset();
  archive_.reset();
  keys_.reset();
  keks_.reset();
  store_.reset();
  sqlite_.reset();
  lifecycle_.reset();
  ledger_.reset();
}

absl::Status SimulatedBackend::Enrol() {
  ROLLCALL_RETURN_IF_ERROR(keks_->Create({kTenantName, kRegionName}));
  ROLLCALL_RETURN_IF_ERROR(lifecycle_->AddTenant(Person("root", "add"), kTenantName, kRegionName));
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  for (const char* service : {kFirstService, kSecondService}) {
    ROLLCALL_RETURN_IF_ERROR(tenant.AddService(Person("root", absl::StrCat("add ", service)), service).status());
  }
  ROLLCALL_RETURN_IF_ERROR(sqlite_->AddTenant(kTenantName, clock_.Now()));
  for (const AgentOfHistory& agent : Agents()) {
    AgentContact contact;
    contact.agent = {kTenantName, agent.id};
    if (agent.service != kEveryService) contact.hosting_service = agent.service;
    if (agent.kind == DataKind::kSettings) contact.hosting_service = kConsole;
    contact.host_id = absl::StrCat("host-of-", agent.id);
    contact.at = clock_.Now();
    ROLLCALL_RETURN_IF_ERROR(sqlite_->EnrollAgent(contact.agent, clock_.Now()));
    ROLLCALL_RETURN_IF_ERROR(sqlite_->RecordContact(contact));
  }
  ROLLCALL_RETURN_IF_ERROR(lifecycle_->Tick(Reading()).status());
  return Acknowledge();
}

Second SimulatedBackend::now() const { return absl::ToUnixSeconds(clock_.Now()); }

void SimulatedBackend::GoTo(Second time) {
  if (time > now()) clock_.Advance(absl::Seconds(time - now()));
}

absl::Status SimulatedBackend::CopyDatabase(const std::string& from, const std::string& to) {
  std::error_code error;
  for (const char* suffix : {"", "-wal"}) {
    fs::remove(to + suffix, error);
    if (fs::exists(from + suffix)) fs::copy_file(from + suffix, to + suffix, error);
    if (error) return absl::UnavailableError(absl::StrCat("copy ", from, suffix, ": ", error.message()));
  }
  return absl::OkStatus();
}

absl::Status SimulatedBackend::ReplaceDatabase(const std::string& copy, const std::string& database) {
  Close();
  std::error_code error;
  fs::remove(database + "-shm", error);
  ROLLCALL_RETURN_IF_ERROR(CopyDatabase(copy, database));
  // What the disks knew of the files is no longer so.
  vfs_.reset();
  vfs_.emplace();
  return Open();
}

absl::Status SimulatedBackend::TakeCopy() {
  Close();
  ROLLCALL_RETURN_IF_ERROR(CopyDatabase(folder_ + "/rollcall.db", folder_ + "/copy.db"));
  has_copy_ = true;
  return Open();
}

absl::StatusOr<bool> SimulatedBackend::BringCopyBack() {
  if (!has_copy_) return false;
  ROLLCALL_RETURN_IF_ERROR(ReplaceDatabase(folder_ + "/copy.db", folder_ + "/rollcall.db"));
  return true;
}

absl::Status SimulatedBackend::TickWithClock(int64_t days_ahead, bool synchronised) {
  const absl::Time right = clock_.Now();
  clock_.JumpWallClock(right + absl::Hours(24) * days_ahead);
  synchronised_ = synchronised;
  const absl::Status ticked = engine_->Tick(StopToken()).status();
  ++ticks_;
  synchronised_ = true;
  clock_.JumpWallClock(right);
  return ticked;
}

void SimulatedBackend::Break() {
  int64_t call = 1;
  while (!dice_.Percent(options_.crash_percent) && call < 5000) ++call;
  FaultPlan::Kind kind = dice_.OnceIn(2) ? FaultPlan::Kind::kGoneBefore : FaultPlan::Kind::kGoneAfter;
  // Now and then a call is refused, or its answer lost, and the process goes on.
  if (dice_.OnceIn(10)) kind = dice_.OnceIn(2) ? FaultPlan::Kind::kRefused : FaultPlan::Kind::kAnswerLost;
  faults_.FailAt(static_cast<uint64_t>(call), kind);
  lose_power_ = dice_.OnceIn(2);
  if (dice_.OnceIn(60)) vfs_->CrashAt(static_cast<uint64_t>(dice_.Between(1, 400)), dice_.OnceIn(2));
  ledger_breaks_at_ = dice_.OnceIn(120) ? static_cast<uint64_t>(dice_.Between(1, 40)) : 0;
  if (ledger_breaks_at_ > 0) ledger_disk_.CrashAt(ledger_breaks_at_, 0.5);
}

absl::StatusOr<bool> SimulatedBackend::Mend() {
  const bool disk = vfs_->crashed() || (ledger_breaks_at_ > 0 && ledger_disk_.changes() >= ledger_breaks_at_);
  const bool gone = faults_.gone() || disk;
  const bool refused = !gone && faults_.failed();
  // Nothing is written by a process that is gone.
  if (gone) Close();
  faults_.FailAt(0, FaultPlan::Kind::kNone);
  vfs_->CrashAt(0, false);
  ledger_disk_.CrashAt(0);
  ledger_breaks_at_ = 0;
  if (refused) ++broken_.refusals;
  if (!gone) return refused;
  ++broken_.crashes;
  if (disk && lose_power_) {
    vfs_->LosePower();
    ledger_disk_.LosePower();
    ++broken_.power_losses;
  }
  ROLLCALL_RETURN_IF_ERROR(Open());
  return true;
}

absl::Status SimulatedBackend::Acknowledge() {
  const absl::Time now = offset_clock_->Now();
  ROLLCALL_ASSIGN_OR_RETURN(const DryRunList list, lifecycle_->MakeDryRun(absl::ToCivilDay(now, policy_->zone)));
  const absl::Status acknowledged =
      lifecycle_->AcknowledgeDryRun(Person("root", absl::StrCat("look ", ++acknowledged_)), list.run);
  // The same list was seen before.
  return absl::IsFailedPrecondition(acknowledged) ? absl::OkStatus() : acknowledged;
}

absl::StatusOr<Settled> SimulatedBackend::Settle() {
  Settled settled;
  int broken = 0;
  int failures = 0;
  if (options_.bug == Bug::kKeysComeBack) {
    ROLLCALL_RETURN_IF_ERROR(CopyDatabase(folder_ + "/keys.db", folder_ + "/keys_copy.db"));
  }
  for (int tick = 0; tick < kMostTicks; ++tick) {
    if (options_.crash_percent > 0 && broken < kMostBroken) Break();
    const int64_t to_garble = garbled_files_;
    const absl::StatusOr<TickReport> report = engine_->Tick(StopToken());
    ++ticks_;
    ROLLCALL_ASSIGN_OR_RETURN(const bool broke, Mend());
    if (broke) {
      ++broken;
      continue;
    }
    if (!report.ok()) return report.status();
    if (!report->clock.ok()) return settled;
    AddTo(&settled.sum, *report);
    settled.sum.failed = report->failed;
    settled.sum.refused = report->refused;
    if (!report->refused.empty() && ++failures < kMostFailures) {
      ROLLCALL_RETURN_IF_ERROR(Acknowledge());
      continue;
    }
    if (report->more || report->steps > 0 || report->late_purged > 0 || report->overtaken > 0) continue;
    if (garbled_files_ < to_garble) continue;
    if (!report->failed.empty() && ++failures < kMostFailures) continue;
    break;
  }
  // What never ends had every chance.
  settled.able = true;
  if (options_.bug == Bug::kKeysComeBack && settled.sum.purged > 0) {
    ROLLCALL_RETURN_IF_ERROR(ReplaceDatabase(folder_ + "/keys_copy.db", folder_ + "/keys.db"));
  }
  return settled;
}

absl::Status SimulatedBackend::LetAStaleEngineTry() {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  ROLLCALL_ASSIGN_OR_RETURN(const TenantTimeline timeline, tenant.Timeline());
  // What was forgotten, or refused, leaves everybody as wise as before.
  if (epoch_before_ >= timeline.epoch) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const BucketPage page, faulty_store_->ListBuckets(kTenantName, policy_->zone, "", 3));
  for (const BucketSummary& bucket : page.buckets) {
    const BucketRef ref = {kTenantName, bucket.key, policy_->zone};
    ROLLCALL_ASSIGN_OR_RETURN(const BucketRowPage rows, faulty_store_->ScanBucket(ref, "", 10, RowContent::kFacts));
    // Refused; the judge sees what is not.
    faulty_store_->DeleteRows(ref, epoch_before_, rows.rows, [] { return true; }).IgnoreError();
  }
  return absl::OkStatus();
}

}  // namespace rollcall::simulator
