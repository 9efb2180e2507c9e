#include "backend/engine/testing/engine_world.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/engine/archived_row.h"
#include "backend/lifecycle/testing/lifecycle_world.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr char kRegion[] = "eu-frankfurt";

const RetentionPolicy* PolicyAt(const std::string& path) {
  // Once for all tests of a program: reading it takes longer than a test.
  static std::map<std::string, const RetentionPolicy*>* const known = new std::map<std::string, const RetentionPolicy*>;
  const RetentionPolicy*& policy = (*known)[path];
  if (policy == nullptr) policy = new RetentionPolicy(*LoadRetentionPolicy(path));
  return policy;
}

// What was asked before is not asked again.
absl::Status Once(const absl::Status& status) { return absl::IsFailedPrecondition(status) ? absl::OkStatus() : status; }

absl::Time NoonOf(absl::CivilDay day) { return absl::FromCivil(absl::CivilHour(day) + 12, absl::UTCTimeZone()); }

PreparedRecord AccountNamed(const std::string& name, absl::Time at) {
  pb::Record record;
  record.mutable_account()->set_name(name);
  PreparedRecord prepared;
  prepared.kind = KindOf(record)->number;
  const RecordIdentity identity = *IdentityOf(record);
  prepared.asset_key = identity.asset_key;
  prepared.fingerprint = identity.fingerprint;
  prepared.collected_at = at;
  prepared.payload = record.SerializeAsString();
  return prepared;
}

std::string TextOf(const BucketRow& row) {
  pb::Record record;
  EXPECT_TRUE(record.ParseFromString(row.version.payload));
  return absl::StrCat(record.account().name(), row.version.ended_at.has_value() ? " ended" : "");
}

}  // namespace

void NotingLogger::Log(LogLevel level, absl::string_view event, absl::string_view message,
                       absl::Span<const LogField> fields) {
  std::string line = absl::StrCat(LogLevelName(level), " ", event, " ", message);
  for (const LogField& field : fields) absl::StrAppend(&line, " ", field.key(), "=", field.json());
  lines_.push_back(std::move(line));
}

std::string WhereSyncsAreCheap() {
  std::error_code error;
  if (std::filesystem::is_directory("/dev/shm", error)) return "/dev/shm";
  return std::filesystem::temp_directory_path().string();
}

EngineWorld::EngineWorld(const Options& options)
    : options_(options), folder_(options.folder + "/engine_test_XXXXXX"), policy_(PolicyAt(options.policy)) {
  EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  clock_.JumpWallClock(NoonOf(absl::CivilDay(2024, 2, 1)));
}

EngineWorld::~EngineWorld() {
  Close();
  std::filesystem::remove_all(folder_);
}

ClockReading EngineWorld::Reading() const {
  return {clock_.Now(), absl::Milliseconds(10), synchronised_, clock_.Monotonic(), "boot-1"};
}

