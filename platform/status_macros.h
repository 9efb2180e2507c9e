// Early return on a failed status, so that the straight path stays straight.
#ifndef ROLLCALL_PLATFORM_STATUS_MACROS_H_
#define ROLLCALL_PLATFORM_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status of `expr` (an absl::Status) from the enclosing function unless it is OK.
#define ROLLCALL_RETURN_IF_ERROR(expr)                                                           \
  do {                                                                                           \
    if (absl::Status rollcall_status_ = (expr); !rollcall_status_.ok()) return rollcall_status_; \
  } while (false)

#define ROLLCALL_STATUS_CONCAT_INNER_(a, b) a##b
#define ROLLCALL_STATUS_CONCAT_(a, b) ROLLCALL_STATUS_CONCAT_INNER_(a, b)

// Assigns the value of `expr` (an absl::StatusOr) to `lhs`, or returns its status.
#define ROLLCALL_ASSIGN_OR_RETURN(lhs, expr) \
  ROLLCALL_ASSIGN_OR_RETURN_IMPL_(ROLLCALL_STATUS_CONCAT_(rollcall_status_or_, __LINE__), lhs, expr)
#define ROLLCALL_ASSIGN_OR_RETURN_IMPL_(temporary, lhs, expr) \
  auto temporary = (expr);                                    \
  if (!temporary.ok()) return std::move(temporary).status();  \
  lhs = std::move(temporary).value()

#endif  // ROLLCALL_PLATFORM_STATUS_MACROS_H_
