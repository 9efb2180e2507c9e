#include "backend/backup/testing/backed_up_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "backend/backup/backup_files.h"
#include "backend/backup/backup_parts.h"
#include "backend/engine/archived_row.h"
#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

EngineWorld::Options InFolder() {
  EngineWorld::Options options;
  options.ledger_in_folder = true;
  options.has_backups = true;
  return options;
}

}  // namespace

std::vector<std::string> RowsOf(SqliteStore* store, absl::TimeZone zone) {
  std::vector<std::string> rows;
  const auto tenants = store->Tenants();
  EXPECT_TRUE(tenants.ok()) << tenants.status();
  for (const std::string& tenant : *tenants) {
    const auto buckets = store->ListBuckets(tenant, zone, "", 100'000);
    EXPECT_TRUE(buckets.ok()) << buckets.status();
    for (const BucketSummary& bucket : buckets->buckets) {
      const auto page = store->ScanBucket({tenant, bucket.key, zone}, "", 100'000, RowContent::kWhole);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const BucketRow& row : page->rows) {
        rows.push_back(absl::StrCat(tenant, " ", bucket.key.hosting_service, " ", bucket.key.category, " ",
                                    DayText(bucket.key.collected_day), " ", EncodeArchivedRow(row)));
      }
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> RowsIn(const std::string& database, absl::TimeZone zone) {
  SqliteStoreOptions options;
  options.path = database;
  const auto store = SqliteStore::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  return RowsOf(store->get(), zone);
}

std::vector<std::string> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(std::filesystem::relative(entry.path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

size_t FilesWith(const std::string& folder, const std::string& mark) {
  const std::vector<std::string> files = FilesBelow(folder);
  return static_cast<size_t>(std::count_if(files.begin(), files.end(), [&](const std::string& file) {
    return ReadBytes(absl::StrCat(folder, "/", file)).find(mark) != std::string::npos;
  }));
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(file.good()) << path;
}

BackedUpWorld::BackedUpWorld() : world_(InFolder()) {
  EXPECT_TRUE(world_.Open().ok());
  EXPECT_TRUE(world_.Enrol().ok());
  EXPECT_TRUE(NoteSigner::LoadOrCreate(Path("ledger.key"), kLedgerName).ok());
}

DataPlaces BackedUpWorld::Places() const {
  DataPlaces places = PlacesIn(world_.folder(), Path("keks"));
  places.data_keys = Path("keys.db");
  places.key_ring = Path("ring");
  return places;
}

BackupOptions BackedUpWorld::To(const std::string& name) const {
  BackupOptions options;
  options.from = Places();
  options.to = Path(name);
  options.region = "eu-frankfurt";
  options.ledger_name = kLedgerName;
  options.wait = absl::ZeroDuration();
  return options;
}

RestoreOptions BackedUpWorld::From(const std::string& backup, const std::string& data) const {
  RestoreOptions options;
  options.from = Path(backup);
  options.data_dir = Path(data);
  options.secrets = Path("secrets");
  options.region = "eu-frankfurt";
  options.ledger_name = kLedgerName;
  return options;
}

absl::StatusOr<BackupReport> BackedUpWorld::Backup(const std::string& name) {
  return WriteBackup(To(name), world_.policy(), world_.clock());
}

absl::StatusOr<RestoreReport> BackedUpWorld::Restore(const std::string& backup, const std::string& data) {
  CopySecrets("secrets");
  return Restore(From(backup, data));
}

absl::StatusOr<RestoreReport> BackedUpWorld::Restore(const RestoreOptions& options) {
  return RestoreBackup(options, world_.policy(), world_.clock());
}

void BackedUpWorld::CopySecrets(const std::string& name) {
  const std::string to = Path(name);
  std::filesystem::remove_all(to);
  std::filesystem::create_directories(to + "/keys");
  const auto files = OpenArchiveFolder(to + "/keys");
  ASSERT_TRUE(files.ok());
  ASSERT_TRUE(CopyDatabase(Path("keys.db"), files->get(), "data_keys.db", to + "/keys/data_keys.db").ok());
  std::filesystem::copy(Path("keks"), to + "/keys/kek", std::filesystem::copy_options::recursive);
  std::filesystem::copy(Path("ledger.key"), to + "/ledger.key");
}

}  // namespace rollcall
