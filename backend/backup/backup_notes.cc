#include "backend/backup/backup_notes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/backup/backup_files.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr absl::string_view kSuffix = ".note.pb";
constexpr size_t kMaxNoteBytes = size_t{64} << 20;

absl::Time ExpiryOf(const pb::BackupNote& note) { return FromWire(note.expires_at()).value_or(absl::InfiniteFuture()); }

}  // namespace

absl::Status BackupNotes::Add(const pb::BackupNote& note) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ArchiveFiles> files, OpenArchiveFolder(folder_));
  const std::string name = absl::StrCat(note.backup_id(), kSuffix);
  const std::string unfinished = name + ".unfinished";
  ROLLCALL_RETURN_IF_ERROR(WriteNewFile(files.get(), unfinished, note.SerializeAsString()).status());
  ROLLCALL_RETURN_IF_ERROR(files->Rename(unfinished, name));
  return files->SyncFolder("");
}

absl::Status BackupNotes::Prune(absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<pb::BackupNote> notes, List());
  if (notes.empty()) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ArchiveFiles> files, OpenArchiveFolder(folder_));
  for (const pb::BackupNote& note : notes) {
    if (ExpiryOf(note) > now) continue;
    ROLLCALL_RETURN_IF_ERROR(files->Remove(absl::StrCat(note.backup_id(), kSuffix)));
  }
  return files->SyncFolder("");
}

absl::StatusOr<std::vector<pb::BackupNote>> BackupNotes::List() const {
  std::vector<pb::BackupNote> notes;
  const absl::StatusOr<std::unique_ptr<ArchiveFiles>> files = OpenExistingFolder(folder_);
  if (absl::IsNotFound(files.status())) return notes;
  if (!files.ok()) return files.status();
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<ArchiveEntry> entries, (*files)->List(""));
  for (const ArchiveEntry& entry : entries) {
    if (!absl::EndsWith(entry.name, kSuffix)) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(files->get(), entry.name, kMaxNoteBytes));
    if (!notes.emplace_back().ParseFromString(bytes) || absl::StrCat(notes.back().backup_id(), kSuffix) != entry.name) {
      return absl::DataLossError(absl::StrCat("read note of a backup ", folder_, "/", entry.name, ": it is damaged"));
    }
  }
  std::sort(notes.begin(), notes.end(),
            [](const pb::BackupNote& a, const pb::BackupNote& b) { return a.backup_id() < b.backup_id(); });
  return notes;
}

absl::StatusOr<BackupsHolding> BackupNotes::Holding(const std::vector<std::string>& key_ids, absl::Time now) const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<pb::BackupNote> notes, List());
  BackupsHolding holding;
  for (const pb::BackupNote& note : notes) {
    const bool holds = std::any_of(key_ids.begin(), key_ids.end(), [&](const std::string& id) {
      return std::binary_search(note.key_ids().begin(), note.key_ids().end(), id);
    });
    if (!holds || ExpiryOf(note) <= now) continue;
    ++holding.backups;
    holding.last_expiry = std::max(holding.last_expiry.value_or(ExpiryOf(note)), ExpiryOf(note));
  }
  return holding;
}

}  // namespace rollcall
