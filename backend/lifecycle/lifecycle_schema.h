// The tables of what is known of tenants' lives.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_SCHEMA_H_
#define ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_SCHEMA_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

inline constexpr int kLifecycleSchemaVersion = 2;
// `RCLC`.
inline constexpr int kLifecycleApplicationId = 0x52434c43;

// Opens or makes the database, with a write-ahead log, and brings its tables to this program's version.
// FailedPrecondition if it is another program's or newer than this one.
absl::StatusOr<std::unique_ptr<Connection>> OpenLifecycleDatabase(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_SCHEMA_H_
