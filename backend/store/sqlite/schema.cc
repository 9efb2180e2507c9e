#include "backend/store/sqlite/schema.h"

#include <iterator>

#include "backend/store/sqlite/migration.h"

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

// Deleting transactions are numbered, and how far the files hold nothing of them any more (residue.h). What versions
// before this one deleted counts as one that is still to be erased.
constexpr char kVersion3[] = R"sql(
CREATE TABLE residue (
  residue_id INTEGER PRIMARY KEY CHECK (residue_id = 1),
  deleted INTEGER NOT NULL,
  scrubbed INTEGER NOT NULL,
  erased INTEGER NOT NULL
) STRICT;
INSERT INTO residue VALUES (1, 1, 0, 0);
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3};
static_assert(std::size(kMigrations) == kSqliteSchemaVersion);

}  // namespace

absl::Status PrepareSchema(Connection* connection) {
  return MigrateDatabase(connection, {kSqliteApplicationId, kMigrations});
}

}  // namespace rollcall
