#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backend/backup/backup_files.h"
#include "backend/backup/backup_notes.h"
#include "backend/backup/backup_parts.h"
#include "backend/backup/testing/backed_up_world.h"
#include "backend/engine_home/turn_lock.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 6, 1);
constexpr absl::CivilDay kDue(2024, 3, 3);
constexpr char kMark[] = "marked-account";

std::vector<std::string> Marked(int from, int to) {
  std::vector<std::string> names;
  for (int i = from; i < to; ++i) names.push_back(absl::StrCat(kMark, "-", i));
  return names;
}

class BackupTest : public testing::Test {
 protected:
  absl::TimeZone zone() { return world_->policy().zone; }
  std::vector<std::string> Restored(const std::string& data) {
    return RowsIn(world_.Path(data) + "/rollcall.db", zone());
  }
  // Rows of several days, some of them ended, and a run that never was whole.
  void Fill() {
    for (int day = 0; day < 4; ++day) {
      ASSERT_TRUE(world_->FoundAll(Marked(day, day + 5), kOld + day).ok());
      ASSERT_TRUE(world_->Found(Marked(100 + day, 103 + day), kOld + day, "agent-2").ok());
    }
    ASSERT_TRUE(world_->FoundHalf(Marked(200, 203), kOld).ok());
  }

  BackedUpWorld world_;
};

TEST_F(BackupTest, EveryRowComesBack) {
  Fill();
  const std::vector<std::string> rows = RowsOf(world_->store(), zone());
  ASSERT_THAT(rows, SizeIs(14));
  const auto backup = world_.Backup("backup");
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->records, rows.size());
  EXPECT_EQ(RowsOf(world_->store(), zone()), rows);
  const auto restored = world_.Restore("backup", "data");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->records, rows.size());
  EXPECT_EQ(restored->buckets, backup->buckets);
  EXPECT_EQ(restored->unreadable_buckets, 0u);
  EXPECT_THAT(restored->news, IsEmpty());
  EXPECT_EQ(Restored("data"), rows);
  struct stat info {};
  for (const char* folder : {"backup", "data"}) {
    ASSERT_EQ(::stat(world_.Path(folder).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U) << folder;
  }
  for (const std::string& file : FilesBelow(world_.Path("data"))) {
    ASSERT_EQ(::stat((world_.Path("data") + "/" + file).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0U) << file;
  }
}

TEST_F(BackupTest, TheArchiveComesBackAndAnotherBackupOfWhatCameBack) {
  Fill();
  ASSERT_TRUE(world_->End("end").ok());
  world_->Settle();
  ASSERT_EQ(world_->StateOf(kOld), pb::BUCKET_COLD);
  ASSERT_TRUE(world_->Found({"late"}, kOld + 1).ok());
  const std::vector<std::string> objects = FilesBelow(world_.Path("archive"));
  const auto backup = world_.Backup("backup");
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_GT(backup->objects, 0u);
  const auto restored = world_.Restore("backup", "data");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->objects, backup->objects);
  std::vector<std::string> there = FilesBelow(world_.Path("data") + "/archive");
  EXPECT_EQ(there.size() + 1, objects.size()) << "all but the lock";
  for (const std::string& object : there) {
    EXPECT_EQ(ReadBytes(world_.Path("data") + "/archive/" + object), ReadBytes(world_.Path("archive") + "/" + object));
  }
  EXPECT_EQ(Restored("data"), RowsOf(world_->store(), zone()));
  // What came back is a data folder like any other.
  BackupOptions again = world_.To("again");
  again.from = PlacesIn(world_.Path("data"), "");
  ASSERT_TRUE(WriteBackup(again, world_->policy(), world_->clock()).ok());
  RestoreOptions options = world_.From("again", "data-2");
  options.secrets = world_.Path("data");
  ASSERT_TRUE(world_.Restore(options).ok());
  EXPECT_EQ(Restored("data-2"), Restored("data"));
  EXPECT_EQ(FilesBelow(world_.Path("data-2") + "/archive"), there);
}

