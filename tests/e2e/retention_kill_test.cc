// kill -9 of the real backend at 200 random moments while it archives, puts back and purges what a real agent sent,
// under a clock that the test moves over half a year. After each kill a copy of the data folder is opened as a backend
// opens it, and every row must be in the database or in a verified object of the archive; when a phase is through,
// exactly what it promises must be there, and of what was purged not a byte.
//
// With ROLLCALL_RETENTION_KILLS it is that many kills.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "backend/archive/directory_archive.h"
#include "backend/engine/archived_row.h"
#include "backend/keys/data_key_store.h"
#include "backend/lifecycle_service/lifecycle_home.h"
#include "backend/retention/civil_time.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "tests/e2e/deployment.h"
#include "tests/e2e/offset_clock.h"

namespace rollcall {
namespace {

constexpr char kRegion[] = "test-region";
constexpr char kLedger[] = "test.example/ledger";
constexpr char kTenant[] = "dev";
constexpr char kService[] = "cvm:1";
// In the name of every package: what no file may hold once they were purged.
constexpr char kMark[] = "markedpkg";

using Rows = std::multiset<std::string>;

const RetentionPolicy& Policy() {
  static const RetentionPolicy* const policy = new RetentionPolicy(*LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY));
  return *policy;
}

class NoLog : public Logger {
 public:
  void Log(LogLevel, absl::string_view, absl::string_view, absl::Span<const LogField>) override {}
};

Caller By(const std::string& id) { return {id, "operator/ann"}; }

// A data folder nobody serves, with all that is in it.
class Folder {
 public:
  Folder(const std::string& data_dir, const Clock& clock) {
    keks_ = std::make_unique<FileKekProvider>(data_dir + "/keys/kek");
    home_ = LifecycleHome::Open({data_dir, kRegion, kLedger, &Policy(), {}, false, [] { return ClockReading(); }},
                                &clock, &log_)
                .value();
    SqliteStoreOptions store;
    store.path = data_dir + "/rollcall.db";
    store_ = SqliteStore::Open(store).value();
    if (!std::filesystem::exists(data_dir + "/keys/data_keys.db")) return;
    keys_ = DataKeyStore::Open({data_dir + "/keys/data_keys.db", data_dir + "/keys/ring"}, keks_.get()).value();
    archive_ =
        DirectoryArchive::Open({kRegion, {}}, OpenArchiveFolder(data_dir + "/archive").value(), keys_.get(), &clock)
            .value();
  }

  LifecycleStore* lifecycle() { return home_->store(); }
  std::vector<StoredBucket> Buckets() { return tenant().Buckets().value(); }
  TenantLifecycle tenant() { return home_->store()->Tenant(kTenant).value(); }

  Rows InStore() {
    Rows rows;
    const BucketPage page = store_->ListBuckets(kTenant, Policy().zone, "", 1000).value();
    for (const BucketSummary& bucket : page.buckets) {
      const BucketRef ref = {kTenant, bucket.key, Policy().zone};
      const BucketRowPage found = store_->ScanBucket(ref, "", 10'000, RowContent::kWhole).value();
      for (const BucketRow& row : found.rows) rows.insert(EncodeArchivedRow(row));
    }
    return rows;
  }
  // Of every object; a row may be in several.
  std::set<std::string> InArchive() {
    std::set<std::string> rows;
    if (archive_ == nullptr) return rows;
    for (const StoredBucket& bucket : Buckets()) {
      const pb::BucketName name = NameOf(bucket.facts.key);
      const ArchiveListing listing = archive_->List(name).value();
      for (const ListedObject& object : listing.versions) {
        const auto read = archive_->Read(name, object.sha256, [&](absl::string_view record) {
          rows.emplace(record);
          return absl::OkStatus();
        });
        EXPECT_TRUE(read.ok() || absl::IsFailedPrecondition(read.status())) << read.status();
      }
    }
    return rows;
  }
  size_t Objects() {
    size_t objects = 0;
    for (const StoredBucket& bucket : Buckets()) {
      objects += archive_->List(NameOf(bucket.facts.key))->versions.size();
    }
    return objects;
  }
  size_t Keys() {
    size_t keys = 0;
    for (const StoredBucket& bucket : Buckets()) keys += keys_->KeysOf(NameOf(bucket.facts.key))->size();
    return keys;
  }

  bool All(pb::BucketState state) {
    const auto buckets = tenant().Buckets();
    return buckets.ok() && !buckets->empty() &&
           std::all_of(buckets->begin(), buckets->end(), [&](const StoredBucket& b) { return b.facts.state == state; });
  }
  bool InTheMiddle() { return !tenant().UnfinishedSteps()->empty(); }

  // Day of collection of every certificate.
  std::multiset<std::string> Certificates() {
    std::multiset<std::string> days;
    for (uint64_t i = 0; i < home_->ledger()->Head().size; ++i) {
      pb::LedgerEntry entry;
      pb::DeletionStatement statement;
      EXPECT_TRUE(entry.ParseFromString(*home_->ledger()->Leaf(i)));
      if (!entry.has_purge_certified()) continue;
      EXPECT_TRUE(statement.ParseFromString(entry.purge_certified().statement()));
      days.insert(statement.bucket().collected_day());
    }
    return days;
  }

 private:
  static pb::BucketName NameOf(const BucketKey& key) {
    pb::BucketName name;
    name.set_tenant(kTenant);
    name.set_region(kRegion);
    name.set_hosting_service(key.hosting_service);
    name.set_category(key.category);
    name.set_collected_day(DayText(key.collected_day));
    return name;
  }

  NoLog log_;
  std::unique_ptr<LifecycleHome> home_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<FileKekProvider> keks_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<Archive> archive_;
};

size_t FilesWithMarks(const std::string& folder) {
  size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && absl::StrContains(ReadAll(entry.path()), kMark)) ++found;
  }
  return found;
}

