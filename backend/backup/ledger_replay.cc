#include "backend/backup/ledger_replay.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/keys/data_key.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

void AddTombstone(const pb::BucketName& bucket, bool certified, bool since_backup, LedgerReplay* replay) {
  const auto [at, is_new] = replay->tombstones.try_emplace(BucketTag(bucket));
  Tombstone& tombstone = at->second;
  if (is_new) tombstone = {bucket, false, since_backup};
  if (certified && !tombstone.certified) tombstone.since_backup = since_backup;
  tombstone.certified |= certified;
}

absl::Status TakeEntry(const pb::LedgerEntry& entry, bool since_backup, LedgerReplay* replay) {
  switch (entry.what_case()) {
    case pb::LedgerEntry::kPurgeIntended:
      AddTombstone(entry.bucket(), false, since_backup, replay);
      break;
    case pb::LedgerEntry::kPurgeCertified: {
      pb::DeletionStatement statement;
      if (!statement.ParseFromString(entry.purge_certified().statement())) {
        return absl::DataLossError(absl::StrCat("read ledger: entry ", entry.index(), " has no statement"));
      }
      AddTombstone(statement.bucket(), true, since_backup, replay);
      for (const std::string& key : statement.destroyed_key_ids()) replay->destroyed_keys.insert(key);
      break;
    }
    case pb::LedgerEntry::kKeyDestroyed:
      replay->destroyed_keys.insert(entry.key_destroyed().key_id());
      break;
    case pb::LedgerEntry::kLifecycleNoted:
      if (!since_backup) break;
      replay->news.push_back(absl::StrCat(entry.tenant(), " event ", entry.lifecycle_noted().event_id(), " ",
                                          pb::LedgerEntry::LifecycleNoted::Kind_Name(entry.lifecycle_noted().kind())));
      break;
    case pb::LedgerEntry::kHoldChanged:
      if (!since_backup) break;
      replay->news.push_back(absl::StrCat(entry.tenant(), " hold ", entry.hold_changed().hold_id(), " ",
                                          pb::LedgerEntry::HoldChanged::Kind_Name(entry.hold_changed().kind())));
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LedgerReplay> ReplayLedger(const Ledger& ledger, uint64_t backup_size) {
  LedgerReplay replay;
  const uint64_t size = ledger.Head().size;
  for (uint64_t index = 0; index < size; ++index) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string leaf, ledger.Leaf(index));
    pb::LedgerEntry entry;
    if (!entry.ParseFromString(leaf)) {
      return absl::DataLossError(absl::StrCat("read ledger: entry ", index, " cannot be parsed"));
    }
    ROLLCALL_RETURN_IF_ERROR(TakeEntry(entry, index >= backup_size, &replay));
  }
  return replay;
}

absl::Status CheckContinues(const Ledger& ledger, uint64_t size, absl::string_view root) {
  const TreeHead head = ledger.Head();
  if (head.size < size) {
    return absl::FailedPreconditionError(absl::StrCat("use ledger: it has ", head.size, " entries, and the backup's ",
                                                      size, "; leave it out to use the backup's"));
  }
  // Its entries were hashed when it was opened: the root of the first `size` of them is what a consistency proof
  // would be made of.
  ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash there, ledger.Root(size));
  if (HashBytes(there) != root) {
    return absl::FailedPreconditionError(
        absl::StrCat("use ledger: its first ", size, " entries are not those of the backup"));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
