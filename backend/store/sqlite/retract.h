// Ending what a faulty version of a collector wrote.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_RETRACT_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_RETRACT_H_

#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

// Each runs inside the caller's transaction and does what the Store method says.
absl::StatusOr<uint64_t> CountRecordsWrittenBy(Connection* db, const UnitName& name,
                                               absl::string_view collector_version);
absl::StatusOr<uint64_t> RetractRecords(Connection* db, const UnitName& name, absl::string_view collector_version,
                                        absl::Time at);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_RETRACT_H_