absl::Status EngineWorld::Open() {
  std::unique_ptr<LedgerFiles> files = ledger_disk_.Mount();
  if (options_.ledger_in_folder) {
    ROLLCALL_ASSIGN_OR_RETURN(files, OpenLedgerFolder(folder_ + "/ledger"));
  }
  ROLLCALL_ASSIGN_OR_RETURN(ledger_, Ledger::Open(std::move(files), &clock_));
  LifecycleOptions lifecycle;
  lifecycle.path = folder_ + "/lifecycle.db";
  lifecycle.policy = policy_;
  ROLLCALL_ASSIGN_OR_RETURN(lifecycle_, LifecycleStore::Open(lifecycle, ledger_.get(), &clock_));
  SqliteStoreOptions store;
  store.path = folder_ + "/rollcall.db";
  ROLLCALL_ASSIGN_OR_RETURN(store_, SqliteStore::Open(store));
  keks_ = std::make_unique<FileKekProvider>(folder_ + "/keks");
  ROLLCALL_ASSIGN_OR_RETURN(keys_, DataKeyStore::Open({folder_ + "/keys.db", folder_ + "/ring"}, keks_.get()));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<ArchiveFiles> archive, OpenArchiveFolder(folder_ + "/archive"));
  ROLLCALL_ASSIGN_OR_RETURN(archive_, DirectoryArchive::Open({kRegion, {}}, std::move(archive), keys_.get(), &clock_));
  faulty_store_ = std::make_unique<FaultyBucketStore>(store_.get(), &faults_);
  faulty_archive_ = std::make_unique<FaultyArchive>(archive_.get(), &faults_);
  if (options_.has_backups) backups_ = std::make_unique<BackupNotes>(folder_ + "/backups");
  EngineOptions engine;
  engine.policy = policy_;
  engine.region = kRegion;
  engine.max_steps = max_steps_;
  engine.pace = {16, absl::Seconds(1), absl::ZeroDuration(), absl::ZeroDuration()};
  engine_ = std::make_unique<RetentionEngine>(
      EngineParts{lifecycle_.get(), faulty_store_.get(), store_.get(), faulty_archive_.get(), keys_.get(), &clock_,
                  [this] {
                    if (readings_left_ > 0 && --readings_left_ == 0) at_reading_();
                    return Reading();
                  },
                  &logger_, backups_.get()},
      engine);
  return absl::OkStatus();
}

void EngineWorld::Close() {
  engine_.reset();
  faulty_archive_.reset();
  faulty_store_.reset();
  archive_.reset();
  keys_.reset();
  keks_.reset();
  store_.reset();
  lifecycle_.reset();
  ledger_.reset();
}

absl::Status EngineWorld::Enrol() {
  const absl::Status made = keks_->Create({kTenant, kRegion});
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  return EnrolWithoutKey(kTenant);
}

absl::Status EngineWorld::EnrolWithoutKey(const std::string& tenant_name) {
  acting_ = tenant_name;
  ROLLCALL_RETURN_IF_ERROR(Once(lifecycle_->AddTenant(By("root", "add " + tenant_name), tenant_name, kRegion)));
  ROLLCALL_RETURN_IF_ERROR(Once(tenant().AddService(By("root", "service"), kService).status()));
  ROLLCALL_RETURN_IF_ERROR(store_->AddTenant(tenant_name, clock_.Now()));
  for (const char* agent : {"agent-1", "agent-2"}) {
    AgentContact contact;
    contact.agent = {tenant_name, agent};
    contact.hosting_service = kService;
    contact.host_id = absl::StrCat("host-of-", agent);
    contact.at = clock_.Now();
    ROLLCALL_RETURN_IF_ERROR(store_->EnrollAgent(contact.agent, clock_.Now()));
    ROLLCALL_RETURN_IF_ERROR(store_->RecordContact(contact));
  }
  return absl::OkStatus();
}

void EngineWorld::GoTo(absl::CivilDay day) {
  // The clock is looked at on the way, as it always is: after a week without, only a person can tell a pause from a
  // jump.
  for (absl::Duration left = NoonOf(day) - clock_.Now(); left > absl::ZeroDuration();) {
    const absl::Duration step = std::min(left, absl::Hours(24 * 5));
    clock_.Advance(step);
    EXPECT_TRUE(lifecycle_->Tick(Reading()).ok());
    left -= step;
  }
}

TickReport EngineWorld::Tick() {
  const absl::StatusOr<TickReport> report = engine_->Tick(StopToken());
  EXPECT_TRUE(report.ok()) << report.status();
  if (!report.ok()) return TickReport();
  for (const BucketNote& note : report->failed) ADD_FAILURE() << note.action << ": " << note.status;
  return *report;
}

