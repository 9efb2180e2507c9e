#include "tests/simulator/backend.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/engine/archived_row.h"
#include "backend/ledger/certificate.h"
#include "backend/ledger/note_signer.h"
#include "cli/verify/certificate_verifier.h"
#include "platform/status_macros.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"
#include "tests/simulator/garbling_files.h"

namespace rollcall::simulator {
namespace {

namespace fs = std::filesystem;

constexpr char kTenantName[] = "acme";
constexpr char kRegionName[] = "eu-frankfurt";
// Of a key that signs nothing but this.
constexpr char kLogSecret[] =
    "PRIVATE+KEY+rollcall.example.com/ledger+837c014b+AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
// Ticks that something breaks in, of one settling: then it is let be, or it would not end.
constexpr int kMostBroken = 12;
// What keeps failing, or being refused after a person has looked, is for the judge to see.
constexpr int kMostFailures = 6;
constexpr int kMostTicks = 600;

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

absl::Time At(Second second) { return absl::FromUnixSeconds(second); }

Caller Person(absl::string_view who, const std::string& id) { return {id, absl::StrCat("operator/", who)}; }

pb::Category CategoryOf(DataKind kind) { return kind == DataKind::kAssets ? pb::ASSET_BASIC : pb::CONSOLE_CONFIG; }

pb::Subscription SubscriptionOf(const std::string& name) {
  pb::Subscription subscription;
  if (name == kTheFeature) {
    subscription.set_feature(true);
  } else {
    subscription.set_hosting_service(name);
  }
  return subscription;
}

pb::Selector SelectorOf(const Scope& scope) {
  pb::Selector selector;
  for (const DataKind kind : scope.kinds) selector.add_categories(CategoryOf(kind));
  for (const std::string& service : scope.services) selector.add_hosting_services(service);
  if (scope.from > 0) selector.set_from_day(TextOf(scope.from));
  if (scope.from > 0) selector.set_to_day(TextOf(scope.to));
  if (!scope.host.empty()) selector.add_hosts(scope.host);
  if (!scope.name.empty()) {
    pb::FieldCondition* field = selector.add_fields();
    field->set_field("account.name");
    field->set_value(scope.name);
  }
  return selector;
}

absl::StatusOr<PreparedRecord> RecordNamed(const std::string& name, absl::Time at) {
  pb::Record record;
  record.mutable_account()->set_name(name);
  PreparedRecord prepared;
  prepared.kind = KindOf(record)->number;
  ROLLCALL_ASSIGN_OR_RETURN(const RecordIdentity identity, IdentityOf(record));
  prepared.asset_key = identity.asset_key;
  prepared.fingerprint = identity.fingerprint;
  prepared.collected_at = at;
  prepared.payload = record.SerializeAsString();
  return prepared;
}

std::string NameIn(const BucketRow& row) {
  pb::Record record;
  record.ParseFromString(row.version.payload);
  return record.account().name();
}

BucketId IdOf(const BucketKey& key) {
  return {key.category == pb::CONSOLE_CONFIG ? DataKind::kSettings : DataKind::kAssets, key.hosting_service,
          NumberOf({static_cast<int>(key.collected_day.year()), key.collected_day.month(), key.collected_day.day()})};
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

std::string TextOf(const BucketId& bucket) {
  return absl::StrCat(bucket.kind == DataKind::kAssets ? "assets " : "settings ", bucket.service, " ",
                      TextOf(bucket.day));
}

bool BucketOf(const pb::BucketName& name, BucketId* bucket) {
  *bucket = {name.category() == pb::CONSOLE_CONFIG ? DataKind::kSettings : DataKind::kAssets, name.hosting_service(),
             ParseDayText(name.collected_day())};
  return name.tenant() == kTenantName && bucket->day >= 0;
}

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

absl::Status SimulatedBackend::Find(const Incident& incident) {
  const AgentOfHistory& agent = Agents()[incident.agent];
  buckets_.insert({agent.kind, agent.service, incident.day});
  // What comes late comes by itself.
  return Apply(incident, agent.finds_all && incident.day == DayAt(incident.at));
}

absl::Status SimulatedBackend::Apply(const Incident& incident, bool all) {
  const bool late = incident.day != DayAt(incident.at);
  const absl::Time collected = late ? At(StartOf(incident.day) + kDaySeconds / 2) : At(incident.at);
  PreparedBatch batch;
  batch.agent = {kTenantName, Agents()[incident.agent].id};
  batch.collector = all ? "all_accounts" : "accounts";
  batch.scope.set_type(pb::Scope::HOST);
  batch.epoch = 1;
  batch.generation = ++generation_;
  batch.last = true;
  batch.mode = all ? pb::FULL : pb::MERGE;
  batch.received_at = At(incident.at) + absl::Seconds(1);
  batch.run_result.set_status(all ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL);
  batch.run_result.set_collector_version("1.2.3");
  *batch.run_result.mutable_started_at() = ToWire(collected);
  batch.run_result.set_record_count(incident.names.size());
  for (const std::string& name : incident.names) {
    ROLLCALL_ASSIGN_OR_RETURN(PreparedRecord record, RecordNamed(name, collected));
    batch.after.Add(record.asset_key, record.fingerprint);
    batch.records.push_back(std::move(record));
  }
  std::sort(batch.records.begin(), batch.records.end(),
            [](const PreparedRecord& a, const PreparedRecord& b) { return a.asset_key < b.asset_key; });
  return sqlite_->ApplyGroup({batch}).status();
}

bool SimulatedBackend::Forgets(const Happening& happening) const {
  switch (happening.what) {
    case Happening::kEnds:
      return options_.bug == Bug::kEndIsForgotten;
    case Happening::kStays:
      return options_.bug == Bug::kStayIsForgotten;
    case Happening::kReturns:
      return options_.bug == Bug::kReturnIsForgotten;
    case Happening::kHeld:
      return options_.bug == Bug::kHoldIsForgotten;
    case Happening::kReleased:
      return options_.bug == Bug::kReleaseIsForgotten;
    case Happening::kRequested:
      return options_.bug == Bug::kRequestIsForgotten;
    case Happening::kTakenBack:
      return options_.bug == Bug::kTakenBackIsForgotten;
  }
  return false;
}

absl::Status SimulatedBackend::Tell(const Incident& incident) {
  if (Forgets(incident.happening)) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  ROLLCALL_ASSIGN_OR_RETURN(const TenantTimeline timeline, tenant.Timeline());
  epoch_before_ = timeline.epoch;
  const absl::Status told = Order(incident.happening, incident.moves);
  // What was forgotten makes other things impossible.
  return options_.bug == Bug::kNone ? told : absl::OkStatus();
}

absl::Status SimulatedBackend::Order(const Happening& happening, bool moves) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  const Caller ann = Person("ann", happening.id);
  const Caller bob = Person("bob", absl::StrCat(happening.id, " approved"));
  const pb::Subscription subscription = SubscriptionOf(happening.subscription);
  switch (happening.what) {
    case Happening::kEnds:
      if (moves) return tenant.ChangeTermination(ann, subscription, At(happening.effective)).status();
      return tenant.ScheduleTermination(ann, subscription, At(happening.effective)).status();
    case Happening::kStays:
      return tenant.CancelTermination(ann, subscription).status();
    case Happening::kReturns:
      return tenant.Resubscribe(ann, subscription, At(happening.at), epoch_before_).status();
    case Happening::kHeld:
      return Hold(happening);
    case Happening::kReleased:
      ROLLCALL_RETURN_IF_ERROR(tenant.AskRelease(ann, happening.about).status());
      return tenant.ApproveRelease(bob, happening.about).status();
    case Happening::kRequested:
      return tenant.RequestDeletion(ann, SelectorOf(happening.scope), "the customer asked").status();
    case Happening::kTakenBack:
      return tenant.CancelDeletion(ann, happening.about).status();
  }
  return absl::InternalError("tell what happened: it is nothing known");
}

absl::Status SimulatedBackend::Hold(const Happening& happening) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  pb::HoldPlaced hold;
  hold.set_legal_basis("court order 7");
  hold.set_review_by("2040-01-01");
  *hold.mutable_selector() = SelectorOf(happening.scope);
  ROLLCALL_RETURN_IF_ERROR(tenant.PlaceHold(Person("ann", happening.id), hold).status());
  return tenant.ApproveHold(Person("bob", absl::StrCat(happening.id, " approved")), happening.id).status();
}

absl::Status SimulatedBackend::DecommissionHost(const std::string& id, const std::string& agent) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  return tenant.DecommissionHost(Person("ann", id), agent, kFirstService).status();
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
    if (!report->failed.empty() && ++failures < kMostFailures) continue;
    settled.able = true;
    break;
  }
  if (options_.bug == Bug::kKeysComeBack && settled.sum.purged > 0) {
    ROLLCALL_RETURN_IF_ERROR(ReplaceDatabase(folder_ + "/keys_copy.db", folder_ + "/keys.db"));
  }
  return settled;
}

