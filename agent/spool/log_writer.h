// Cuts entries into checksummed records that fit the blocks of a segment file.
#ifndef ROLLCALL_AGENT_SPOOL_LOG_WRITER_H_
#define ROLLCALL_AGENT_SPOOL_LOG_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Appends to `out` the bytes to write at `file_offset` so that `payload` can be read back
// there. A payload may be empty. Blocks count from the start of the file.
void FrameLogRecord(uint64_t file_offset, absl::string_view payload, std::string* out);

// Size of what FrameLogRecord appends.
uint64_t FramedLogRecordBytes(uint64_t file_offset, uint64_t payload_bytes);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_LOG_WRITER_H_