TickReport EngineWorld::Settle() {
  TickReport sum;
  for (int i = 0; i < 6; ++i) {
    const absl::StatusOr<TickReport> report = engine_->Tick(StopToken());
    if (faults_.gone()) return sum;
    if (!report.ok()) {
      sum.failed.push_back({kTenant, std::nullopt, "tick", report.status()});
      return sum;
    }
    sum.clock = report->clock;
    sum.archived += report->archived;
    sum.emptied += report->emptied;
    sum.restored += report->restored;
    sum.parts_erased += report->parts_erased;
    sum.purged += report->purged;
    sum.late_archived += report->late_archived;
    sum.late_purged += report->late_purged;
    sum.rows_deleted += report->rows_deleted;
    sum.next_due = report->next_due;
    sum.refused = report->refused;
    sum.failed.insert(sum.failed.end(), report->failed.begin(), report->failed.end());
    if (report->steps == 0 && report->late_purged == 0 && report->failed.empty() && !report->more) break;
  }
  return sum;
}

absl::Status EngineWorld::AcknowledgeDryRun(absl::CivilDay day) {
  ROLLCALL_ASSIGN_OR_RETURN(const DryRunList list, lifecycle_->MakeDryRun(day));
  return Once(lifecycle_->AcknowledgeDryRun(By("root", "dry run " + DayText(day)), list.run));
}

absl::Status EngineWorld::End(const std::string& id) {
  return tenant()
      .ScheduleTermination(By("ann", id), Hosting(kService), NoonOf(DayOf(clock_.Now(), policy_->zone)))
      .status();
}

absl::Status EngineWorld::Return(const std::string& id) {
  return tenant()
      .Resubscribe(By("ann", id), Hosting(kService), NoonOf(DayOf(clock_.Now(), policy_->zone)),
                   tenant().Timeline()->epoch)
      .status();
}

absl::Status EngineWorld::Hold(const std::string& id) {
  ROLLCALL_RETURN_IF_ERROR(tenant().PlaceHold(By("ann", id), CourtOrder("2030-01-01")).status());
  return tenant().ApproveHold(By("bob", id + " approved"), id).status();
}

absl::Status EngineWorld::Release(const std::string& id) {
  ROLLCALL_RETURN_IF_ERROR(tenant().AskRelease(By("ann", id + " asked"), id).status());
  return tenant().ApproveRelease(By("bob", id + " released"), id).status();
}

absl::Status EngineWorld::RequestDeletion(const std::string& id, const pb::Selector& selector) {
  return tenant().RequestDeletion(By("ann", id), selector, "the customer asked").status();
}

absl::Status EngineWorld::Apply(const std::vector<std::string>& accounts, absl::CivilDay day, const std::string& agent,
                                const std::string& collector, pb::BatchMode mode, bool half) {
  PreparedBatch batch;
  batch.agent = {acting_, agent};
  batch.collector = collector;
  batch.scope.set_type(pb::Scope::HOST);
  batch.epoch = 1;
  batch.generation = ++generation_;
  batch.last = !half;
  batch.mode = mode;
  batch.received_at = receives_now_ ? clock_.Now() : NoonOf(day) + absl::Seconds(1);
  if (!half) {
    batch.run_result.set_status(mode == pb::FULL ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL);
    batch.run_result.set_collector_version("1.2.3");
    *batch.run_result.mutable_started_at() = ToWire(NoonOf(day));
    batch.run_result.set_record_count(accounts.size());
  }
  for (const std::string& name : accounts) {
    batch.records.push_back(AccountNamed(name, NoonOf(day)));
    batch.after.Add(batch.records.back().asset_key, batch.records.back().fingerprint);
  }
  std::sort(batch.records.begin(), batch.records.end(),
            [](const PreparedRecord& a, const PreparedRecord& b) { return a.asset_key < b.asset_key; });
  return store_->ApplyGroup({batch}).status();
}

absl::Status EngineWorld::Found(const std::vector<std::string>& accounts, absl::CivilDay day, const std::string& agent,
                                const std::string& collector) {
  return Apply(accounts, day, agent, collector, pb::MERGE, false);
}

absl::Status EngineWorld::FoundAll(const std::vector<std::string>& accounts, absl::CivilDay day,
                                   const std::string& agent) {
  return Apply(accounts, day, agent, "all_accounts", pb::FULL, false);
}

