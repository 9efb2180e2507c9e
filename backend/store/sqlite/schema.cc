#include "backend/store/sqlite/schema.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Times are nanoseconds since 1970 UTC; unsigned 64-bit numbers are stored as the signed number
// with the same bits.
//
// `record` and `version` are clustered by tenant, agent and unit: a snapshot of one agent touches
// neighbouring pages, and one customer's rows are one range. There is deliberately no index on
// asset_key alone: its entries would land on random pages of the whole fleet with every insert.
// `unit_kind` makes up for it: it says which (unit, kind) ranges to look into.
constexpr char kVersion1[] = R"sql(
CREATE TABLE tenant (
  tenant_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agent (
  agent_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  name TEXT NOT NULL,
  enrolled_at INTEGER NOT NULL,
  -- NULL before the first contact, together with all that follow.
  first_contact INTEGER,
  last_contact INTEGER,
  agent_version TEXT,
  host_id TEXT,
  boot_id TEXT,
  hosting_service TEXT,
  region TEXT,
  epoch INTEGER,
  clock_offset INTEGER,
  -- When host_id or boot_id last went back to a value it had left.
  clone_seen_at INTEGER,
  UNIQUE (tenant_id, name)
) STRICT;

-- Values host_id (field 1) and boot_id (field 2) have left; the latest few.
CREATE TABLE former_identity (
  agent_id INTEGER NOT NULL REFERENCES agent,
  field INTEGER NOT NULL,
  value TEXT NOT NULL,
  left_at INTEGER NOT NULL,
  PRIMARY KEY (agent_id, field, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE unit (
  unit_id INTEGER PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  agent_id INTEGER NOT NULL REFERENCES agent,
  collector TEXT NOT NULL,
  scope_type INTEGER NOT NULL,
  scope_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  digest_low INTEGER NOT NULL,
  digest_high INTEGER NOT NULL,
  digest_count INTEGER NOT NULL,
  last_complete_at INTEGER,
  -- NULL until the first run is applied: only parts are staged.
  received_at INTEGER,
  run_result BLOB,
  UNIQUE (agent_id, collector, scope_type, scope_id)
) STRICT;

-- Current records per unit and kind; rows stay when the count falls to 0, for the history.
CREATE TABLE unit_kind (
  unit_id INTEGER NOT NULL REFERENCES unit,
  kind INTEGER NOT NULL,
  records INTEGER NOT NULL,
  PRIMARY KEY (unit_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
  tenant_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  unit_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  asset_key BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  collected_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  valid_from INTEGER NOT NULL,
  clock_suspect INTEGER NOT NULL,
  collector_version TEXT NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (tenant_id, agent_id, unit_id, kind, asset_key)
) STRICT, WITHOUT ROWID;

-- Versions that ended. Those of one asset follow each other without overlap.
CREATE TABLE version (
  tenant_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  unit_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  asset_key BLOB NOT NULL,
  valid_from INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  collected_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  clock_suspect INTEGER NOT NULL,
  collector_version TEXT NOT NULL,
  payload BLOB NOT NULL,
  last_seen INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  end_reason INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, agent_id, unit_id, kind, asset_key, valid_from)
) STRICT, WITHOUT ROWID;

-- Parts of runs whose last part has not come. `run` is epoch and generation, big-endian.
CREATE TABLE staged_part (
  unit_id INTEGER NOT NULL REFERENCES unit,
  run BLOB NOT NULL,
  part INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (unit_id, run, part)
) STRICT;

-- One row that a health check writes.
CREATE TABLE probe (
  probe_id INTEGER PRIMARY KEY CHECK (probe_id = 1),
  writes INTEGER NOT NULL
) STRICT;
INSERT INTO probe VALUES (1, 0);
)sql";

// The highest epoch of a tenant's lifecycle that something was deleted or put back for.
constexpr char kVersion2[] = R"sql(
CREATE TABLE tenant_fence (
  tenant_id INTEGER PRIMARY KEY REFERENCES tenant,
  fence INTEGER NOT NULL
) STRICT;
)sql";

// Entry i brings a database from version i to version i + 1. Entries are never edited.
constexpr const char* kMigrations[] = {kVersion1, kVersion2};
static_assert(std::size(kMigrations) == kSqliteSchemaVersion);

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

absl::Status Migrate(Connection* connection, int64_t from) {
  for (int64_t version = from; version < kSqliteSchemaVersion; ++version) {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(connection));
    // Another process that shares the database may have been faster.
    ROLLCALL_ASSIGN_OR_RETURN(const int64_t now, connection->QueryInt("PRAGMA user_version"));
    if (now > version) continue;
    ROLLCALL_RETURN_IF_ERROR(connection->Execute(kMigrations[version]));
    ROLLCALL_RETURN_IF_ERROR(connection->Execute(absl::StrCat("PRAGMA application_id=", kSqliteApplicationId).c_str()));
    ROLLCALL_RETURN_IF_ERROR(connection->Execute(absl::StrCat("PRAGMA user_version=", version + 1).c_str()));
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PrepareSchema(Connection* connection) {
  ROLLCALL_ASSIGN_OR_RETURN(const State state, ReadState(connection));
  const bool empty = state.objects == 0 && state.version == 0 && state.application == 0;
  if (!empty && state.application != kSqliteApplicationId) {
    return absl::FailedPreconditionError("the database belongs to another program");
  }
  if (state.version > kSqliteSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat("its schema version ", state.version,
                                                      " is newer than this program's ", kSqliteSchemaVersion,
                                                      "; use a newer rollcall-backend"));
  }
  // Can only be chosen before the first table exists.
  if (empty) ROLLCALL_RETURN_IF_ERROR(connection->Execute("PRAGMA auto_vacuum=INCREMENTAL"));
  ROLLCALL_RETURN_IF_ERROR(UseWal(connection));
  return Migrate(connection, state.version);
}

}  // namespace rollcall
