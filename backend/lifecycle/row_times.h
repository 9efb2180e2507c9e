// Times in rows: microseconds since 1970 UTC, or NULL.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_ROW_TIMES_H_
#define ROLLCALL_BACKEND_LIFECYCLE_ROW_TIMES_H_

#include <optional>

#include "absl/time/time.h"
#include "backend/store/sqlite/statement.h"

namespace rollcall {

inline void BindTime(Statement* statement, const std::optional<absl::Time>& time) {
  if (time.has_value()) {
    statement->Int(absl::ToUnixMicros(*time));
  } else {
    statement->Null();
  }
}

inline std::optional<absl::Time> ColumnTime(const Statement& row, int column) {
  if (row.ColumnIsNull(column)) return std::nullopt;
  return absl::FromUnixMicros(row.ColumnInt(column));
}

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_ROW_TIMES_H_
