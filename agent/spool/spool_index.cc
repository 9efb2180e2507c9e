#include "agent/spool/spool_index.h"

#include <algorithm>

namespace rollcall {

SpoolIndex::Location SpoolIndex::MakeLocation(uint64_t sequence, uint64_t segment, uint64_t offset, uint64_t bytes,
                                              const EntryTraits& traits) {
  const uint64_t from = traits.replaces.empty() ? sequence : traits.replaces.from;
  return {sequence, segment, offset, bytes, traits.entry_class, from};
}

uint64_t SpoolIndex::file_bytes() const {
  uint64_t total = 0;
  for (const auto& [first, segment] : segments_) total += segment.file_bytes;
  return total;
}

void SpoolIndex::Add(const SpoolUnit& unit, const Location& location) {
  const auto [number, added] = unit_numbers_.try_emplace(unit, static_cast<uint32_t>(units_.size()));
  if (added) units_.push_back({unit, 0});
  ++units_[number->second].entries;
  Segment& segment = segments_[location.segment];
  ++segment.live_entries;
  segment.live_bytes += location.bytes;
  entries_.push_back({location, number->second, false});
  ++live_;
}

std::deque<SpoolIndex::Entry>::iterator SpoolIndex::LowerBound(uint64_t sequence) {
  return std::lower_bound(entries_.begin(), entries_.end(), sequence,
                          [](const Entry& entry, uint64_t wanted) { return entry.location.sequence < wanted; });
}

std::deque<SpoolIndex::Entry>::const_iterator SpoolIndex::LowerBound(uint64_t sequence) const {
  return std::lower_bound(entries_.begin(), entries_.end(), sequence,
                          [](const Entry& entry, uint64_t wanted) { return entry.location.sequence < wanted; });
}

void SpoolIndex::Remove(Entry* entry) {
  entry->dropped = true;
  --live_;
  --units_[entry->unit].entries;
  const auto segment = segments_.find(entry->location.segment);
  if (segment == segments_.end()) return;
  --segment->second.live_entries;
  segment->second.live_bytes -= entry->location.bytes;
}

void SpoolIndex::TrimFront() {
  while (!entries_.empty() && entries_.front().dropped) entries_.pop_front();
}

uint64_t SpoolIndex::Acknowledge(uint64_t sequence) {
  uint64_t removed = 0;
  while (!entries_.empty() && entries_.front().location.sequence <= sequence) {
    if (!entries_.front().dropped) {
      Remove(&entries_.front());
      ++removed;
    }
    entries_.pop_front();
  }
  TrimFront();
  return removed;
}

const SpoolIndex::Unit* SpoolIndex::FindUnitByName(const SpoolUnit& unit, uint32_t* number) const {
  const auto found = unit_numbers_.find(unit);
  if (found == unit_numbers_.end() || units_[found->second].entries == 0) return nullptr;
  *number = found->second;
  return &units_[found->second];
}

uint64_t SpoolIndex::DropState(const SpoolUnit& unit, const SequenceRange& range) {
  uint32_t number = 0;
  if (FindUnitByName(unit, &number) == nullptr) return 0;
  uint64_t removed = 0;
  for (auto it = LowerBound(range.from); it != entries_.end() && it->location.sequence < range.below; ++it) {
    if (it->unit != number || it->dropped || !HoldsState(it->location.entry_class)) continue;
    Remove(&*it);
    ++removed;
  }
  TrimFront();
  return removed;
}

std::optional<SpoolUnit> SpoolIndex::DropEntry(uint64_t sequence) {
  const auto found = LowerBound(sequence);
  if (found == entries_.end() || found->location.sequence != sequence || found->dropped) return std::nullopt;
  SpoolUnit unit = units_[found->unit].name;
  Remove(&*found);
  TrimFront();
  return unit;
}

std::vector<uint64_t> SpoolIndex::Relocate(uint64_t segment, const std::vector<Location>& places) {
  std::map<uint64_t, Location> by_sequence;
  for (const Location& place : places) by_sequence[place.sequence] = place;
  std::vector<uint64_t> missing;
  Segment& totals = segments_[segment];
  for (auto it = LowerBound(segment); it != entries_.end() && it->location.segment == segment; ++it) {
    if (it->dropped) continue;
    const auto place = by_sequence.find(it->location.sequence);
    if (place == by_sequence.end()) {
      missing.push_back(it->location.sequence);
      continue;
    }
    totals.live_bytes += place->second.bytes - it->location.bytes;
    it->location = place->second;
  }
  return missing;
}

std::optional<uint64_t> SpoolIndex::first_sequence() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.front().location.sequence;
}

