#include "backend/store/sqlite/connection.h"

#include <utility>

#include "backend/store/sqlite/page_scrub.h"
#include "backend/store/sqlite/scrubbing_vfs.h"
#include "platform/status_macros.h"

namespace rollcall {
absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Mode mode) {
  const int access = mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* db = nullptr;
  const char* vfs = ScrubbingVfs();
  if (vfs == nullptr) return absl::InternalError("register the way databases are written: SQLite refuses it");
  const int code = sqlite3_open_v2(path.c_str(), &db, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
  // The handle must be closed even if opening failed.
  std::unique_ptr<Connection> connection(new Connection(db));
  if (code != SQLITE_OK) return SqliteStatus(db, code);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  ROLLCALL_RETURN_IF_ERROR(connection->Execute(
      "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
      "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;"));
  if (mode == Mode::kReadWrite) {
    // One page less than what is scrubbed.
    static_assert(kMostScrubbedPages == 33'554'432);
    ROLLCALL_RETURN_IF_ERROR(connection->Execute("PRAGMA max_page_count=33554431"));
  }
  ROLLCALL_RETURN_IF_ERROR(connection->Execute(mode == Mode::kReadOnly
                                                   ? "PRAGMA query_only=ON; PRAGMA cache_size=-8192"
                                                   : "PRAGMA cache_size=-65536; PRAGMA journal_size_limit=67108864"));
  return connection;
}

Connection::~Connection() {
  for (auto& [sql, stmt] : statements_) sqlite3_finalize(stmt);
  sqlite3_close(db_);
}

absl::Status Connection::Execute(const char* sql) {
  return SqliteStatus(db_, sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
}

absl::StatusOr<int64_t> Connection::QueryInt(const char* sql) {
  Statement statement = Prepare(sql);
  ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("run ", sql, ": no row"));
  return statement.ColumnInt(0);
}

Statement Connection::Prepare(const char* sql) {
  auto it = statements_.find(sql);
  if (it != statements_.end()) return Statement(db_, it->second, SQLITE_OK);
  sqlite3_stmt* stmt = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, nullptr);
  if (code == SQLITE_OK) statements_.emplace(sql, stmt);
  return Statement(db_, stmt, code);
}

sqlite3_file* Connection::file() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

void Connection::OnCommit(std::function<void(int pages)> on_commit) {
  on_commit_ = std::move(on_commit);
  const auto hook = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Connection*>(self)->on_commit_(pages);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(db_, hook, this);
}

absl::Status Connection::AddTable(const char* name, const sqlite3_module* module) {
  return SqliteStatus(db_, sqlite3_create_module(db_, name, module, nullptr));
}

absl::StatusOr<Transaction> Transaction::BeginWrite(Connection* connection) {
  ROLLCALL_RETURN_IF_ERROR(connection->Execute("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

absl::StatusOr<Transaction> Transaction::BeginRead(Connection* connection) {
  ROLLCALL_RETURN_IF_ERROR(connection->Execute("BEGIN"));
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // After some errors (full disk, I/O) SQLite has rolled back already; this then fails harmlessly.
  if (connection_ != nullptr) connection_->Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  absl::Status status = connection_->Execute("COMMIT");
  if (status.ok()) connection_ = nullptr;
  return status;
}

ReaderPool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}

ReaderPool::Lease::~Lease() {
  if (pool_ != nullptr) pool_->Return(std::move(connection_));
}

absl::StatusOr<ReaderPool::Lease> ReaderPool::Take() {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    returned_.wait(lock, [this] { return lent_ < limit_; });
    ++lent_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection == nullptr) {
    absl::StatusOr<std::unique_ptr<Connection>> opened = Connection::Open(path_, Connection::Mode::kReadOnly);
    if (!opened.ok()) {
      Return(nullptr);
      return opened.status();
    }
    connection = *std::move(opened);
  }
  return Lease(this, std::move(connection));
}

void ReaderPool::Return(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    --lent_;
    if (connection != nullptr) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace rollcall
