#include "backend/keys/key_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "backend/keys/aes_gcm.h"
#include "backend/keys/private_file.h"
#include "platform/errno_status.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr char kSchema[] = R"sql(
  CREATE TABLE IF NOT EXISTS keys(
    key_id BLOB PRIMARY KEY NOT NULL, tag BLOB NOT NULL, created_us INTEGER NOT NULL, wrapped BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS keys_by_tag ON keys(tag);
  CREATE TABLE IF NOT EXISTS destroyed(
    key_id BLOB PRIMARY KEY NOT NULL, tag BLOB NOT NULL, destroyed_us INTEGER NOT NULL, trace BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS destroyed_by_tag ON destroyed(tag);
)sql";

constexpr size_t kScanBytes = size_t{1} << 20;

uint64_t Word(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

absl::Status DestroyKey(Connection* db, const std::string& key_id, absl::Time now) {
  const absl::StatusOr<KeyRow> row = FindKey(db, key_id);
  if (absl::IsNotFound(row.status())) return absl::OkStatus();
  if (!row.ok()) return row.status();
  if (row->wrapped.empty()) return absl::OkStatus();
  const std::string trace = Complement(absl::string_view(row->wrapped).substr(0, kNonceBytes));
  ROLLCALL_RETURN_IF_ERROR(db->Prepare("INSERT INTO destroyed(key_id, tag, destroyed_us, trace) VALUES(?, ?, ?, ?)")
                               .Blob(key_id)
                               .Blob(row->tag)
                               .Int(absl::ToUnixMicros(now))
                               .Blob(trace)
                               .Run());
  // secure_delete overwrites what is freed; this one does not depend on it.
  ROLLCALL_RETURN_IF_ERROR(
      db->Prepare("UPDATE keys SET wrapped = zeroblob(length(wrapped)) WHERE key_id = ?").Blob(key_id).Run());
  return db->Prepare("DELETE FROM keys WHERE key_id = ?").Blob(key_id).Run();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> OpenKeyDatabase(const std::string& path) {
  // SQLite gives its log and index the mode of the database, which must be right before there is anything in it.
  ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat info;
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "open key store", path);
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("open key store ", path, ": others may use it; set its mode to 0600"));
  }
  fd.Reset();
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Connection> db, Connection::Open(path, Connection::Mode::kReadWrite));
  ROLLCALL_RETURN_IF_ERROR(db->Execute("PRAGMA journal_mode=WAL"));
  ROLLCALL_RETURN_IF_ERROR(db->Execute(kSchema));
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t secure, db->QueryInt("PRAGMA secure_delete"));
  if (secure != 1) return absl::InternalError("open key store: SQLite does not overwrite what it deletes");
  return db;
}

absl::StatusOr<KeyRow> FindKey(Connection* db, absl::string_view key_id) {
  KeyRow row;
  {
    Statement live = db->Prepare("SELECT tag, wrapped FROM keys WHERE key_id = ?");
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, live.Blob(key_id).Step());
    if (found) {
      row.tag = std::string(live.ColumnBlob(0));
      row.wrapped = std::string(live.ColumnBlob(1));
      return row;
    }
  }
  Statement gone = db->Prepare("SELECT tag, destroyed_us, trace FROM destroyed WHERE key_id = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, gone.Blob(key_id).Step());
  if (!found) return absl::NotFoundError("find data key: there is none of that id");
  row.tag = std::string(gone.ColumnBlob(0));
  row.destroyed_at = absl::FromUnixMicros(gone.ColumnInt(1));
  row.trace = std::string(gone.ColumnBlob(2));
  return row;
}

absl::Status InsertKey(Connection* db, absl::string_view key_id, const std::string& tag, absl::string_view wrapped,
                       absl::Time now) {
  return db->Prepare("INSERT INTO keys(key_id, tag, created_us, wrapped) VALUES(?, ?, ?, ?)")
      .Blob(key_id)
      .Blob(tag)
      .Int(absl::ToUnixMicros(now))
      .Blob(wrapped)
      .Run();
}

absl::Status DestroyKeys(Connection* db, const std::vector<std::string>& key_ids, absl::Time now) {
  {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db));
    for (const std::string& key_id : key_ids) ROLLCALL_RETURN_IF_ERROR(DestroyKey(db, key_id, now));
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  return TruncateLog(db);
}

absl::Status TruncateLog(Connection* db) {
  // The first column is whether a reader kept it from finishing.
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t busy, db->QueryInt("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy != 0) return absl::UnavailableError("truncate log of key store: it is being read");
  return absl::OkStatus();
}

absl::Status RewriteDatabase(Connection* db) {
  ROLLCALL_RETURN_IF_ERROR(db->Execute("VACUUM"));
  return TruncateLog(db);
}

absl::StatusOr<bool> FileHasAny(const std::string& path, const std::vector<std::string>& patterns) {
  absl::flat_hash_set<uint64_t> beginnings;
  for (const std::string& pattern : patterns) beginnings.insert(Word(pattern.data()));
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return false;
  if (!fd.valid()) return ErrnoStatus(errno, "read", path);
  std::string buffer(kScanBytes, '\0');
  size_t kept = 0;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data() + kept, buffer.size() - kept);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read", path);
    if (got == 0) return false;
    const absl::string_view bytes(buffer.data(), kept + static_cast<size_t>(got));
    for (size_t at = 0; at + kNonceBytes <= bytes.size(); ++at) {
      if (!beginnings.contains(Word(bytes.data() + at))) continue;
      for (const std::string& pattern : patterns) {
        if (bytes.substr(at, kNonceBytes) == absl::string_view(pattern)) return true;
      }
    }
    // One that lies across the end of the buffer.
    kept = std::min(bytes.size(), kNonceBytes - 1);
    std::memmove(buffer.data(), bytes.data() + bytes.size() - kept, kept);
  }
}

std::string Complement(absl::string_view bytes) {
  std::string complement(bytes);
  for (char& c : complement) c = static_cast<char>(~c);
  return complement;
}

}  // namespace rollcall
