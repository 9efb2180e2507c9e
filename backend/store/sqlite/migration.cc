#include "backend/store/sqlite/migration.h"

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// What the file says of itself.
struct State {
  int64_t application = 0;
  int64_t version = 0;
  int64_t objects = 0;
};

// At one moment: another process may be making it.
absl::StatusOr<State> ReadState(Connection* connection) {
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginRead(connection));
  State state;
  ROLLCALL_ASSIGN_OR_RETURN(state.application, connection->QueryInt("PRAGMA application_id"));
  ROLLCALL_ASSIGN_OR_RETURN(state.version, connection->QueryInt("PRAGMA user_version"));
  ROLLCALL_ASSIGN_OR_RETURN(state.objects, connection->QueryInt("SELECT count(*) FROM sqlite_schema"));
  ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  return state;
}

// SQLite does not wait for others when the way of journaling changes, so we do: as long as for any other lock.
absl::Status UseWal(Connection* connection) {
  constexpr int kWaitMs = 20;
  absl::Status status;
  for (int waited = 0; waited <= kBusyTimeoutMs; waited += kWaitMs) {
    status = connection->Execute("PRAGMA journal_mode=WAL");
    if (!absl::IsUnavailable(status)) return status;
    sqlite3_sleep(kWaitMs);
  }
  return status;
}

absl::Status MigrateFrom(Connection* connection, const DatabaseSchema& schema, size_t from) {
  for (size_t version = from; version < schema.migrations.size(); ++version) {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(connection));
    // Another process that shares the database may have been faster.
    ROLLCALL_ASSIGN_OR_RETURN(const int64_t now, connection->QueryInt("PRAGMA user_version"));
    if (static_cast<size_t>(now) > version) continue;
    ROLLCALL_RETURN_IF_ERROR(connection->Execute(schema.migrations[version]));
    ROLLCALL_RETURN_IF_ERROR(
        connection->Execute(absl::StrCat("PRAGMA application_id=", schema.application_id).c_str()));
    ROLLCALL_RETURN_IF_ERROR(connection->Execute(absl::StrCat("PRAGMA user_version=", version + 1).c_str()));
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MigrateDatabase(Connection* connection, const DatabaseSchema& schema) {
  ROLLCALL_ASSIGN_OR_RETURN(const State state, ReadState(connection));
  const bool empty = state.objects == 0 && state.version == 0 && state.application == 0;
  if (!empty && state.application != schema.application_id) {
    return absl::FailedPreconditionError("the database belongs to another program");
  }
  const size_t version = static_cast<size_t>(state.version);
  if (state.version < 0 || version > schema.migrations.size()) {
    return absl::FailedPreconditionError(absl::StrCat("its schema version ", state.version,
                                                      " is newer than this program's ", schema.migrations.size(),
                                                      "; use a newer rollcall-backend"));
  }
  // Can only be chosen before the first table exists.
  if (empty) ROLLCALL_RETURN_IF_ERROR(connection->Execute("PRAGMA auto_vacuum=INCREMENTAL"));
  ROLLCALL_RETURN_IF_ERROR(UseWal(connection));
  return MigrateFrom(connection, schema, version);
}

}  // namespace rollcall
