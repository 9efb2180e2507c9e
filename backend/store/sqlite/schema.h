// Tables of the SQLite store, and how older ones become these.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_SCHEMA_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_SCHEMA_H_

#include "backend/store/sqlite/connection.h"

namespace rollcall {

// Version this program writes; kept in `PRAGMA user_version`.
inline constexpr int kSqliteSchemaVersion = 2;
// Kept in `PRAGMA application_id`, so that no other program's database is taken for a store.
inline constexpr int kSqliteApplicationId = 0x524c434c;  // "RLCL"

// Creates the tables in an empty database or migrates an older one, each step in its own
// transaction. FailedPrecondition if the database belongs to another program or to a newer
// version of this one; nothing is written then.
absl::Status PrepareSchema(Connection* connection);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_SCHEMA_H_
