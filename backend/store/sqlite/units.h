// Unit rows.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_UNITS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_UNITS_H_

#include <limits>
#include <optional>
#include <vector>

#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

// Row numbers that begin the keys of a unit's records.
struct UnitIds {
  int64_t tenant_id = 0;
  int64_t agent_id = 0;
  int64_t unit_id = 0;
};

// last_complete_at of a unit that had no COMPLETE run: before every time.
inline constexpr int64_t kNeverComplete = std::numeric_limits<int64_t>::min();

// What applying a run reads and changes of a unit.
struct UnitState {
  UnitIds ids;
  // Whether a run was ever applied; epoch and generation mean nothing before.
  bool has_run = false;
  uint64_t epoch = 0;
  uint64_t generation = 0;
  SetDigest digest;
  int64_t last_complete_at = kNeverComplete;
};

// A unit with the run that led to its state.
struct ReportedUnit {
  UnitState state;
  pb::RunResult last_run;
  absl::Time last_run_received_at;
};

// The unit of that name; unset if none of its runs was ever applied.
absl::StatusOr<std::optional<ReportedUnit>> FindReportedUnit(Connection* db, const UnitName& name);

// The unit of a batch, created if it is new. NotFound if the agent is not enrolled.
absl::StatusOr<UnitState> FindOrCreateUnit(Connection* db, const PreparedBatch& batch);

// Writes the state together with the run that led to it.
absl::Status UpdateUnit(Connection* db, const UnitState& unit, const pb::RunResult& result, absl::Time received_at);

// Adds to the count of the unit's current records of a kind.
absl::Status AddToKindCount(Connection* db, int64_t unit_id, int kind, int64_t difference);

absl::StatusOr<std::vector<UnitInfo>> ReadUnits(Connection* db, absl::string_view tenant, absl::string_view agent_id);
absl::StatusOr<std::vector<Store::KindCount>> ReadKindCounts(Connection* db, absl::string_view tenant);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_UNITS_H_
