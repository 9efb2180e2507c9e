// Records in memory as rows that SQL can select.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_PREPARED_ROWS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_PREPARED_ROWS_H_

#include <sqlite3.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

struct PreparedRow {
  const PreparedRecord* record = nullptr;
  // Nanoseconds since 1970.
  int64_t first_seen = 0;
  int64_t valid_from = 0;
};
using PreparedRows = std::vector<PreparedRow>;

// What a pointer to PreparedRows is bound as, with Statement::Pointer.
inline constexpr char kPreparedRowsPointer[] = "rollcall_prepared_rows";

// Gives statements of the connection a table `prepared_rows(rows)` with the columns kind, asset_key, fingerprint,
// collected_at, first_seen, valid_from, clock_suspect and payload. `rows` is a parameter to which PreparedRows
// are bound; they, their records and what these point to must live until the statement has run. Nothing is copied.
//
// One statement that inserts all rows of a part is for SQLite a fifth less work than one for each row. Virtual tables:
// www.sqlite.org/vtab.html.
absl::Status AddPreparedRows(Connection* connection);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_PREPARED_ROWS_H_