absl::Status SimulatedBackend::LetAStaleEngineTry() {
  ROLLCALL_ASSIGN_OR_RETURN(const BucketPage page, faulty_store_->ListBuckets(kTenantName, policy_->zone, "", 3));
  for (const BucketSummary& bucket : page.buckets) {
    const BucketRef ref = {kTenantName, bucket.key, policy_->zone};
    ROLLCALL_ASSIGN_OR_RETURN(const BucketRowPage rows, faulty_store_->ScanBucket(ref, "", 10, RowContent::kFacts));
    // Refused; the judge sees what is not.
    faulty_store_->DeleteRows(ref, epoch_before_, rows.rows, [] { return true; }).IgnoreError();
  }
  return absl::OkStatus();
}

pb::BucketName SimulatedBackend::NameOf(const BucketId& bucket) const {
  pb::BucketName name;
  name.set_tenant(kTenantName);
  name.set_region(kRegionName);
  name.set_hosting_service(bucket.service);
  name.set_category(CategoryOf(bucket.kind));
  name.set_collected_day(TextOf(bucket.day));
  return name;
}

absl::StatusOr<Sight> SimulatedBackend::Look() {
  Sight sight;
  ROLLCALL_RETURN_IF_ERROR(LookIntoStores(&sight));
  for (const BucketId& bucket : buckets_) ROLLCALL_RETURN_IF_ERROR(LookIntoArchive(bucket, &sight));
  return sight;
}

