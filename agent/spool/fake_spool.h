// A Spool in memory, for tests of what writes to a spool or reads from it.
#ifndef ROLLCALL_AGENT_SPOOL_FAKE_SPOOL_H_
#define ROLLCALL_AGENT_SPOOL_FAKE_SPOOL_H_

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/spool/spool.h"

namespace rollcall {

// Keeps the contract of Spool but for durability, and can be told to fail. Thread-safe.
class FakeSpool : public Spool {
 public:
  struct Entry {
    uint64_t sequence = 0;
    SpoolUnit unit;
    std::string payload;
  };

  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override {
    const std::lock_guard lock(mutex_);
    if (appends_until_failure_ == 0) return absl::UnavailableError("append to spool: no room");
    if (appends_until_failure_ > 0) --appends_until_failure_;
    const uint64_t sequence = next_sequence_++;
    entries_.push_back({sequence, unit, std::string(payload)});
    return sequence;
  }

  absl::Status Sync() override {
    const std::lock_guard lock(mutex_);
    ++syncs_;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<SpoolEntry>> Read(uint64_t from, size_t max_entries, size_t max_bytes) override {
    const std::lock_guard lock(mutex_);
    std::vector<SpoolEntry> found;
    size_t bytes = 0;
    for (const Entry& entry : entries_) {
      if (entry.sequence < from) continue;
      if (found.size() == max_entries) break;
      if (!found.empty() && bytes + entry.payload.size() > max_bytes) break;
      bytes += entry.payload.size();
      found.push_back({entry.sequence, entry.payload});
    }
    return found;
  }

  absl::Status Acknowledge(uint64_t sequence) override {
    const std::lock_guard lock(mutex_);
    while (!entries_.empty() && entries_.front().sequence <= sequence) entries_.pop_front();
    return absl::OkStatus();
  }

  bool HasPending(const SpoolUnit& unit) const override {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_) {
      if (entry.unit == unit) return true;
    }
    return false;
  }

  absl::Status MarkNeedsFull(const SpoolUnit& unit) override {
    const std::lock_guard lock(mutex_);
    needs_full_.insert(unit);
    return absl::OkStatus();
  }

  bool NeedsFull(const SpoolUnit& unit) const override {
    const std::lock_guard lock(mutex_);
    return needs_full_.count(unit) > 0;
  }

  absl::Status ClearNeedsFull(const SpoolUnit& unit) override {
    const std::lock_guard lock(mutex_);
    needs_full_.erase(unit);
    return absl::OkStatus();
  }

  SpoolStats Stats() const override {
    const std::lock_guard lock(mutex_);
    SpoolStats stats;
    for (const Entry& entry : entries_) stats.bytes += entry.payload.size();
    stats.entries = entries_.size();
    stats.first_sequence = entries_.empty() ? next_sequence_ : entries_.front().sequence;
    stats.next_sequence = next_sequence_;
    for (const auto& [collector, entries] : dropped_) {
      stats.dropped_entries += entries;
      stats.drops.push_back({collector, SpoolDropReason::kCollapsed, entries});
    }
    return stats;
  }

  // After `count` more appends, Append returns Unavailable; a negative count lifts this.
  void FailAppendsAfter(int64_t count) {
    const std::lock_guard lock(mutex_);
    appends_until_failure_ = count;
  }

  // Drops the unit's entries and marks it, as a spool without room does.
  void DropUnit(const SpoolUnit& unit) {
    const std::lock_guard lock(mutex_);
    std::deque<Entry> kept;
    for (Entry& entry : entries_) {
      if (entry.unit == unit) {
        ++dropped_[unit.collector];
      } else {
        kept.push_back(std::move(entry));
      }
    }
    entries_ = std::move(kept);
    needs_full_.insert(unit);
  }

  // What is pending, oldest first.
  std::vector<Entry> Entries() const {
    const std::lock_guard lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }

  uint64_t syncs() const {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  std::set<SpoolUnit> needs_full_;
  uint64_t next_sequence_ = 1;
  std::map<std::string, uint64_t> dropped_;
  uint64_t syncs_ = 0;
  int64_t appends_until_failure_ = -1;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_FAKE_SPOOL_H_
