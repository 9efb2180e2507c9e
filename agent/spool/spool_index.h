// Which entries are in the spool, whose they are and where. In memory only.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_INDEX_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_INDEX_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "agent/spool/spool.h"

namespace rollcall {

// Not thread-safe. Sequences are added in ascending order.
class SpoolIndex {
 public:
  struct Segment {
    uint64_t next_sequence = 0;
    uint64_t file_bytes = 0;  // counted against the bound
    uint64_t live_entries = 0;
    uint64_t live_bytes = 0;
    // Its bytes on disk cannot be trusted to be whole.
    bool poisoned = false;
  };
  struct Location {
    uint64_t sequence = 0;
    uint64_t segment = 0;  // its first sequence
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };

  // Segments by first sequence; entries must be added to one that exists.
  std::map<uint64_t, Segment>& segments() { return segments_; }
  const std::map<uint64_t, Segment>& segments() const { return segments_; }
  uint64_t file_bytes() const;

  void Add(const SpoolUnit& unit, const Location& location);
  // Each takes entries out; the first two return how many.
  uint64_t Acknowledge(uint64_t sequence);
  uint64_t DropUnit(const SpoolUnit& unit);
  // Returns the unit it belonged to.
  std::optional<SpoolUnit> DropEntry(uint64_t sequence);

  // New places of entries after their segment was rewritten; live entries of the segment
  // that have none are returned, and remain.
  std::vector<uint64_t> Relocate(uint64_t segment, const std::vector<Location>& places);

  size_t size() const { return live_; }
  std::optional<uint64_t> first_sequence() const;
  std::optional<SpoolUnit> oldest_unit() const;
  bool HasPending(const SpoolUnit& unit) const;
  bool Contains(uint64_t sequence) const;
  // Units with entries in the segment.
  std::vector<SpoolUnit> UnitsIn(uint64_t segment) const;
  // Entries with sequence >= `from`, at least one if there is one.
  std::vector<Location> Find(uint64_t from, size_t max_entries, size_t max_bytes) const;

 private:
  struct Entry {
    Location location;
    uint32_t unit = 0;
    bool dropped = false;
  };
  struct Unit {
    SpoolUnit name;
    uint64_t entries = 0;
  };

  std::deque<Entry>::iterator LowerBound(uint64_t sequence);
  std::deque<Entry>::const_iterator LowerBound(uint64_t sequence) const;
  void Remove(Entry* entry);
  void TrimFront();

  std::deque<Entry> entries_;
  size_t live_ = 0;
  std::map<uint64_t, Segment> segments_;
  std::vector<Unit> units_;
  std::map<SpoolUnit, uint32_t> unit_numbers_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SPOOL_INDEX_H_
