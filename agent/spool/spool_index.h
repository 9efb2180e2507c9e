// Which entries are in the spool, whose they are and where. In memory only.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_INDEX_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_INDEX_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "agent/spool/segment.h"
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
    EntryClass entry_class = EntryClass::kState;
    // Where the entries begin that this one replaces; its own sequence if it replaces none.
    uint64_t replaces_from = 0;
  };
  static bool HoldsState(EntryClass entry_class) {
    return entry_class == EntryClass::kState || entry_class == EntryClass::kEvents;
  }
  static Location MakeLocation(uint64_t sequence, uint64_t segment, uint64_t offset, uint64_t bytes,
                               const EntryTraits& traits);

  // Segments by first sequence; entries must be added to one that exists.
  std::map<uint64_t, Segment>& segments() { return segments_; }
  const std::map<uint64_t, Segment>& segments() const { return segments_; }
  uint64_t file_bytes() const;

  void Add(const SpoolUnit& unit, const Location& location);
  // Each takes entries out; the first two return how many.
  uint64_t Acknowledge(uint64_t sequence);
  // Those of the unit in the range that hold state, with or without events.
  uint64_t DropState(const SpoolUnit& unit, const SequenceRange& range);
  // Returns the unit it belonged to.
  std::optional<SpoolUnit> DropEntry(uint64_t sequence);

  // New places of entries after their segment was rewritten; live entries of the segment
  // that have none are returned, and remain.
  std::vector<uint64_t> Relocate(uint64_t segment, const std::vector<Location>& places);

  size_t size() const { return live_; }
  std::optional<uint64_t> first_sequence() const;
  // Unit of the oldest entry that holds state, but for those in `except`. What replaces others is as old
  // as they were.
  std::optional<SpoolUnit> OldestUnitWithState(const std::set<SpoolUnit>& except) const;
  // The oldest samples, as many as take `max_bytes`, at least one if there is one.
  std::vector<Location> OldestSamples(uint64_t max_bytes) const;
  bool HasPending(const SpoolUnit& unit) const { return EntriesOf(unit) > 0; }
  uint64_t EntriesOf(const SpoolUnit& unit) const;
  // Units with at least `min_entries` entries.
  std::vector<SpoolUnit> UnitsWith(uint64_t min_entries) const;
  // Entries of the unit with sequence >= `from`.
  std::vector<Location> FindUnit(const SpoolUnit& unit, uint64_t from) const;
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

  const Unit* FindUnitByName(const SpoolUnit& unit, uint32_t* number) const;
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
