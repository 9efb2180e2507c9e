#include "backend/engine_home/engine_home.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/archive/directory_archive.h"
#include "backend/pki/credential_files.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Whether anything of the tenant is, or may be, in the archive.
absl::StatusOr<bool> IsArchived(TenantLifecycle* tenant) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, tenant->Buckets());
  return std::any_of(buckets.begin(), buckets.end(), [](const StoredBucket& bucket) {
    return bucket.facts.state != pb::BUCKET_ACTIVE && bucket.facts.state != pb::BUCKET_PURGED;
  });
}

// A tenant has its key from the start: without, nothing of it could be archived on the day it has to be. But a key that
// is missing beside archived data is a folder that is not mounted; a new one would not open the old data.
absl::Status MakeTenantKeys(const EngineHomeOptions& options, LifecycleStore* lifecycle, FileKekProvider* keks) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, lifecycle->Tenants());
  for (const std::string& name : tenants) {
    ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle->Tenant(name));
    ROLLCALL_ASSIGN_OR_RETURN(const pb::TenantFacts facts, tenant.Facts());
    if (facts.region() != options.region) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const bool has_key, keks->Has({name, options.region}));
    if (has_key) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const bool archived, IsArchived(&tenant));
    if (archived) {
      return absl::FailedPreconditionError(absl::StrCat("find key of tenant ", name,
                                                        ": it is missing, and the tenant has archived data; is the "
                                                        "folder of keys mounted?"));
    }
    ROLLCALL_RETURN_IF_ERROR(keks->Create({name, options.region}));
  }
  return absl::OkStatus();
}

// What agents may have collected before they were enrolled: the longest a spool keeps anything, and a day for zones.
constexpr int kDaysBefore = 8;

// The day of the ledger's first entry, or somewhat before: earlier, there was no tenant.
absl::StatusOr<absl::CivilDay> DayOfLedger(const Ledger& ledger, const RetentionPolicy& policy, absl::Time now) {
  if (ledger.Head().size == 0) return DayOf(now, policy.zone);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string leaf, ledger.Leaf(0));
  pb::LedgerEntry entry;
  if (!entry.ParseFromString(leaf)) return absl::DataLossError("read first entry of the ledger: it does not parse");
  return DayOf(FromWire(entry.at()).value_or(now), policy.zone) - kDaysBefore;
}

// Or that of the earliest bucket, which may be earlier: data that was there before the ledger was, or with another one.
absl::StatusOr<absl::CivilDay> FirstDay(const Ledger& ledger, LifecycleStore* lifecycle, const RetentionPolicy& policy,
                                        absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(absl::CivilDay first, DayOfLedger(ledger, policy, now));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, lifecycle->Tenants());
  for (const std::string& name : tenants) {
    ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle->Tenant(name));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<StoredBucket> buckets, tenant.Buckets());
    for (const StoredBucket& bucket : buckets) first = std::min(first, bucket.facts.key.collected_day);
  }
  return first;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EngineHome>> EngineHome::Open(const EngineHomeOptions& options,
                                                             const EngineHomeParts& parts) {
  auto home = std::unique_ptr<EngineHome>(new EngineHome);
  const std::string keys = absl::StrCat(options.data_dir, "/keys");
  ROLLCALL_RETURN_IF_ERROR(MakePrivateFolder(keys));
  home->keks_ =
      std::make_unique<FileKekProvider>(options.kek_dir.empty() ? absl::StrCat(keys, "/kek") : options.kek_dir);
  ROLLCALL_RETURN_IF_ERROR(MakeTenantKeys(options, parts.lifecycle, home->keks_.get()));
  DataKeyStoreOptions key_options;
  key_options.path = absl::StrCat(keys, "/data_keys.db");
  key_options.ring_folder = absl::StrCat(keys, "/ring");
  ROLLCALL_ASSIGN_OR_RETURN(home->keys_, DataKeyStore::Open(key_options, home->keks_.get()));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<ArchiveFiles> files,
                            OpenArchiveFolder(absl::StrCat(options.data_dir, "/archive")));
  DirectoryArchiveOptions archive_options;
  archive_options.region = options.region;
  ROLLCALL_ASSIGN_OR_RETURN(home->archive_,
                            DirectoryArchive::Open(archive_options, std::move(files), home->keys_.get(), parts.clock));
  home->backups_ = std::make_unique<BackupNotes>(absl::StrCat(options.data_dir, "/backups"));
  EngineOptions engine;
  engine.policy = options.policy;
  engine.region = options.region;
  engine.pace = options.pace;
  engine.enforce = options.enforce;
  EngineLoopOptions loop;
  loop.interval = options.interval;
  loop.turn_file = absl::StrCat(options.data_dir, "/engine.lock");
  loop.on_counted = parts.on_counted;
  ROLLCALL_ASSIGN_OR_RETURN(loop.first_day,
                            FirstDay(*parts.ledger, parts.lifecycle, *options.policy, parts.clock->Now()));
  home->loop_ = std::make_unique<EngineLoop>(
      EngineParts{parts.lifecycle, parts.store, parts.agents, home->archive_.get(), home->keys_.get(), parts.clock,
                  parts.reading, parts.logger, home->backups_.get()},
      engine, loop, parts.observer);
  return home;
}

}  // namespace rollcall
