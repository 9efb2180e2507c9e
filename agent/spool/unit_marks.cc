#include "agent/spool/unit_marks.h"

#include <algorithm>

#include "agent/spool/little_endian.h"

namespace rollcall {
namespace {

constexpr uint8_t kEncodingVersion = 1;
constexpr uint8_t kNeedsFullBit = 1;
constexpr uint8_t kSentSinceAllBit = 2;

void AppendShort(const std::string& text, std::string* out) {
  AppendLittleEndian(static_cast<uint16_t>(text.size()), out);
  out->append(text);
}

bool TakeShort(absl::string_view* bytes, std::string* text) {
  uint16_t size = 0;
  absl::string_view value;
  if (!TakeLittleEndian(bytes, &size) || !TakeBytes(bytes, size, &value)) return false;
  *text = std::string(value);
  return true;
}

}  // namespace

void UnitMarks::EraseIfEmpty(const SpoolUnit& unit) {
  const auto found = marks_.find(unit);
  if (found != marks_.end() && found->second == Mark{}) marks_.erase(found);
}

bool UnitMarks::MarkNeedsFull(const SpoolUnit& unit) {
  if (unit == AllSpoolUnits()) {
    bool changed = !all_;
    all_ = true;
    for (auto it = marks_.begin(); it != marks_.end();) {
      changed |= it->second.sent_since_all;
      it->second.sent_since_all = false;
      it = it->second == Mark{} ? marks_.erase(it) : std::next(it);
    }
    return changed;
  }
  if (NeedsFull(unit)) return false;
  Mark& mark = marks_[unit];
  mark.needs_full = true;
  return true;
}

bool UnitMarks::ClearNeedsFull(const SpoolUnit& unit) {
  if (!NeedsFull(unit)) return false;
  if (unit == AllSpoolUnits()) {
    all_ = false;
    for (auto it = marks_.begin(); it != marks_.end();) {
      it->second.needs_full = false;
      it->second.sent_since_all = false;
      it = it->second == Mark{} ? marks_.erase(it) : std::next(it);
    }
    return true;
  }
  Mark& mark = marks_[unit];
  mark.needs_full = false;
  mark.sent_since_all = all_;
  EraseIfEmpty(unit);
  return true;
}

bool UnitMarks::NeedsFull(const SpoolUnit& unit) const {
  if (unit == AllSpoolUnits()) {
    return all_ || std::any_of(marks_.begin(), marks_.end(), [](const auto& each) { return each.second.needs_full; });
  }
  const auto found = marks_.find(unit);
  if (found == marks_.end()) return all_;
  return found->second.needs_full || (all_ && !found->second.sent_since_all);
}

void UnitMarks::Drop(const SpoolUnit& unit, uint64_t sequence) {
  MarkNeedsFull(unit);
  Mark& mark = marks_[unit];
  mark.dropped_below = std::max(mark.dropped_below, sequence);
}

uint64_t UnitMarks::DroppedBelow(const SpoolUnit& unit) const {
  const auto found = marks_.find(unit);
  return found == marks_.end() ? all_dropped_below_ : std::max(all_dropped_below_, found->second.dropped_below);
}

void UnitMarks::Collapse(uint64_t sequence) {
  marks_.clear();
  all_ = true;
  all_dropped_below_ = std::max(all_dropped_below_, sequence);
}

void UnitMarks::Prune(uint64_t first_sequence) {
  if (all_dropped_below_ <= first_sequence) all_dropped_below_ = 0;
  for (auto it = marks_.begin(); it != marks_.end();) {
    if (it->second.dropped_below <= first_sequence) it->second.dropped_below = 0;
    it = it->second == Mark{} ? marks_.erase(it) : std::next(it);
  }
}

std::string UnitMarks::Encode() const {
  std::string out;
  AppendLittleEndian(kEncodingVersion, &out);
  AppendLittleEndian(static_cast<uint8_t>(all_ ? 1 : 0), &out);
  AppendLittleEndian(all_dropped_below_, &out);
  AppendLittleEndian(static_cast<uint32_t>(marks_.size()), &out);
  for (const auto& [unit, mark] : marks_) {
    AppendShort(unit.collector, &out);
    AppendShort(unit.scope, &out);
    const int bits = (mark.needs_full ? kNeedsFullBit : 0) | (mark.sent_since_all ? kSentSinceAllBit : 0);
    AppendLittleEndian(static_cast<uint8_t>(bits), &out);
    AppendLittleEndian(mark.dropped_below, &out);
  }
  return out;
}

absl::StatusOr<UnitMarks> UnitMarks::Decode(absl::string_view bytes) {
  UnitMarks marks;
  uint8_t version = 0;
  uint8_t all = 0;
  uint32_t count = 0;
  if (!TakeLittleEndian(&bytes, &version) || version != kEncodingVersion || !TakeLittleEndian(&bytes, &all) ||
      all > 1 || !TakeLittleEndian(&bytes, &marks.all_dropped_below_) || !TakeLittleEndian(&bytes, &count)) {
    return absl::InvalidArgumentError("read unit marks: bad header");
  }
  marks.all_ = all == 1;
  for (uint32_t i = 0; i < count; ++i) {
    SpoolUnit unit;
    Mark mark;
    uint8_t bits = 0;
    if (!TakeShort(&bytes, &unit.collector) || !TakeShort(&bytes, &unit.scope) || !TakeLittleEndian(&bytes, &bits) ||
        !TakeLittleEndian(&bytes, &mark.dropped_below)) {
      return absl::InvalidArgumentError("read unit marks: cut short");
    }
    mark.needs_full = (bits & kNeedsFullBit) != 0;
    mark.sent_since_all = (bits & kSentSinceAllBit) != 0;
    marks.marks_[unit] = mark;
  }
  if (!bytes.empty()) return absl::InvalidArgumentError("read unit marks: bytes after the end");
  return marks;
}

}  // namespace rollcall
