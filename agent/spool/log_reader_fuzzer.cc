// Any bytes as a segment: nothing may crash, and what is read must be as it was framed.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/spool/log_reader.h"
#include "agent/spool/log_writer.h"
#include "agent/spool/segment.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  rollcall::LogReader reader(bytes, 0);
  rollcall::LogRecord record;
  while (reader.Next(&record)) {
    if (record.offset >= record.end_offset || record.end_offset > size) std::abort();
    std::string framed;
    rollcall::FrameLogRecord(record.offset, record.payload, &framed);
    // A hostile writer may cut a record otherwise than ours does; ours must read back alike.
    rollcall::LogReader again(framed, record.offset);
    rollcall::LogRecord same;
    if (!again.Next(&same) || same.payload != record.payload) std::abort();
  }
  if (reader.good_end() > size) std::abort();
  const rollcall::SegmentContents contents = rollcall::ParseSegment(bytes, 7);
  uint64_t next = 7;
  for (const rollcall::SegmentEntry& entry : contents.entries) {
    if (entry.sequence < next || entry.end_offset > size) std::abort();
    next = entry.sequence + 1;
  }
  return 0;
}
