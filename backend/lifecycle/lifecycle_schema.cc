#include "backend/lifecycle/lifecycle_schema.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/migration.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Times are microseconds since 1970 UTC, days `YYYY-MM-DD`. Every key of a tenant's row begins with tenant_id, and so
// does every reference from one row to another: what is one tenant's cannot refer to what is another's.
//
// Rules that no program must be able to break are rules of the tables: events and journal are only added to, and no
// person does both halves of what takes two.
constexpr char kVersion1[] = R"sql(
CREATE TABLE tenant (
  tenant_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  region TEXT NOT NULL,
  -- When something became known last; every event is later than the one before.
  last_at INTEGER NOT NULL
) STRICT;

CREATE TABLE service (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  name TEXT NOT NULL,
  PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant_id, event_id),
  UNIQUE (tenant_id, at)
) STRICT;
CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are only added'); END;

CREATE TABLE bucket (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  service TEXT NOT NULL,
  category INTEGER NOT NULL,
  day TEXT NOT NULL,
  state INTEGER NOT NULL,
  state_since INTEGER NOT NULL,
  -- Lifecycle epoch its last step was begun at, and the step that is not ended. A step that is neither is outdated.
  epoch INTEGER NOT NULL,
  open_step INTEGER,
  restricted INTEGER NOT NULL,
  held INTEGER NOT NULL,
  -- When it falls due, as things stood when it was looked at last; NULL without an end.
  due_at INTEGER,
  policy_id TEXT NOT NULL,
  policy_version INTEGER NOT NULL,
  policy_hash TEXT NOT NULL,
  first_stored_at INTEGER,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, service, category, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  hold_id TEXT NOT NULL,
  body BLOB NOT NULL,
  review_by TEXT NOT NULL,
  placed_by TEXT NOT NULL,
  placed_at INTEGER NOT NULL,
  approved_by TEXT,
  approved_at INTEGER,
  release_asked_by TEXT,
  release_asked_at INTEGER,
  released_by TEXT,
  released_at INTEGER,
  PRIMARY KEY (tenant_id, hold_id),
  CHECK (approved_by IS NULL OR approved_by <> placed_by),
  CHECK (release_asked_by IS NULL OR approved_by IS NOT NULL),
  CHECK (released_by IS NULL OR (release_asked_by IS NOT NULL AND released_by <> release_asked_by))
) STRICT, WITHOUT ROWID;
-- What one person said is not said again in another's name.
CREATE TRIGGER hold_is_only_added_to BEFORE UPDATE ON hold
  WHEN OLD.body <> NEW.body OR OLD.placed_by <> NEW.placed_by
    OR (OLD.approved_by IS NOT NULL AND OLD.approved_by IS NOT NEW.approved_by)
    OR (OLD.release_asked_by IS NOT NULL AND OLD.release_asked_by IS NOT NEW.release_asked_by)
    OR OLD.released_by IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'what was said of a hold stays'); END;
CREATE TRIGGER hold_is_not_deleted BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'holds are only added'); END;

CREATE TABLE deletion (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  request_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (tenant_id, request_id),
  FOREIGN KEY (tenant_id, request_id) REFERENCES event (tenant_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE export (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  request_id TEXT NOT NULL,
  open INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant_id, request_id)
) STRICT, WITHOUT ROWID;

-- Entries of one step: its intent (1), then its end (2), that another took its place (3), or why it was given up (4).
CREATE TABLE journal (
  tenant_id INTEGER NOT NULL REFERENCES tenant,
  step INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  service TEXT NOT NULL,
  category INTEGER NOT NULL,
  day TEXT NOT NULL,
  kind INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  -- Of the intent its StepIntent, of the end its StepEvidence.
  body BLOB NOT NULL,
  PRIMARY KEY (step, phase),
  FOREIGN KEY (tenant_id, service, category, day) REFERENCES bucket (tenant_id, service, category, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_kind ON journal (kind, phase, at);
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;

-- Requests for a part of a bucket that are fulfilled.
CREATE TABLE erased (
  tenant_id INTEGER NOT NULL,
  service TEXT NOT NULL,
  category INTEGER NOT NULL,
  day TEXT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, service, category, day, request_id),
  FOREIGN KEY (tenant_id, service, category, day) REFERENCES bucket (tenant_id, service, category, day),
  FOREIGN KEY (tenant_id, request_id) REFERENCES deletion (tenant_id, request_id)
) STRICT, WITHOUT ROWID;

-- What was asked and answered. tenant_id 0: of no tenant.
CREATE TABLE request (
  tenant_id INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  answer BLOB NOT NULL,
  PRIMARY KEY (tenant_id, request_id)
) STRICT, WITHOUT ROWID;

-- Entries the ledger does not have yet.
CREATE TABLE outbox (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  entry BLOB NOT NULL
) STRICT;

CREATE TABLE clock (
  clock_id INTEGER PRIMARY KEY CHECK (clock_id = 1),
  tick BLOB NOT NULL,
  -- Why the last reading was refused; NULL if it was trusted.
  refused TEXT
) STRICT;

CREATE TABLE dry_run (
  policy_hash TEXT NOT NULL,
  day TEXT NOT NULL,
  list_hash TEXT NOT NULL,
  buckets INTEGER NOT NULL,
  acknowledged_by TEXT,
  acknowledged_at INTEGER,
  PRIMARY KEY (policy_hash, day, list_hash)
) STRICT, WITHOUT ROWID;

-- Buckets that fall due on `day`, as computed on `made_on`.
CREATE TABLE forecast (
  policy_hash TEXT NOT NULL,
  day TEXT NOT NULL,
  made_on TEXT NOT NULL,
  buckets INTEGER NOT NULL,
  PRIMARY KEY (policy_hash, day, made_on)
) STRICT, WITHOUT ROWID;
)sql";

constexpr char kVersion2[] = R"sql(
-- Of a bucket that is purged: records in the stores all the same, which are due and wait to be deleted.
ALTER TABLE bucket ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2};
static_assert(std::size(kMigrations) == kLifecycleSchemaVersion);

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> OpenLifecycleDatabase(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Connection> db, Connection::Open(path, Connection::Mode::kReadWrite));
  const absl::Status status = MigrateDatabase(db.get(), {kLifecycleApplicationId, kMigrations});
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat("open ", path, ": ", status.message()));
  return db;
}

}  // namespace rollcall
