// What is there, in stores, archive, key store and ledger of the simulated backend.
#include <algorithm>
#include <utility>

#include "backend/engine/archived_row.h"
#include "backend/ledger/certificate.h"
#include "backend/ledger/note_signer.h"
#include "cli/verify/certificate_verifier.h"
#include "platform/status_macros.h"
#include "tests/simulator/backend_names.h"

namespace rollcall::simulator {
namespace {

// Of a key that signs nothing but this.
constexpr char kLogSecret[] =
    "PRIVATE+KEY+rollcall.example.com/ledger+837c014b+AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

// Between two looks at every place where the archive might have something, not only where it had and where something
// left the stores.
constexpr uint64_t kLooksBetween = 10;

std::string NameIn(const BucketRow& row) {
  pb::Record record;
  record.ParseFromString(row.version.payload);
  return record.account().name();
}

std::string CountOf(const BucketSummary& bucket) {
  return absl::StrCat(bucket.records, " ", bucket.bytes, " ", absl::FormatTime(bucket.first_stored_at), " ",
                      absl::FormatTime(bucket.first_observed), " ", absl::FormatTime(bucket.last_observed));
}

BucketId IdOf(const BucketKey& key) {
  return {key.category == pb::CONSOLE_CONFIG ? DataKind::kSettings : DataKind::kAssets, key.hosting_service,
          NumberOf({static_cast<int>(key.collected_day.year()), key.collected_day.month(), key.collected_day.day()})};
}

}  // namespace

std::string TextOf(const BucketId& bucket) {
  return absl::StrCat(bucket.kind == DataKind::kAssets ? "assets " : "settings ", bucket.service, " ",
                      TextOf(bucket.day));
}

bool BucketOf(const pb::BucketName& name, BucketId* bucket) {
  *bucket = {name.category() == pb::CONSOLE_CONFIG ? DataKind::kSettings : DataKind::kAssets, name.hosting_service(),
             ParseDayText(name.collected_day())};
  return name.tenant() == kTenantName && bucket->day >= 0;
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

absl::StatusOr<Sight> SimulatedBackend::Look(bool everywhere) {
  Sight sight;
  std::set<BucketId> in_stores;
  ROLLCALL_RETURN_IF_ERROR(LookIntoStores(&sight, &in_stores));
  everywhere = everywhere || ++looks_ % kLooksBetween == 0;
  for (const BucketId& bucket : buckets_) {
    // What has moved has left the stores.
    const bool moved = was_in_stores_.count(bucket) > 0 && in_stores.count(bucket) == 0;
    if (!everywhere && !moved && in_archive_.count(bucket) == 0) continue;
    ROLLCALL_RETURN_IF_ERROR(LookIntoArchive(bucket, &sight));
  }
  was_in_stores_ = std::move(in_stores);
  in_archive_ = sight.archived;
  return sight;
}

absl::Status SimulatedBackend::LookIntoStores(Sight* sight, std::set<BucketId>* in_stores) {
  BucketPage page;
  do {
    ROLLCALL_ASSIGN_OR_RETURN(page, store_->ListBuckets(kTenantName, absl::UTCTimeZone(), page.next_cursor, 1000));
    for (const BucketSummary& bucket : page.buckets) {
      const BucketId id = IdOf(bucket.key);
      buckets_.insert(id);
      in_stores->insert(id);
      CachedRows& rows = rows_[id];
      // Read again if anything of it changed.
      const std::string count = CountOf(bucket);
      if (rows.count != count) {
        ROLLCALL_ASSIGN_OR_RETURN(rows.names, NamesIn(bucket.key));
        rows.count = count;
      }
      for (const std::string& name : rows.names) sight->records[name].in_stores.insert(id);
    }
  } while (!page.next_cursor.empty());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SimulatedBackend::NamesIn(const BucketKey& bucket) {
  std::vector<std::string> names;
  ROLLCALL_ASSIGN_OR_RETURN(const BucketRowPage rows, store_->ScanBucket({kTenantName, bucket, absl::UTCTimeZone()}, "",
                                                                         10'000, RowContent::kWhole));
  for (const BucketRow& row : rows.rows) names.push_back(NameIn(row));
  return names;
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
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> keys, keys_->KeysOf(name));
    if (std::find(keys.begin(), keys.end(), object.key_id) == keys.end()) continue;
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