absl::Status EngineWorld::FoundHalf(const std::vector<std::string>& accounts, absl::CivilDay day) {
  return Apply(accounts, day, "agent-2", "half_accounts", pb::MERGE, true);
}

BucketRef EngineWorld::Ref(absl::CivilDay day) const {
  return {kTenant, {kService, pb::ASSET_BASIC, day}, policy_->zone};
}

pb::BucketName EngineWorld::Name(absl::CivilDay day) const {
  pb::BucketName name;
  name.set_tenant(kTenant);
  name.set_region(kRegion);
  name.set_hosting_service(kService);
  name.set_category(pb::ASSET_BASIC);
  name.set_collected_day(DayText(day));
  return name;
}

std::vector<std::string> EngineWorld::InStores(absl::CivilDay day) {
  std::vector<std::string> names;
  const auto page = store_->ScanBucket(Ref(day), "", 100'000, RowContent::kWhole);
  EXPECT_TRUE(page.ok()) << page.status();
  for (const BucketRow& row : page->rows) names.push_back(TextOf(row));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> EngineWorld::InArchive(absl::CivilDay day) {
  std::vector<std::string> names;
  const auto listing = archive_->List(Name(day));
  EXPECT_TRUE(listing.ok()) << listing.status();
  for (const ListedObject& object : listing->versions) {
    const auto read = archive_->Read(Name(day), object.sha256, [&](absl::string_view record) {
      names.push_back(TextOf(*DecodeArchivedRow(record, kTenant)));
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read.status();
  }
  std::sort(names.begin(), names.end());
  return names;
}

pb::BucketState EngineWorld::StateOf(absl::CivilDay day) {
  const auto buckets = tenant().Buckets();
  EXPECT_TRUE(buckets.ok()) << buckets.status();
  for (const StoredBucket& bucket : *buckets) {
    if (bucket.facts.key == Ref(day).key) return bucket.facts.state;
  }
  return pb::BUCKET_STATE_UNSPECIFIED;
}

std::vector<pb::LedgerEntry> EngineWorld::Entries() const {
  std::vector<pb::LedgerEntry> entries;
  for (uint64_t i = 0; i < ledger_->Head().size; ++i) {
    EXPECT_TRUE(entries.emplace_back().ParseFromString(*ledger_->Leaf(i)));
  }
  return entries;
}

std::multimap<std::string, pb::DeletionStatement> EngineWorld::Certificates() const {
  std::multimap<std::string, pb::DeletionStatement> certificates;
  for (const pb::LedgerEntry& entry : Entries()) {
    if (!entry.has_purge_certified()) continue;
    pb::DeletionStatement statement;
    EXPECT_TRUE(statement.ParseFromString(entry.purge_certified().statement()));
    certificates.emplace(statement.bucket().collected_day(), statement);
  }
  return certificates;
}

std::string EngineWorld::Picture() {
  std::string picture;
  const auto buckets = tenant().Buckets();
  EXPECT_TRUE(buckets.ok()) << buckets.status();
  const auto certificates = Certificates();
  for (const StoredBucket& bucket : *buckets) {
    const absl::CivilDay day = bucket.facts.key.collected_day;
    absl::StrAppend(&picture, DayText(day), " state ", static_cast<int>(bucket.facts.state), " noted ",
                    bucket.facts.records, " stores [", absl::StrJoin(InStores(day), " "), "] archive [",
                    absl::StrJoin(InArchive(day), " "), "] versions ", archive_->List(Name(day))->versions.size(),
                    " uploads ", archive_->List(Name(day))->uploads.size(), " keys ", keys_->KeysOf(Name(day))->size(),
                    " erased ", absl::StrJoin(bucket.facts.erased_for, ","), " certificates ",
                    certificates.count(DayText(day)), "\n");
  }
  return picture;
}

size_t EngineWorld::CountMarks(const std::string& mark) const {
  size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (size_t at = bytes.find(mark); at != std::string::npos; at = bytes.find(mark, at + 1)) ++found;
  }
  return found;
}

}  // namespace rollcall
