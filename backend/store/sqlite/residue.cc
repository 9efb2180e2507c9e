#include "backend/store/sqlite/residue.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/page_scrub.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// How much is looked at while checkpoints wait, and how much is written before it is synced.
constexpr int64_t kPieceBytes = int64_t{1} << 20;
constexpr int64_t kUnsyncedBytes = int64_t{16} << 20;
// The lock that whoever checkpoints holds (https://www.sqlite.org/walformat.html, section 2.3).
constexpr int kCheckpointLock = 1;

// Keeps checkpoints off while it lives.
class CheckpointLock {
 public:
  static absl::StatusOr<CheckpointLock> Take(sqlite3_file* file) {
    const int status = file->pMethods->xShmLock(file, kCheckpointLock, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
    if (status != SQLITE_OK) return absl::UnavailableError("the database is being checkpointed");
    return CheckpointLock(file);
  }
  CheckpointLock(CheckpointLock&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
  CheckpointLock& operator=(CheckpointLock&&) = delete;
  ~CheckpointLock() {
    if (file_ == nullptr) return;
    file_->pMethods->xShmLock(file_, kCheckpointLock, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
  }

 private:
  explicit CheckpointLock(sqlite3_file* file) : file_(file) {}
  sqlite3_file* file_;
};

absl::Status FileStatus(int code, absl::string_view what) {
  if (code == SQLITE_OK) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(what, ": ", sqlite3_errstr(code)));
}

class DatabaseScrubber {
 public:
  DatabaseScrubber(sqlite3_file* file, int64_t page_size)
      : file_(file), page_size_(page_size), piece_(static_cast<size_t>(std::max(page_size, kPieceBytes))) {}

  absl::Status Run(const StopToken& stop) {
    for (bool more = true; more;) {
      if (stop.stop_requested()) return absl::CancelledError("stopped");
      ROLLCALL_ASSIGN_OR_RETURN(more, ScrubPiece());
      if (unsynced_ >= kUnsyncedBytes) ROLLCALL_RETURN_IF_ERROR(Sync());
    }
    return Sync();
  }

 private:
  // False at the end of the file.
  absl::StatusOr<bool> ScrubPiece() {
    ROLLCALL_ASSIGN_OR_RETURN(const CheckpointLock lock, CheckpointLock::Take(file_));
    sqlite3_int64 size = 0;
    ROLLCALL_RETURN_IF_ERROR(FileStatus(file_->pMethods->xFileSize(file_, &size), "look at the file"));
    if (size / page_size_ >= kMostScrubbedPages) return absl::FailedPreconditionError("the database is too large");
    const int64_t bytes =
        std::min<int64_t>(static_cast<int64_t>(piece_.size()), (size - at_) / page_size_ * page_size_);
    if (bytes <= 0) return false;
    ROLLCALL_RETURN_IF_ERROR(
        FileStatus(file_->pMethods->xRead(file_, piece_.data(), static_cast<int>(bytes), at_), "read pages"));
    for (int64_t page = 0; page < bytes; page += page_size_) ROLLCALL_RETURN_IF_ERROR(ScrubAt(page));
    at_ += bytes;
    return true;
  }

  // The page that begins there in the piece.
  absl::Status ScrubAt(int64_t begin) {
    const auto page = absl::MakeSpan(piece_).subspan(static_cast<size_t>(begin), static_cast<size_t>(page_size_));
    const int64_t number = (at_ + begin) / page_size_ + 1;
    const ScrubResult result = ScrubPage(page, number);
    if (result == ScrubResult::kDamaged) return absl::DataLossError(absl::StrCat("page ", number, " is damaged"));
    if (result == ScrubResult::kClean) return absl::OkStatus();
    unsynced_ += page_size_;
    return FileStatus(file_->pMethods->xWrite(file_, page.data(), static_cast<int>(page_size_), at_ + begin),
                      "write a page");
  }

  absl::Status Sync() {
    if (unsynced_ == 0) return absl::OkStatus();
    unsynced_ = 0;
    return FileStatus(file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY), "sync the file");
  }

  sqlite3_file* const file_;
  const int64_t page_size_;
  std::vector<uint8_t> piece_;
  int64_t at_ = 0;
  int64_t unsynced_ = 0;
};

}  // namespace

absl::Status NoteDeletion(Connection* db) { return db->Prepare("UPDATE residue SET deleted = deleted + 1").Run(); }

absl::StatusOr<ResidueState> ReadResidue(Connection* db) {
  Statement read = db->Prepare("SELECT deleted, scrubbed, erased FROM residue");
  ROLLCALL_ASSIGN_OR_RETURN(const bool row, read.Step());
  if (!row) return absl::DataLossError("nothing says what has to be erased");
  return ResidueState{read.ColumnInt(0), read.ColumnInt(1), read.ColumnInt(2)};
}

absl::Status NoteScrubbed(Connection* db, int64_t deletion) {
  return db->Prepare("UPDATE residue SET scrubbed = max(scrubbed, ?)").Int(deletion).Run();
}

absl::Status NoteErased(Connection* db, int64_t deletion) {
  return db->Prepare("UPDATE residue SET erased = max(erased, ?)").Int(deletion).Run();
}

absl::Status ScrubDatabase(const std::string& path, const StopToken& stop) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db, Connection::Open(path, Connection::Mode::kReadWrite));
  // Reading, it comes to know of the log, whose locks are taken below.
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t page_size, db->QueryInt("PRAGMA page_size"));
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t vacuum, db->QueryInt("PRAGMA auto_vacuum"));
  ROLLCALL_RETURN_IF_ERROR(db->QueryInt("SELECT count(*) FROM sqlite_schema").status());
  if (vacuum == 0) return absl::FailedPreconditionError("the database has no pointer maps");
  return DatabaseScrubber(db->file(), page_size).Run(stop);
}

}  // namespace rollcall