TEST_F(BackupTest, NothingOfARecordIsReadableInABackup) {
  Fill();
  ASSERT_GT(FilesWith(world_->folder(), kMark), 0u) << "the store has them";
  ASSERT_TRUE(world_.Backup("backup").ok());
  EXPECT_EQ(FilesWith(world_.Path("backup"), kMark), 0u);
  EXPECT_FALSE(std::filesystem::exists(world_.Path("backup.unfinished")));
  // Nor is a key.
  const auto keys = world_->keys()->KeysOf(world_->Name(kOld));
  ASSERT_THAT(*keys, SizeIs(1));
  for (const std::string& file : FilesBelow(world_.Path("backup"))) {
    EXPECT_THAT(file, Not(HasSubstr("keys")));
    EXPECT_THAT(file, Not(HasSubstr("ledger.key")));
  }
}

TEST_F(BackupTest, WhatWasPurgedSinceDoesNotComeBack) {
  Fill();
  ASSERT_TRUE(world_->End("end").ok());
  world_->Settle();
  ASSERT_TRUE(world_->Found({"late"}, kOld + 1).ok());
  const auto backup = world_.Backup("backup");
  ASSERT_TRUE(backup.ok()) << backup.status();
  world_.CopySecrets("old-secrets");
  ASSERT_TRUE(world_->Hold("court").ok());
  ASSERT_TRUE(world_->Release("court").ok());
  world_->GoTo(kDue);
  ASSERT_TRUE(world_->AcknowledgeDryRun(kDue).ok());
  world_->Settle();
  ASSERT_EQ(world_->StateOf(kOld), pb::BUCKET_PURGED);
  ASSERT_THAT(world_->Certificates(), SizeIs(4));
  for (const auto& [day, statement] : world_->Certificates()) {
    const pb::StoreEvidence& seen = statement.stores(statement.stores_size() - 1);
    EXPECT_EQ(seen.kind(), pb::BACKUPS);
    EXPECT_EQ(seen.deleted(), 1u);
    EXPECT_EQ(statement.last_backup_expiry_day(), "2024-03-07") << "35 days after it was made";
    EXPECT_THAT(statement.does_not_prove(statement.does_not_prove_size() - 1), HasSubstr("expire by 2024-03-07"));
  }

  // The keys are gone: even the backup's own ledger brings nothing back.
  auto restored = world_.Restore("backup", "data");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->records, 0u);
  EXPECT_EQ(restored->unreadable_buckets, backup->buckets);
  EXPECT_EQ(restored->unreadable_objects, backup->objects);
  EXPECT_EQ(restored->tombstones, 0u);
  // A copy of the keys from before the deletion, such as a backup of the key store: the newer ledger destroys them.
  RestoreOptions options = world_.From("backup", "data-2");
  options.secrets = world_.Path("old-secrets");
  options.ledger = world_.Path("ledger");
  restored = world_.Restore(options);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->tombstones, 4u);
  EXPECT_EQ(restored->destroyed_keys, 4u);
  EXPECT_EQ(restored->records, 0u);
  EXPECT_EQ(restored->objects, 0u);
  EXPECT_THAT(restored->news, SizeIs(6)) << "placed, approved, asked, released; of two of them events";
  EXPECT_THAT(restored->news.front(), HasSubstr("acme hold court PLACED"));
  for (const char* data : {"data", "data-2"}) {
    EXPECT_EQ(FilesWith(world_.Path(data), kMark), 0u) << data;
    EXPECT_THAT(Restored(data), IsEmpty());
    EXPECT_THAT(FilesBelow(world_.Path(data) + "/archive"), IsEmpty());
  }
  // Nothing of it is readable in the backup itself, and both know of it.
  EXPECT_EQ(FilesWith(world_.Path("backup"), kMark), 0u);
  const auto ledger = Ledger::Open(*OpenLedgerFolder(world_.Path("data-2") + "/ledger"), world_->clock());
  ASSERT_TRUE(ledger.ok());
  LifecycleOptions lifecycle;
  lifecycle.path = world_.Path("data-2") + "/lifecycle.db";
  lifecycle.policy = &world_->policy();
  const auto lives = LifecycleStore::Open(lifecycle, ledger->get(), world_->clock());
  ASSERT_TRUE(lives.ok()) << lives.status();
  auto tenant = (*lives)->Tenant(kTenant);
  const auto buckets = tenant->Buckets();
  ASSERT_THAT(*buckets, SizeIs(4));
  for (const StoredBucket& bucket : *buckets) EXPECT_EQ(bucket.facts.state, pb::BUCKET_PURGED);
  pb::LedgerEntry last;
  ASSERT_TRUE(last.ParseFromString(*(*ledger)->Leaf((*ledger)->Head().size - 1)));
  EXPECT_EQ(last.backup_restored().backup_id(), backup->backup_id);
  EXPECT_EQ(last.backup_restored().tombstones_replayed(), 4u);
}

