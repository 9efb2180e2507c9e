// One segment file: its name, its header, and what its records say.
#ifndef ROLLCALL_AGENT_SPOOL_SEGMENT_H_
#define ROLLCALL_AGENT_SPOOL_SEGMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/spool/log_reader.h"
#include "agent/spool/spool.h"

namespace rollcall {

// `wal-<first sequence, 20 digits>.log`, so that names sort as the sequences do.
std::string SegmentName(uint64_t first_sequence);
std::optional<uint64_t> ParseSegmentName(absl::string_view name);

std::string EncodeSegmentHeader(uint64_t first_sequence);

// Half-open range of sequences; nothing if empty.
struct SequenceRange {
  uint64_t from = 0;
  uint64_t below = 0;
  bool empty() const { return from >= below; }
  friend bool operator==(const SequenceRange&, const SequenceRange&) = default;
};

// What an entry is beside its unit and payload.
struct EntryTraits {
  EntryClass entry_class = EntryClass::kState;
  // The unit's entries of the classes kState and kEvents in this range are void: this entry, and
  // those since the end of the range, stand for them.
  SequenceRange replaces;
  friend bool operator==(const EntryTraits&, const EntryTraits&) = default;
};

// Payloads of log records. A seal ends a segment: `next_sequence` begins the next one, and
// `entries` are before it.
std::string EncodeSpoolEntry(uint64_t sequence, const SpoolUnit& unit, absl::string_view payload,
                             const EntryTraits& traits = {});
// Bytes EncodeSpoolEntry takes beside the names and the payload, at most.
inline constexpr uint64_t kMaxEntryOverhead = 30;
std::string EncodeSegmentSeal(uint64_t next_sequence, uint32_t entries);
// Room a seal takes at most, wherever it lands in a block.
inline constexpr uint64_t kSealBytes = 32;

struct SegmentEntry {
  uint64_t sequence = 0;
  SpoolUnit unit;
  EntryTraits traits;
  std::string payload;
  // Bytes of the file it occupies.
  uint64_t offset = 0;
  uint64_t end_offset = 0;
};

// Reads the payload of a log record; nullopt if it is not an entry.
std::optional<SegmentEntry> ParseSpoolEntry(const LogRecord& record);

struct SegmentContents {
  std::vector<SegmentEntry> entries;
  // The sequence after the last one of this segment.
  uint64_t next_sequence = 0;
  // A sealed segment is known to be whole, if it has as many entries as its seal counts.
  bool sealed = false;
  uint64_t sealed_entries = 0;
  // The end is a write that was cut short; nothing but the last write is missing.
  bool torn_tail = false;
  // Size without the torn tail; 0 if even the header is cut short.
  uint64_t good_end = 0;
  std::vector<LogDamage> damage;
};

// Reads a whole segment. A pure function that never fails; what is not as it was written is
// in `damage`.
SegmentContents ParseSegment(absl::string_view bytes, uint64_t first_sequence);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SEGMENT_H_