absl::Status SimulatedBackend::LookIntoStores(Sight* sight) {
  BucketPage page;
  do {
    ROLLCALL_ASSIGN_OR_RETURN(page, store_->ListBuckets(kTenantName, absl::UTCTimeZone(), page.next_cursor, 1000));
    for (const BucketSummary& bucket : page.buckets) {
      const BucketRef ref = {kTenantName, bucket.key, absl::UTCTimeZone()};
      ROLLCALL_ASSIGN_OR_RETURN(const BucketRowPage rows, store_->ScanBucket(ref, "", 10'000, RowContent::kWhole));
      const BucketId id = IdOf(bucket.key);
      buckets_.insert(id);
      for (const BucketRow& row : rows.rows) sight->records[NameIn(row)].in_stores.insert(id);
    }
  } while (!page.next_cursor.empty());
  return absl::OkStatus();
}

absl::Status SimulatedBackend::LookIntoArchive(const BucketId& bucket, Sight* sight) {
  const pb::BucketName name = NameOf(bucket);
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, archive_->List(name));
  if (!listing.empty()) sight->archived.insert(bucket);
  for (const ListedObject& version : listing.versions) {
    CachedObject& object = objects_[version.sha256];
    if (object.key_id.empty()) {
      std::vector<std::string> names;
      const auto read = archive_->Read(name, version.sha256, [&](absl::string_view record) -> absl::Status {
        ROLLCALL_ASSIGN_OR_RETURN(const BucketRow row, DecodeArchivedRow(record, kTenantName));
        names.push_back(NameIn(row));
        return absl::OkStatus();
      });
      // What cannot be read is not there.
      if (!read.ok()) continue;
      object = {read->key_id, std::move(names)};
    }
    // It stays what it is under its hash, as long as there is its key.
    if (!keys_->KeyForReading(name, object.key_id).ok()) continue;
    for (const std::string& record : object.names) sight->records[record].in_archive.insert(bucket);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<pb::LedgerEntry>> SimulatedBackend::NewEntries() {
  std::vector<pb::LedgerEntry> entries;
  for (; seen_entries_ < ledger_->Head().size; ++seen_entries_) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string leaf, ledger_->Leaf(seen_entries_));
    pb::LedgerEntry entry;
    if (!entry.ParseFromString(leaf)) return absl::DataLossError("read ledger entry");
    if (options_.bug == Bug::kCertificatesAreLost && entry.has_purge_certified() && seen_entries_ % 3 == 0) continue;
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::Status SimulatedBackend::Verify(const pb::LedgerEntry& certificate) {
  pb::DeletionStatement statement;
  if (!statement.ParseFromString(certificate.purge_certified().statement())) {
    return absl::DataLossError("read statement of certificate");
  }
  LedgerHash id = {};
  if (statement.certificate_id().size() != id.size()) return absl::DataLossError("read id of certificate");
  std::copy(statement.certificate_id().begin(), statement.certificate_id().end(), id.begin());
  ROLLCALL_ASSIGN_OR_RETURN(const NoteSigner signer, NoteSigner::Parse(kLogSecret));
  ROLLCALL_ASSIGN_OR_RETURN(const pb::DeletionCertificate proven, ProveCertificate(id, {}, *ledger_, signer));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string note, SignCheckpoint(ledger_->Head(), signer));
  ROLLCALL_ASSIGN_OR_RETURN(const auto file, verify::ParseCertificateFile(proven.SerializeAsString()));
  ROLLCALL_ASSIGN_OR_RETURN(const auto checkpoint, verify::ParseCheckpoint(note));
  ROLLCALL_ASSIGN_OR_RETURN(const auto key, verify::ParseVerifierKey(signer.PublicText()));
  if (verify::VerifyCertificate(file, checkpoint, key).verified()) return absl::OkStatus();
  return absl::DataLossError("verify certificate: it is not proven");
}

absl::StatusOr<size_t> SimulatedBackend::CountKeys(const BucketId& bucket) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> keys, keys_->KeysOf(NameOf(bucket)));
  return keys.size();
}

}  // namespace rollcall::simulator
