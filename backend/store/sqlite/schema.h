// Tables of the SQLite store, and how older ones become these.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_SCHEMA_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_SCHEMA_H_

#include "backend/store/sqlite/connection.h"

namespace rollcall {

// Version this program writes.
inline constexpr int kSqliteSchemaVersion = 3;
inline constexpr int kSqliteApplicationId = 0x524c434c;  // "RLCL"

// As MigrateDatabase.
absl::Status PrepareSchema(Connection* connection);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_SCHEMA_H_
