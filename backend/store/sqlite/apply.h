// Applying a batch to a unit.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_APPLY_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_APPLY_H_

#include "backend/store/sqlite/agents.h"
#include "backend/store/sqlite/connection.h"
#include "backend/store/sqlite/group_parts.h"
#include "backend/store/store.h"

namespace rollcall {

// What Store::ApplyGroup says of batch `index` of the group, all before it being applied. Runs inside the
// caller's transaction, which must be rolled back if this fails.
absl::StatusOr<ApplyOutcome> ApplyBatch(Connection* db, size_t index, GroupParts* parts);

// What Store::ConfirmUnits says of one unit; likewise.
absl::StatusOr<bool> ConfirmUnit(Connection* db, const AgentIds& agent, const PreparedConfirmation& confirmation,
                                 absl::Time received_at);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_APPLY_H_