std::optional<SpoolUnit> SpoolIndex::OldestUnitWithState(const std::set<SpoolUnit>& except) const {
  const Entry* oldest = nullptr;
  for (const Entry& entry : entries_) {
    if (entry.dropped || !HoldsState(entry.location.entry_class)) continue;
    if (oldest != nullptr && oldest->location.replaces_from <= entry.location.replaces_from) continue;
    if (except.count(units_[entry.unit].name) == 0) oldest = &entry;
  }
  if (oldest == nullptr) return std::nullopt;
  return units_[oldest->unit].name;
}

std::vector<SpoolIndex::Location> SpoolIndex::OldestSamples(uint64_t max_bytes) const {
  std::vector<Location> found;
  uint64_t bytes = 0;
  for (const Entry& entry : entries_) {
    if (entry.dropped || entry.location.entry_class != EntryClass::kSample) continue;
    bytes += entry.location.bytes;
    if (!found.empty() && bytes > max_bytes) break;
    found.push_back(entry.location);
  }
  return found;
}

uint64_t SpoolIndex::EntriesOf(const SpoolUnit& unit) const {
  uint32_t number = 0;
  const Unit* found = FindUnitByName(unit, &number);
  return found == nullptr ? 0 : found->entries;
}

std::vector<SpoolUnit> SpoolIndex::UnitsWith(uint64_t min_entries) const {
  std::vector<SpoolUnit> units;
  for (const Unit& unit : units_) {
    if (unit.entries >= min_entries) units.push_back(unit.name);
  }
  return units;
}

std::vector<SpoolIndex::Location> SpoolIndex::FindUnit(const SpoolUnit& unit, uint64_t from) const {
  std::vector<Location> found;
  uint32_t number = 0;
  if (FindUnitByName(unit, &number) == nullptr) return found;
  for (auto it = LowerBound(from); it != entries_.end(); ++it) {
    if (it->unit == number && !it->dropped) found.push_back(it->location);
  }
  return found;
}

bool SpoolIndex::Contains(uint64_t sequence) const {
  const auto found = LowerBound(sequence);
  return found != entries_.end() && found->location.sequence == sequence && !found->dropped;
}

std::vector<SpoolUnit> SpoolIndex::UnitsIn(uint64_t segment) const {
  std::set<uint32_t> numbers;
  for (auto it = LowerBound(segment); it != entries_.end() && it->location.segment == segment; ++it) {
    if (!it->dropped) numbers.insert(it->unit);
  }
  std::vector<SpoolUnit> units;
  for (const uint32_t number : numbers) units.push_back(units_[number].name);
  return units;
}

std::vector<SpoolIndex::Location> SpoolIndex::Find(uint64_t from, size_t max_entries, size_t max_bytes) const {
  std::vector<Location> found;
  uint64_t bytes = 0;
  for (auto it = LowerBound(from); it != entries_.end() && found.size() < max_entries; ++it) {
    if (it->dropped) continue;
    bytes += it->location.bytes;
    if (!found.empty() && bytes > max_bytes) break;
    found.push_back(it->location);
  }
  return found;
}

}  // namespace rollcall