TEST_F(BackupTest, APartThatWasErasedIsUnreadableInABackup) {
  ASSERT_TRUE(world_->FoundAll({"ann", "bob"}, kOld).ok());
  ASSERT_TRUE(world_.Backup("backup").ok());
  const auto before = world_->keys()->KeysOf(world_->Name(kOld));
  pb::Selector selector;
  pb::FieldCondition* field = selector.add_fields();
  field->set_field("account.name");
  field->set_value("bob");
  ASSERT_TRUE(world_->RequestDeletion("r", selector).ok());
  world_->GoTo(absl::CivilDay(2024, 2, 5));
  ASSERT_TRUE(world_->AcknowledgeDryRun(absl::CivilDay(2024, 2, 5)).ok());
  EXPECT_EQ(world_->Settle().parts_erased, 1u);
  ASSERT_THAT(world_->InStores(kOld), SizeIs(1));
  const auto after = world_->keys()->KeysOf(world_->Name(kOld));
  ASSERT_THAT(*after, SizeIs(1));
  EXPECT_NE(*after, *before);
  EXPECT_TRUE(world_->keys()->VerifyDestroyed(before->front()).ok());
  const auto restored = world_.Restore("backup", "data");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->unreadable_buckets, 1u);
  EXPECT_THAT(Restored("data"), IsEmpty());
  // The next backup has what is left.
  ASSERT_TRUE(world_.Backup("next").ok());
  ASSERT_TRUE(world_.Restore("next", "data-2").ok());
  EXPECT_EQ(Restored("data-2"), RowsOf(world_->store(), zone()));
}

TEST_F(BackupTest, WithOldKeysAndNoNewerLedgerAPersonHasToLookFirst) {
  Fill();
  world_->GoTo(kDue);
  ASSERT_TRUE(world_->AcknowledgeDryRun(kDue).ok());
  ASSERT_TRUE(world_.Backup("backup").ok());
  ASSERT_TRUE(world_.Restore("backup", "data").ok());
  const auto ledger = Ledger::Open(*OpenLedgerFolder(world_.Path("data") + "/ledger"), world_->clock());
  LifecycleOptions lifecycle;
  lifecycle.path = world_.Path("data") + "/lifecycle.db";
  lifecycle.policy = &world_->policy();
  const auto lives = LifecycleStore::Open(lifecycle, ledger->get(), world_->clock());
  ASSERT_TRUE(lives.ok()) << lives.status();
  EXPECT_FALSE((*lives)->State(world_->Reading())->acknowledged_dry_run.has_value());
  EXPECT_TRUE(world_->lifecycle()->State(world_->Reading())->acknowledged_dry_run.has_value());
}

