// How an empty or older database becomes one of this program's version.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_MIGRATION_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_MIGRATION_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// What a kind of database is made of.
struct DatabaseSchema {
  // Kept in `PRAGMA application_id`, so that no other program's database is taken for this.
  int application_id;
  // Entry i brings a database from version i to version i + 1, kept in `PRAGMA user_version`. Entries are never edited.
  absl::Span<const char* const> migrations;
};

// Turns the write-ahead log on, and creates the tables in an empty database or migrates an older one, each step in its
// own transaction. Several processes may do so at once. FailedPrecondition if the database belongs to another program
// or to a newer version of this one; nothing is written then.
absl::Status MigrateDatabase(Connection* connection, const DatabaseSchema& schema);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_MIGRATION_H_
