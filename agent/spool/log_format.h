// Constants of a segment file; docs/spool_format.md has the whole format.
#ifndef ROLLCALL_AGENT_SPOOL_LOG_FORMAT_H_
#define ROLLCALL_AGENT_SPOOL_LOG_FORMAT_H_

#include <cstddef>
#include <cstdint>

namespace rollcall {

// A record never crosses a block; after damage, reading goes on at the next block.
inline constexpr size_t kLogBlockBytes = 32768;
// crc32c (4), length (2), type (1).
inline constexpr size_t kLogHeaderBytes = 7;
// magic (4), version (2), flags (2), first sequence (8).
inline constexpr size_t kSegmentHeaderBytes = 16;

enum class LogRecordType : uint8_t {
  kZero = 0,  // space that was reserved and never written
  kFull = 1,
  kFirst = 2,
  kMiddle = 3,
  kLast = 4,
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_LOG_FORMAT_H_