TEST_F(BackupTest, AnotherLedgerOrAShorterOneIsRefused) {
  Fill();
  std::filesystem::copy(world_.Path("ledger"), world_.Path("short"), std::filesystem::copy_options::recursive);
  ASSERT_TRUE(world_->End("end").ok());
  ASSERT_TRUE(world_.Backup("backup").ok());
  world_.CopySecrets("secrets");
  RestoreOptions options = world_.From("backup", "data");
  options.ledger = world_.Path("short");
  EXPECT_EQ(world_.Restore(options).status().code(), absl::StatusCode::kFailedPrecondition);
  BackedUpWorld other;
  ASSERT_TRUE(other->End("other").ok());
  ASSERT_TRUE(other->Hold("court").ok());
  options.ledger = other.Path("ledger");
  EXPECT_EQ(world_.Restore(options).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(std::filesystem::exists(world_.Path("data")));
  options.ledger = world_.Path("ledger");
  EXPECT_TRUE(world_.Restore(options).ok());
}

TEST_F(BackupTest, NothingIsReplaced) {
  Fill();
  ASSERT_TRUE(world_.Backup("backup").ok());
  EXPECT_EQ(world_.Backup("backup").status().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(world_.Restore("backup", "data").ok());
  const std::vector<std::string> rows = Restored("data");
  EXPECT_EQ(world_.Restore("backup", "data").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Restored("data"), rows);
  std::filesystem::create_directory(world_.Path("empty"));
  ASSERT_TRUE(world_.Restore("backup", "empty").ok()) << "twice, elsewhere";
  EXPECT_EQ(Restored("empty"), rows);
}

TEST_F(BackupTest, DataStaysInItsRegionAndUnderItsKey) {
  Fill();
  BackupOptions elsewhere = world_.To("backup");
  elsewhere.region = "ap-singapore";
  EXPECT_EQ(WriteBackup(elsewhere, world_->policy(), world_->clock()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(world_.Backup("backup").ok());
  world_.CopySecrets("secrets");
  RestoreOptions options = world_.From("backup", "data");
  options.region = "ap-singapore";
  EXPECT_EQ(world_.Restore(options).status().code(), absl::StatusCode::kFailedPrecondition);
  options = world_.From("backup", "data");
  std::filesystem::remove(world_.Path("secrets/ledger.key"));
  EXPECT_EQ(world_.Restore(options).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(NoteSigner::LoadOrCreate(world_.Path("secrets/ledger.key"), kLedgerName).ok());
  EXPECT_EQ(world_.Restore(options).status().code(), absl::StatusCode::kDataLoss) << "signed by another";
  EXPECT_FALSE(std::filesystem::exists(world_.Path("data")));
}

TEST_F(BackupTest, ItWaitsForTheEngineAndSaysSo) {
  const auto turn = TakeTurn(world_.Places().turn);
  ASSERT_TRUE(turn.ok());
  std::vector<std::string> words;
  BackupOptions options = world_.To("backup");
  options.progress = [&](absl::string_view word) { words.emplace_back(word); };
  EXPECT_EQ(WriteBackup(options, world_->policy(), world_->clock()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(world_.Path("backup.unfinished")));
}

TEST_F(BackupTest, ABackupIsRememberedWithTheKeysItIsSealedWith) {
  Fill();
  const auto backup = world_.Backup("backup");
  ASSERT_TRUE(backup.ok());
  const auto keys = world_->keys()->KeysOf(world_->Name(kOld));
  const BackupNotes notes(world_.Path("backups"));
  EXPECT_EQ(notes.Holding(*keys, world_->clock()->Now())->backups, 1u);
  ASSERT_TRUE(world_.Restore("backup", "data").ok());
  const BackupNotes restored(world_.Path("data") + "/backups");
  EXPECT_EQ(restored.Holding(*keys, world_->clock()->Now())->backups, 1u);
}

TEST_F(BackupTest, WhatIsWrittenMeanwhileIsAllThereOrNotAtAll) {
  Fill();
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int run = 0; !stop; ++run) {
      std::vector<std::string> names;
      for (int i = 0; i < 50; ++i) names.push_back(absl::StrCat("run-", run, "-", i));
      ASSERT_TRUE(world_->FoundAll(names, kOld + 10).ok());
    }
  });
  for (const char* name : {"b1", "b2", "b3"}) {
    const auto backup = world_.Backup(name);
    EXPECT_TRUE(backup.ok()) << backup.status();
  }
  stop = true;
  writer.join();
  for (const std::string name : {"b1", "b2", "b3"}) {
    ASSERT_TRUE(world_.Restore(name, name + "-data").ok());
    SqliteStoreOptions options;
    options.path = world_.Path(name + "-data") + "/rollcall.db";
    const auto store = SqliteStore::Open(options);
    const auto page = (*store)->ScanBucket(world_->Ref(kOld + 10), "", 100'000, RowContent::kWhole);
    ASSERT_TRUE(page.ok());
    std::set<std::string> current;
    size_t count = 0;
    for (const BucketRow& row : page->rows) {
      if (row.version.ended_at.has_value() || row.version.collector != "all_accounts") continue;
      pb::Record record;
      ASSERT_TRUE(record.ParseFromString(row.version.payload));
      const std::string& account = record.account().name();
      if (account.substr(0, 4) != "run-") continue;
      current.insert(account.substr(0, account.rfind('-')));
      ++count;
    }
    EXPECT_LE(current.size(), 1u) << "of one run only";
    EXPECT_TRUE(count == 0 || count == 50) << count;
  }
}

TEST_F(BackupTest, AgentsAreAskedForTheCompleteSet) {
  ASSERT_TRUE(world_->FoundAll(Marked(0, 5), kOld).ok());
  ASSERT_TRUE(world_.Backup("backup").ok());
  ASSERT_TRUE(world_.Restore("backup", "data").ok());
  SqliteStoreOptions options;
  options.path = world_.Path("data") + "/rollcall.db";
  const auto store = SqliteStore::Open(options);
  const auto before = world_->store()->ListUnits(kTenant, "agent-1");
  const auto after = (*store)->ListUnits(kTenant, "agent-1");
  ASSERT_THAT(*before, SizeIs(1));
  ASSERT_THAT(*after, SizeIs(1));
  PreparedConfirmation confirmation;
  confirmation.collector = "all_accounts";
  confirmation.scope.set_type(pb::Scope::HOST);
  confirmation.epoch = 1;
  confirmation.generation = before->front().generation;
  confirmation.digest_low = before->front().digest.low();
  EXPECT_EQ((*store)->ConfirmUnits({kTenant, "agent-1"}, {&confirmation, 1}, world_->clock()->Now())->front(), false);
  EXPECT_EQ(after->front().digest, before->front().digest) << "its records are";
}

TEST_F(BackupTest, EveryByteThatIsAnotherIsFound) {
  ASSERT_TRUE(world_->FoundAll({"a", "b"}, kOld).ok());
  ASSERT_TRUE(world_.Backup("backup").ok());
  const std::string folder = world_.Path("backup");
  const auto signer = LoadSigner(world_.Path("ledger.key"), kLedgerName);
  const auto files = OpenExistingFolder(folder);
  ASSERT_TRUE(VerifyBackup(files->get(), *signer).ok());
  for (const std::string& name : FilesBelow(folder)) {
    const std::string path = folder + "/" + name;
    const std::string bytes = ReadBytes(path);
    // Every byte of what is signed; of the rest, whose hashes are, some of every file.
    const size_t step = name.substr(0, 9) == "manifest." ? 1 : 1 + bytes.size() / 40;
    for (size_t i = 0; i < bytes.size(); i += step) {
      std::string other = bytes;
      other[i] = static_cast<char>(other[i] ^ (1 << (i % 8)));
      WriteBytes(path, other);
      ASSERT_FALSE(VerifyBackup(files->get(), *signer).ok()) << name << " at " << i;
    }
    WriteBytes(path, bytes.substr(0, bytes.size() - 1));
    EXPECT_FALSE(VerifyBackup(files->get(), *signer).ok()) << name << " cut";
    std::filesystem::remove(path);
    EXPECT_FALSE(VerifyBackup(files->get(), *signer).ok()) << name << " gone";
    WriteBytes(path, bytes);
  }
  ASSERT_TRUE(VerifyBackup(files->get(), *signer).ok());
  std::string object = ReadBytes(folder + "/store.db");
  object[100] = static_cast<char>(object[100] ^ 1);
  WriteBytes(folder + "/store.db", object);
  EXPECT_EQ(world_.Restore("backup", "data").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(world_.Path("data")));
}

}  // namespace
}  // namespace rollcall
