// A prepared SQLite statement.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_STATEMENT_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_STATEMENT_H_

#include <sqlite3.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Status of the connection's last failed call. Unavailable for what may pass (busy, full, I/O),
// DataLoss for damage, Internal for anything that should not happen.
absl::Status SqliteStatus(sqlite3* db, int code);

// One use of a prepared statement: bind in order, step, read columns. Resets the statement when
// it goes, so the connection can lend it again. Not thread-safe; bound text and blobs are not
// copied and must live until the last step.
//
// Errors while preparing or binding are kept and returned by the next Step() or Run().
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* stmt, int error) : db_(db), stmt_(stmt), error_(error) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement() { Reset(); }

  // Each binds the next parameter.
  Statement& Int(int64_t value);
  Statement& Unsigned(uint64_t value) { return Int(static_cast<int64_t>(value)); }
  Statement& Text(absl::string_view value);
  Statement& Blob(absl::string_view value);
  Statement& Null();
  // A pointer that only a table of ours can read, if it asks for one of that `type`, which must be a string literal.
  Statement& Pointer(const void* value, const char* type);
  template <typename Array>
  Statement& Bytes(const Array& value) {
    return Blob(absl::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
  }

  // True while there is a row.
  absl::StatusOr<bool> Step();
  // Steps to the end.
  absl::Status Run();
  // Makes the statement ready to be bound and stepped again.
  void Reset();
  // The same, with parameters 1 to `parameters` bound as before: their text and blobs must live on.
  void ResetAfter(int parameters);

  // Columns of the current row. Views live until the next step.
  int64_t ColumnInt(int column) const { return sqlite3_column_int64(stmt_, column); }
  uint64_t ColumnUnsigned(int column) const { return static_cast<uint64_t>(ColumnInt(column)); }
  bool ColumnIsNull(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }
  absl::string_view ColumnText(int column) const;
  absl::string_view ColumnBlob(int column) const;
  // Fills a fixed-size array. DataLoss if the column has another size.
  template <typename Array>
  absl::Status ColumnBytes(int column, Array* out) const {
    return CopyBytes(column, out->data(), out->size());
  }

 private:
  void Keep(int code) {
    if (error_ == SQLITE_OK) error_ = code;
  }
  absl::Status CopyBytes(int column, uint8_t* out, size_t size) const;

  sqlite3* db_;
  sqlite3_stmt* stmt_;
  int next_parameter_ = 0;
  int error_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_STATEMENT_H_
