// How a DirectorySpool makes room: docs/spool_format.md, "No room".
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/spool/directory_spool.h"

namespace rollcall {
namespace {

// Most bytes of entries that are folded at once: they are in memory several times, unpacked.
constexpr uint64_t kMaxCoalesceBytes = uint64_t{1} << 20;

bool HasEvents(const SpoolIndex::Location& location) { return location.entry_class == EntryClass::kEvents; }

}  // namespace

void DirectorySpool::CountDrop(const std::string& collector, SpoolDropReason reason, uint64_t entries) {
  if (entries > 0) drops_[{collector, reason}] += entries;
}

DirectorySpool::Foldable DirectorySpool::FindFoldable(const SpoolUnit& unit) {
  std::vector<SpoolIndex::Location> locations = index_.FindUnit(unit, 0);
  // What was sent stays. So does what is kept or a sample, where it is, and what comes before it has to
  // stay before it: a receiver takes the runs of a unit in the order of their numbers only.
  size_t begin = locations.size();
  for (uint64_t bytes = 0; begin > 0; --begin) {
    const SpoolIndex::Location& location = locations[begin - 1];
    bytes += location.bytes;
    if (location.sequence <= sent_through_ || !SpoolIndex::HoldsState(location.entry_class) ||
        bytes > kMaxCoalesceBytes) {
      break;
    }
  }
  // After the last state that stays: what is folded must not void any of it.
  uint64_t floor = 0;
  for (size_t i = 0; i < begin; ++i) {
    if (SpoolIndex::HoldsState(locations[i].entry_class)) floor = locations[i].sequence + 1;
  }
  Foldable found;
  for (size_t i = begin; i < locations.size(); ++i) {
    absl::StatusOr<std::string> payload = ReadEntry(locations[i]);
    if (!payload.ok()) return {};  // Read() will find it, too
    const bool follows = !found.payloads.empty() || options_.reducer->BeginsRun(*payload);
    if (follows && locations[i].replaces_from >= floor) {
      found.locations.push_back(locations[i]);
      found.payloads.push_back(*std::move(payload));
      continue;
    }
    // The rest of a run whose beginning stays; or what keeps void what is before state that stays, and
    // would come to life when this is gone.
    found = {};
    floor = locations[i].sequence + 1;
  }
  return found;
}

absl::Status DirectorySpool::AppendReplacement(const SpoolUnit& unit, const std::vector<SpoolItem>& items,
                                               uint64_t replaces_from) {
  const uint64_t first = next_sequence_;
  for (const SpoolItem& item : items) {
    EntryTraits traits{item.entry_class, {}};
    if (&item == &items.back()) traits.replaces = {replaces_from, first};
    absl::Status status = item.payload.size() > MaxPayloadBytes(unit)
                              ? absl::ResourceExhaustedError("replacement is too large")
                              : TryAppend({unit, item.payload, traits, true});
    if (status.ok()) continue;
    // What there is of it says nothing that its sources do not, and may make up half a run.
    for (uint64_t sequence = first; sequence < next_sequence_; ++sequence) index_.DropEntry(sequence);
    return status;
  }
  // It counts from here on, as it will after a restart. What it replaces stays on the disk until it
  // is sure to survive a power loss.
  if (!SyncEntries().ok()) replacement_unsynced_ = true;
  return absl::OkStatus();
}

bool DirectorySpool::CoalesceUnit(const SpoolUnit& unit) {
  const auto [locations, payloads] = FindFoldable(unit);
  if (locations.size() < 2) return false;
  const std::optional<std::vector<SpoolItem>> items = options_.reducer->Coalesce(payloads);
  if (!items.has_value() || items->empty() || items->size() >= locations.size()) return false;
  // What these replaced may be on disk still, and must stay void when these are gone.
  uint64_t from = locations.front().sequence;
  for (const SpoolIndex::Location& location : locations) from = std::min(from, location.replaces_from);
  const uint64_t below = next_sequence_;
  if (!AppendReplacement(unit, *items, from).ok()) return false;
  const uint64_t dropped = index_.DropState(unit, {from, below});
  CountDrop(unit.collector, SpoolDropReason::kCoalesced, dropped - std::min<uint64_t>(dropped, items->size()));
  RemoveDeadSegments().IgnoreError();  // tried again with the next acknowledgement
  return true;
}

bool DirectorySpool::CoalesceAll() {
  bool any = false;
  for (const SpoolUnit& unit : index_.UnitsWith(2)) any |= CoalesceUnit(unit);
  return any;
}

bool DirectorySpool::DropOldestSamples() {
  const std::vector<SpoolIndex::Location> samples = index_.OldestSamples(options_.segment_bytes);
  for (const SpoolIndex::Location& sample : samples) {
    const std::optional<SpoolUnit> unit = index_.DropEntry(sample.sequence);
    if (unit.has_value()) CountDrop(unit->collector, SpoolDropReason::kSample, 1);
  }
  // Nothing is stored: should they be there after a crash, so much the better.
  RemoveDeadSegments().IgnoreError();
  return !samples.empty();
}

absl::StatusOr<bool> DirectorySpool::CollapseIntoEvents(const SpoolUnit& unit, SpoolDropReason reason) {
  std::vector<SpoolIndex::Location> locations = index_.FindUnit(unit, 0);
  std::erase_if(locations, [](const auto& location) { return !SpoolIndex::HoldsState(location.entry_class); });
  if (options_.reducer == nullptr || std::none_of(locations.begin(), locations.end(), HasEvents)) return false;
  // Nothing goes before its loss is on disk.
  marks_dirty_ |= marks_.MarkNeedsFull(unit);
  if (marks_dirty_ && !collapsing_marks_) {
    if (absl::Status status = StoreMarks(); !status.ok()) return status;
  }
  std::vector<std::string> events;
  std::string last;
  uint64_t from = locations.front().sequence;
  for (const SpoolIndex::Location& location : locations) {
    from = std::min(from, location.replaces_from);
    const bool is_last = &location == &locations.back();
    if (!HasEvents(location) && !is_last) continue;
    absl::StatusOr<std::string> payload = ReadEntry(location);
    if (!payload.ok()) {
      LoseEntry(location.sequence);
      continue;
    }
    if (is_last) last = *payload;
    if (HasEvents(location)) events.push_back(*std::move(payload));
  }
  if (events.empty()) return false;
  const std::vector<SpoolItem> items = options_.reducer->Keep(events, last.empty() ? events.back() : last);
  if (items.empty()) return false;
  const uint64_t below = next_sequence_;
  if (absl::Status status = AppendReplacement(unit, items, from); !status.ok()) return status;
  CountDrop(unit.collector, reason, index_.DropState(unit, {from, below}));
  return true;
}

absl::Status DirectorySpool::CollapseUnit(const SpoolUnit& unit, SpoolDropReason reason) {
  const absl::StatusOr<bool> done = CollapseIntoEvents(unit, reason);
  if (!done.ok()) return done.status();
  if (!*done) {
    marks_.Drop(unit, next_sequence_);
    marks_dirty_ = true;
    // Nothing goes before its loss is on disk.
    if (absl::Status status = StoreMarks(); !status.ok()) return status;
    CountDrop(unit.collector, reason, index_.DropState(unit, {0, next_sequence_}));
  }
  return RemoveDeadSegments();
}

void DirectorySpool::CollapseUnitsWithEvents(const std::vector<SpoolUnit>& units) {
  for (const SpoolUnit& unit : units) {
    // If it fails, its runs are sent as they are, and a receiver may have to refuse them.
    CollapseIntoEvents(unit, SpoolDropReason::kCollapsed).IgnoreError();
  }
}

bool DirectorySpool::MakeRoom(const SpoolUnit& unit, Tried* tried) {
  if (options_.reducer != nullptr && !std::exchange(tried->coalesced, true) && CoalesceAll()) return true;
  if (DropOldestSamples()) return true;
  for (;;) {
    const std::optional<SpoolUnit> victim = index_.OldestUnitWithState(tried->stuck);
    if (!victim.has_value()) return false;
    if (CollapseUnit(*victim, SpoolDropReason::kCollapsed).ok()) return *victim != unit;
    // What cannot be found again of it cannot be put aside now; another unit has to go.
    tried->stuck.insert(*victim);
    if (*victim == unit) return false;
  }
}

absl::Status DirectorySpool::Supersede(const SpoolUnit& unit) {
  const std::lock_guard lock(mutex_);
  if (!index_.HasPending(unit)) return absl::OkStatus();
  return CollapseUnit(unit, SpoolDropReason::kSuperseded);
}

}  // namespace rollcall