class RetentionKillTest : public ::testing::Test {
 protected:
  RetentionKillTest() {
    const char* wanted = std::getenv("ROLLCALL_RETENTION_KILLS");
    if (wanted != nullptr) EXPECT_TRUE(absl::SimpleAtoi(wanted, &kills_left_)) << wanted;
  }

  std::string path(const std::string& name) const { return temp_.path() + "/" + name; }
  std::vector<std::string> BackendProgram() const { return {Program("e2e_test_clock_backend"), path("clock")}; }

  // `to` becomes what `from` is.
  void Copy(const std::string& from, const std::string& to) const {
    std::filesystem::remove_all(path(to));
    std::filesystem::copy(from, path(to), std::filesystem::copy_options::recursive);
  }

  // What an agent sends on two days, of a service that then ends.
  void CollectOnTwoDays() {
    DeploymentOptions options;
    options.collectors = {"host", "os_packages"};
    options.backend_program = BackendProgram();
    options.agent_flags = {"--hosting-service", kService};
    // The certificates are to last longer than the data.
    options.init_flags = {"--certificate-days", "1000"};
    options.backend_flags = {"--region", kRegion, "--ledger-name", kLedger};
    Deployment deployment(options);
    deployment.Init();
    std::map<std::string, std::string> packages;
    for (int i = 0; i < 600; ++i) packages[absl::StrFormat("%s%03d", kMark, i)] = "1.0";
    deployment.SetPackages(packages);
    deployment.StartBackend();
    deployment.StartAgent();
    ASSERT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(60)));
    clock_.Advance(absl::Hours(24));
    for (int i = 0; i < 200; ++i) packages[absl::StrFormat("%s%03d", kMark, i)] = "2.0";
    deployment.SetPackages(packages);
    ASSERT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(60)));
    deployment.StopAgent();
    deployment.StopBackend();
    clock_.Advance(absl::Hours(24));
    Copy(deployment.data_dir(), "collected");
    Folder folder(path("collected"), clock_);
    all_ = folder.InStore();
    ASSERT_GE(all_.size(), 800u);
    ASSERT_TRUE(folder.tenant().AddService(By("service"), kService).ok());
    ASSERT_TRUE(folder.tenant().ScheduleTermination(By("end"), Hosting(), clock_.Now()).ok());
  }

  static pb::Subscription Hosting() {
    pb::Subscription subscription;
    subscription.set_hosting_service(kService);
    return subscription;
  }

  void Launch(ChildProcess* backend) {
    std::filesystem::remove(path("port"));
    std::vector<std::string> argv = BackendProgram();
    for (const std::string& word :
         {std::string("serve"), std::string("--data-dir"), path("data"), std::string("--listen"),
          std::string("127.0.0.1:0"), std::string("--port-file"), path("port"), std::string("--region"),
          std::string(kRegion), std::string("--ledger-name"), std::string(kLedger), std::string("--enforce-retention"),
          std::string("true")}) {
      argv.push_back(word);
    }
    backend->Start(argv, path("backend.log"));
  }

  // Starts the backend and kills it: one time in five while it starts, else while it is at work.
  void StartAndKill() {
    ChildProcess backend;
    Launch(&backend);
    const bool starting = random_() % 5 == 0;
    if (!starting) {
      ASSERT_TRUE(Eventually(absl::Seconds(60), [&] { return std::filesystem::exists(path("port")); }))
          << ReadAll(path("backend.log"));
    }
    const absl::Duration moment = longest_ * std::uniform_real_distribution<double>(0, 1)(random_);
    std::this_thread::sleep_for(absl::ToChronoMicroseconds(moment));
    ASSERT_TRUE(backend.running()) << ReadAll(path("backend.log"));
    backend.KillHard();
    --kills_left_;
  }

  // Kills until every bucket has come to `state`; looks at what is there after each kill.
  void KillUntil(pb::BucketState state, const std::function<void(Folder&)>& look) {
    while (kills_left_ > 0) {
      ASSERT_NO_FATAL_FAILURE(StartAndKill());
      Copy(path("data"), "copy");
      Folder folder(path("copy"), clock_);
      look(folder);
      if (HasFailure()) return;
      in_the_middle_ += folder.InTheMiddle() ? 1 : 0;
      if (folder.All(state)) {
        ++phases_;
        longest_ *= 0.7;
        return;
      }
      // Not to be killed too early for ever.
      longest_ *= 1.08;
    }
  }

  void ExpectNothingLost(Folder& folder) {
    const Rows in_store = folder.InStore();
    const std::set<std::string> in_archive = folder.InArchive();
    size_t lost = 0;
    for (const std::string& row : all_) lost += in_store.count(row) == 0 && in_archive.count(row) == 0 ? 1 : 0;
    EXPECT_EQ(lost, 0u) << "of " << all_.size();
  }

  void ArchivePhase() {
    Copy(path("collected"), "data");
    KillUntil(pb::BUCKET_COLD, [this](Folder& folder) { ExpectNothingLost(folder); });
    if (kills_left_ == 0 || HasFailure()) return;
    Folder folder(path("copy"), clock_);
    EXPECT_EQ(folder.InStore().size(), 0u);
    EXPECT_EQ(folder.InArchive(), std::set<std::string>(all_.begin(), all_.end()));
    EXPECT_EQ(folder.Objects(), folder.Buckets().size());
    EXPECT_EQ(FilesWithMarks(path("copy") + "/archive"), 0u) << "objects are encrypted";
    Copy(path("data"), "cold");
  }

  void RestorePhase() {
    Copy(path("cold"), "data");
    {
      Folder folder(path("data"), clock_);
      ASSERT_TRUE(
          folder.tenant().Resubscribe(By("return"), Hosting(), clock_.Now(), folder.tenant().Timeline()->epoch).ok());
    }
    KillUntil(pb::BUCKET_ACTIVE, [this](Folder& folder) { ExpectNothingLost(folder); });
    if (kills_left_ == 0 || HasFailure()) return;
    Folder folder(path("copy"), clock_);
    EXPECT_EQ(folder.InStore(), all_);
    EXPECT_EQ(folder.Objects(), 0u);
  }

  void PurgePhase() {
    Copy(path("cold"), "data");
    clock_.Advance(absl::Hours(24 * 185));
    {
      Folder folder(path("data"), clock_);
      const auto list = folder.lifecycle()->MakeDryRun(DayOf(clock_.Now(), Policy().zone));
      ASSERT_TRUE(list.ok()) << list.status();
      ASSERT_EQ(list->lines.size(), folder.Buckets().size());
      ASSERT_TRUE(folder.lifecycle()->AcknowledgeDryRun(By("dry run"), list->run).ok());
    }
    KillUntil(pb::BUCKET_PURGED, [](Folder& folder) {
      const std::multiset<std::string> days = folder.Certificates();
      EXPECT_EQ(std::set<std::string>(days.begin(), days.end()).size(), days.size()) << "certified twice";
    });
    if (kills_left_ == 0 || HasFailure()) return;
    Folder folder(path("copy"), clock_);
    EXPECT_EQ(folder.Certificates().size(), folder.Buckets().size());
    EXPECT_EQ(folder.InStore().size(), 0u);
    EXPECT_EQ(folder.Objects(), 0u);
    EXPECT_EQ(folder.Keys(), 0u);
    EXPECT_EQ(FilesWithMarks(path("data")), 0u);
    clock_.Advance(-absl::Hours(24 * 185));
  }

  TempFolder temp_;
  OffsetClock clock_{temp_.path() + "/clock"};
  std::mt19937 random_{20261126};
  // Every row there is.
  Rows all_;
  int kills_left_ = 200;
  int phases_ = 0;
  int in_the_middle_ = 0;
  absl::Duration longest_ = absl::Milliseconds(200);
};

TEST_F(RetentionKillTest, NothingIsLostAndNothingIsLeft) {
  ASSERT_NO_FATAL_FAILURE(CollectOnTwoDays());
  const int kills = kills_left_;
  while (kills_left_ > 0 && !HasFailure()) {
    ArchivePhase();
    if (kills_left_ > 0 && !HasFailure()) RestorePhase();
    if (kills_left_ > 0 && !HasFailure()) PurgePhase();
  }
  RecordProperty("phases", phases_);
  RecordProperty("killed_in_the_middle", in_the_middle_);
  std::cout << kills << " kills, " << in_the_middle_ << " between a step's begin and its end, " << phases_
            << " phases came to their end\n";
  EXPECT_GE(phases_, 3) << "never came to a purge";
  EXPECT_GE(in_the_middle_, kills / 20) << "killed at the wrong moments";
}

}  // namespace
}  // namespace rollcall
