// How values are written into columns.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_ROW_VALUES_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_ROW_VALUES_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace rollcall {

// Nanoseconds since 1970 UTC. Times beyond the representable range (years 1677 to 2262) become
// its ends; the upper end leaves room to add to it.
inline constexpr int64_t kMaxNanos = std::numeric_limits<int64_t>::max() - (int64_t{1} << 32);
inline int64_t ToNanos(absl::Time time) { return std::min(absl::ToUnixNanos(time), kMaxNanos); }
inline absl::Time FromNanos(int64_t nanos) { return absl::FromUnixNanos(nanos); }

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_ROW_VALUES_H_
