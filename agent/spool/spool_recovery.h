// What is found in a spool directory when the agent starts.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_RECOVERY_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_RECOVERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/spool/slot_file.h"
#include "agent/spool/spool_cursor.h"
#include "agent/spool/spool_files.h"
#include "agent/spool/spool_index.h"
#include "agent/spool/unit_marks.h"

namespace rollcall {

// Copy of the last segment that was found damaged.
inline constexpr absl::string_view kQuarantineName = "quarantine.log";

struct RecoveredSpool {
  SpoolIndex index;
  UnitMarks marks;
  SpoolCursor cursor;
  uint64_t next_sequence = 1;
  // The last segment, if writing can go on in it: first sequence, size, entries.
  struct Open {
    uint64_t first_sequence = 0;
    uint64_t bytes = 0;
    uint32_t entries = 0;
  };
  std::optional<Open> open_segment;
  uint64_t corrupt_blocks = 0;
  // What was wrong, for the log. Empty after an ordinary restart or crash.
  std::vector<std::string> problems;
};

// Reads the directory, marks every unit if anything may have been lost (durably, before the
// evidence goes), and repairs it. Never fails: what cannot be read is marked, what cannot
// be repaired is found again next time. A write cut short at the end of the last segment,
// that was never synced, is the trace of a crash and no loss.
RecoveredSpool RecoverSpool(SpoolFiles* files, SlotFile* cursor_file, SlotFile* marks_file);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SPOOL_RECOVERY_H_
