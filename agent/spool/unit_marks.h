// What the spool must not forget about units: who needs a complete set, and whose entries
// were dropped.
#ifndef ROLLCALL_AGENT_SPOOL_UNIT_MARKS_H_
#define ROLLCALL_AGENT_SPOOL_UNIT_MARKS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/spool/spool.h"

namespace rollcall {

// A value with an encoding; knows nothing of files. Not thread-safe.
class UnitMarks {
 public:
  // Each returns whether anything changed, that is, must be stored.
  bool MarkNeedsFull(const SpoolUnit& unit);
  bool ClearNeedsFull(const SpoolUnit& unit);
  bool NeedsFull(const SpoolUnit& unit) const;

  // Entries of the unit with a sequence below `sequence` are dropped; the unit is marked.
  void Drop(const SpoolUnit& unit, uint64_t sequence);
  // Entries of the unit below this are dropped; 0 if none are.
  uint64_t DroppedBelow(const SpoolUnit& unit) const;

  // Everything below `sequence` is dropped and every unit marked, which takes no room.
  void Collapse(uint64_t sequence);
  // Forgets drops that no entry left on disk can fall under.
  void Prune(uint64_t first_sequence);

  // docs/spool_format.md has the encoding. InvalidArgument if the bytes are not one.
  std::string Encode() const;
  static absl::StatusOr<UnitMarks> Decode(absl::string_view bytes);

  friend bool operator==(const UnitMarks&, const UnitMarks&) = default;

 private:
  struct Mark {
    bool needs_full = false;
    bool sent_since_all = false;  // exempt from `all_`
    uint64_t dropped_below = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };

  void EraseIfEmpty(const SpoolUnit& unit);

  bool all_ = false;
  uint64_t all_dropped_below_ = 0;
  std::map<SpoolUnit, Mark> marks_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_UNIT_MARKS_H_
