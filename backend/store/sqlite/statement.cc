#include "backend/store/sqlite/statement.h"

#include <cstring>
#include <utility>

namespace rollcall {

absl::Status SqliteStatus(sqlite3* db, int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return absl::OkStatus();
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  const bool same = (extended & 0xff) == (code & 0xff);
  const std::string message =
      absl::StrCat("sqlite: ", same && db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code), " (code ",
                   same ? extended : code, ")");
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return absl::UnavailableError(message);
    default:
      return absl::InternalError(message);
  }
}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      stmt_(std::exchange(other.stmt_, nullptr)),
      next_parameter_(other.next_parameter_),
      error_(other.error_) {}

Statement& Statement::Int(int64_t value) {
  if (stmt_ != nullptr) Keep(sqlite3_bind_int64(stmt_, ++next_parameter_, value));
  return *this;
}

Statement& Statement::Text(absl::string_view value) {
  // A null pointer would bind NULL; an empty view may have one.
  const char* data = value.data() != nullptr ? value.data() : "";
  if (stmt_ != nullptr) {
    Keep(sqlite3_bind_text64(stmt_, ++next_parameter_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  return *this;
}

Statement& Statement::Blob(absl::string_view value) {
  const char* data = value.data() != nullptr ? value.data() : "";
  if (stmt_ != nullptr) Keep(sqlite3_bind_blob64(stmt_, ++next_parameter_, data, value.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::Null() {
  if (stmt_ != nullptr) Keep(sqlite3_bind_null(stmt_, ++next_parameter_));
  return *this;
}

Statement& Statement::Pointer(const void* value, const char* type) {
  // SQLite hands it on as it is, and to readers of that type only.
  if (stmt_ != nullptr) {
    Keep(sqlite3_bind_pointer(stmt_, ++next_parameter_, const_cast<void*>(value), type, nullptr));
  }
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (error_ != SQLITE_OK) return SqliteStatus(db_, error_);
  const int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error_ = code;
  return SqliteStatus(db_, code);
}

absl::Status Statement::Run() {
  while (true) {
    absl::StatusOr<bool> row = Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
  }
}

void Statement::Reset() {
  if (stmt_ == nullptr) return;
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
  next_parameter_ = 0;
  error_ = SQLITE_OK;
}

void Statement::ResetAfter(int parameters) {
  if (stmt_ == nullptr) return;
  sqlite3_reset(stmt_);
  next_parameter_ = parameters;
  error_ = SQLITE_OK;
}

absl::string_view Statement::ColumnText(int column) const {
  const unsigned char* text = sqlite3_column_text(stmt_, column);
  if (text == nullptr) return "";
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(sqlite3_column_bytes(stmt_, column))};
}

absl::string_view Statement::ColumnBlob(int column) const {
  const void* blob = sqlite3_column_blob(stmt_, column);
  if (blob == nullptr) return "";
  return {static_cast<const char*>(blob), static_cast<size_t>(sqlite3_column_bytes(stmt_, column))};
}

absl::Status Statement::CopyBytes(int column, uint8_t* out, size_t size) const {
  const absl::string_view blob = ColumnBlob(column);
  if (blob.size() != size) {
    return absl::DataLossError(
        absl::StrCat("column ", sqlite3_column_name(stmt_, column), " has ", blob.size(), " bytes instead of ", size));
  }
  std::memcpy(out, blob.data(), size);
  return absl::OkStatus();
}

}  // namespace rollcall
