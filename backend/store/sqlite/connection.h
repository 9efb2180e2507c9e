// One SQLite connection and a pool of them for readers.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_CONNECTION_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_CONNECTION_H_

#include <sqlite3.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/store/sqlite/statement.h"

namespace rollcall {

// How long a lock is waited for that another process (a second backend, a backup, a shell) holds for a moment.
inline constexpr int kBusyTimeoutMs = 5000;

// Owns a connection and its prepared statements. Not thread-safe.
class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Opens (and with kReadWrite creates) the database, and sets what belongs to a connection:
  // busy timeout, synchronous=FULL, secure_delete, foreign keys, cache size. What is written to the database file is
  // scrubbed (scrubbing_vfs.h), and the database cannot grow larger than that works for, which is 128 GiB.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs statements that give no rows.
  absl::Status Execute(const char* sql);
  // First column of the first row, for pragmas. NotFound if there is no row.
  absl::StatusOr<int64_t> QueryInt(const char* sql);

  // Lends a prepared statement; `sql` must be a string literal: its address is the key. A statement
  // must not be lent twice at a time.
  Statement Prepare(const char* sql);

  // Calls `on_commit` after each commit that wrote, with the number of pages in the write-ahead log. In place of
  // SQLite's own checkpoints.
  void OnCommit(std::function<void(int pages)> on_commit);

  // The database file, as SQLite has it open: for what SQL has no words for.
  sqlite3_file* file() const;
  // Gives statements a table that is not in the database. `module` must outlive the connection.
  absl::Status AddTable(const char* name, const sqlite3_module* module);

  // Rows inserted, changed or deleted since the connection was opened.
  int64_t total_changes() const { return sqlite3_total_changes64(db_); }

 private:
  explicit Connection(sqlite3* db) : db_(db) {}

  sqlite3* db_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  std::function<void(int pages)> on_commit_;
};

// A transaction that rolls back unless it is committed.
class Transaction {
 public:
  // Takes the write lock at once, so that nothing fails half-way for want of it.
  static absl::StatusOr<Transaction> BeginWrite(Connection* connection);
  // One snapshot for several reads.
  static absl::StatusOr<Transaction> BeginRead(Connection* connection);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  absl::Status Commit();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

// Lends read-only connections, opened when first needed, at most `limit` at a time. Thread-safe.
class ReaderPool {
 public:
  ReaderPool(std::string path, size_t limit) : path_(std::move(path)), limit_(limit) {}

  // Gives the connection back when it goes.
  class Lease {
   public:
    Lease(ReaderPool* pool, std::unique_ptr<Connection> connection) : pool_(pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection* get() const { return connection_.get(); }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Waits while all connections are lent.
  absl::StatusOr<Lease> Take();

 private:
  void Return(std::unique_ptr<Connection> connection);

  const std::string path_;
  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable returned_;
  size_t lent_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_CONNECTION_H_
