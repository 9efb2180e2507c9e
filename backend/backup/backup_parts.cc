#include "backend/backup/backup_parts.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backend/archive/running_hash.h"
#include "backend/archive/sealed_stream.h"
#include "backend/keys/private_file.h"
#include "backend/store/sqlite/connection.h"
#include "platform/errno_status.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxManifestBytes = size_t{256} << 20;
constexpr size_t kMaxSignatureBytes = size_t{4} << 10;
// How often a ledger is copied whose end is being written.
constexpr int kLedgerTries = 20;
constexpr absl::Duration kLedgerPause = absl::Milliseconds(50);

constexpr absl::string_view kLedgerParts[] = {"acknowledged", "log", "tree"};

absl::StatusOr<std::string> HashHex(absl::string_view bytes) {
  RunningHash hash;
  hash.Add(bytes);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string digest, hash.Finish());
  return absl::BytesToHexString(digest);
}

// False if the end that was copied was not whole.
absl::StatusOr<bool> OpenCopy(const std::string& path, const Clock* clock, TreeHead* head) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<LedgerFiles> files, OpenLedgerFolder(path));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(std::move(files), clock));
  *head = ledger->Head();
  return ledger->recovery().cut_bytes == 0;
}

absl::Status CompareFile(ArchiveFiles* backup, const pb::BackedUpFile& wanted) {
  if (!IsPlainPath(wanted.path())) return absl::DataLossError("read backup: a file's path leads out of it");
  const absl::StatusOr<pb::BackedUpFile> there = DescribeFile(backup, wanted.path());
  if (!there.ok()) {
    return absl::DataLossError(absl::StrCat("read backup: file ", wanted.path(), ": ", there.status().message()));
  }
  if (there->bytes() != wanted.bytes() || there->sha256() != wanted.sha256()) {
    return absl::DataLossError(absl::StrCat("read backup: file ", wanted.path(), " is not what was written"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CopyDatabase(const std::string& from, ArchiveFiles* to_files, const std::string& to_name,
                          const std::string& to) {
  // SQLite would make it with the process's umask, and fills one that is empty.
  ROLLCALL_RETURN_IF_ERROR(WriteNewFile(to_files, to_name, "").status());
  if (::access(from.c_str(), R_OK) != 0) return ErrnoStatus(errno, "read", from);
  {
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db,
                              Connection::Open(from, Connection::Mode::kReadOnly));
    // Of the copy; what it is made of was opened for reading only.
    ROLLCALL_RETURN_IF_ERROR(db->Execute("PRAGMA query_only=OFF"));
    const absl::Status copied = db->Prepare("VACUUM INTO ?").Text(to).Run();
    if (!copied.ok()) return absl::Status(copied.code(), absl::StrCat("copy ", from, ": ", copied.message()));
  }
  return SyncFileAt(to);
}

absl::StatusOr<TreeHead> CopyLedger(ArchiveFiles* from, const std::string& from_folder, ArchiveFiles* to,
                                    const std::string& to_folder, const std::string& to_path, const Clock* clock) {
  absl::Status incomplete;
  for (int tries = 0; tries < kLedgerTries; ++tries) {
    ROLLCALL_RETURN_IF_ERROR(RemoveTree(to, to_folder));
    ROLLCALL_RETURN_IF_ERROR(to->MakeFolders(to_folder));
    // What is acknowledged first: the log that is copied later has it.
    for (const absl::string_view part : kLedgerParts) {
      ROLLCALL_RETURN_IF_ERROR(CopyFile(from, JoinPath(from_folder, part), to, JoinPath(to_folder, part)).status());
    }
    TreeHead head;
    const absl::StatusOr<bool> whole = OpenCopy(to_path, clock, &head);
    if (!whole.ok() && !absl::IsDataLoss(whole.status())) return whole.status();
    if (!whole.ok() || !*whole) {
      // What was being written looks damaged in the copy: it is whole in a moment, or really is.
      incomplete = whole.ok() ? absl::UnavailableError("copy ledger: its end is half written") : whole.status();
      clock->WaitFor(kLedgerPause, StopToken());
      continue;
    }
    ROLLCALL_RETURN_IF_ERROR(to->Remove(JoinPath(to_folder, "lock")));
    // What was cut off earlier is kept beside the log, and is in it by its hash.
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<ArchiveEntry> entries, from->List(from_folder));
    for (const ArchiveEntry& entry : entries) {
      if (!absl::StartsWith(entry.name, "torn-")) continue;
      ROLLCALL_RETURN_IF_ERROR(
          CopyFile(from, JoinPath(from_folder, entry.name), to, JoinPath(to_folder, entry.name)).status());
    }
    return head;
  }
  return incomplete;
}

absl::StatusOr<std::string> SignManifest(const std::string& backup_id, const std::string& manifest,
                                         const NoteSigner& signer) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string hash, HashHex(manifest));
  return signer.Sign(absl::StrCat("rollcall backup v1\n", backup_id, "\n", hash, "\n"));
}

absl::StatusOr<pb::BackupManifest> VerifyBackup(ArchiveFiles* backup, const NoteSigner& signer) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(backup, kManifestName, kMaxManifestBytes));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string note, ReadWholeFile(backup, kSignatureName, kMaxSignatureBytes));
  // Ed25519 signs the same text the same way each time.
  const std::vector<std::string> lines = absl::StrSplit(note, absl::MaxSplits('\n', 2));
  const absl::StatusOr<std::string> expected =
      lines.size() < 2 ? absl::InvalidArgumentError("no note") : SignManifest(lines[1], bytes, signer);
  if (!expected.ok() || note != *expected) {
    return absl::DataLossError(
        absl::StrCat("read backup: its manifest is not what was signed with the ledger's key ", signer.PublicText()));
  }
  pb::BackupManifest manifest;
  if (!manifest.ParseFromString(bytes) || manifest.backup_id() != lines[1]) {
    return absl::DataLossError("read backup: its manifest is not that of the backup");
  }
  if (manifest.format() != kBackupFormat) {
    return absl::FailedPreconditionError(absl::StrCat("read backup: it is of format ", manifest.format()));
  }
  for (const pb::BackedUpFile& file : manifest.files()) ROLLCALL_RETURN_IF_ERROR(CompareFile(backup, file));
  return manifest;
}

absl::StatusOr<NoteSigner> LoadSigner(const std::string& path, const std::string& name) {
  ROLLCALL_ASSIGN_OR_RETURN(std::string secret, ReadPrivateFile(path));
  while (absl::EndsWith(secret, "\n")) secret.pop_back();
  ROLLCALL_ASSIGN_OR_RETURN(NoteSigner signer, NoteSigner::Parse(secret));
  if (signer.name() != name) {
    return absl::FailedPreconditionError(absl::StrCat("use ", path, ": it is the key of ", signer.name(), ", not of ",
                                                      name, "; see the setting ledger_name"));
  }
  return signer;
}

absl::StatusOr<std::string> KeyIdOfObject(ArchiveFiles* files, const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, files->Open(path));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, source->Read(kSealedHeaderBytes));
  absl::StatusOr<SealedHeader> header = ParseSealedHeader(bytes);
  if (!header.ok()) {
    return absl::DataLossError(absl::StrCat("read object ", path, ": ", header.status().message()));
  }
  return std::move(header->key_id);
}

}  // namespace rollcall
