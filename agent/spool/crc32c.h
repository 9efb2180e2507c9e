// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4.
#ifndef ROLLCALL_AGENT_SPOOL_CRC32C_H_
#define ROLLCALL_AGENT_SPOOL_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace rollcall {

// CRC of the bytes that gave `crc` followed by `data`; start with 0. Uses the processor's
// instruction where there is one.
uint32_t ExtendCrc32c(uint32_t crc, absl::string_view data);

inline uint32_t Crc32c(absl::string_view data) { return ExtendCrc32c(0, data); }

// The same by table only; tests hold the two against each other.
uint32_t ExtendCrc32cPortable(uint32_t crc, absl::string_view data);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_CRC32C_H_
