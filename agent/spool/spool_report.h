// What is in a spool and whether it is whole, for people. Changes nothing.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_REPORT_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/spool/log_reader.h"
#include "agent/spool/spool.h"
#include "agent/spool/spool_cursor.h"
#include "agent/spool/spool_files.h"

namespace rollcall {

struct SegmentReport {
  std::string name;
  uint64_t first_sequence = 0;
  // After its last entry.
  uint64_t next_sequence = 0;
  uint64_t bytes = 0;
  // Entries in the file, and those of them that are neither acknowledged nor void.
  uint64_t entries = 0;
  uint64_t pending = 0;
  bool sealed = false;
  // Bytes at the end that a crash in the middle of a write left; no loss.
  uint64_t torn_bytes = 0;
  std::vector<LogDamage> damage;
  // Entries that were written and are not there.
  uint64_t lost_entries = 0;
};

struct UnitReport {
  SpoolUnit unit;
  uint64_t pending = 0;
  uint64_t bytes = 0;
  // Of the pending ones: samples, and what cannot be found again.
  uint64_t samples = 0;
  uint64_t unrepeatable = 0;
  bool needs_full = false;
};

struct SpoolReport {
  SpoolCursor cursor;
  uint64_t next_sequence = 0;
  uint64_t bytes = 0;
  uint64_t pending = 0;
  uint64_t lost_entries = 0;
  // Every unit is marked, known or not.
  bool all_need_full = false;
  std::vector<SegmentReport> segments;
  // Those with entries, by name.
  std::vector<UnitReport> units;
  // What an agent that starts on this would find wrong, and mark every unit for. Empty if it is whole.
  std::vector<std::string> problems;
};

// Reads the spool as a starting agent would. The files of a spool in use change meanwhile; see
// ReadSteadySpoolReport.
SpoolReport ReadSpoolReport(SpoolFiles* files);

// Reads until nothing is wrong, at most `attempts` times with `pause()` between: what an agent at work
// was just changing is not reported as damage.
SpoolReport ReadSteadySpoolReport(SpoolFiles* files, int attempts, void (*pause)());

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SPOOL_REPORT_H_
