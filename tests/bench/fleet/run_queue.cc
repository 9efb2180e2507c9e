#include "tests/bench/fleet/run_queue.h"

#include <algorithm>
#include <utility>

namespace rollcall {

void RunQueue::Add(const PlannedRun& run) {
  const uint32_t parts = runs_->PartsOf(run);
  ++stats_->runs;
  for (uint32_t part = 0; part < parts; ++part) {
    Entry entry{run, part, runs_->RecordsOf(run, part)};
    ++stats_->batches_created;
    stats_->records_created += entry.records;
    entries_.push_back(entry);
  }
}

void RunQueue::NoteSent(uint64_t sequence, absl::Duration at) {
  if (sequence < first_ || sequence - first_ >= entries_.size()) return;
  entries_[sequence - first_].sent_at = at;
}

absl::StatusOr<uint64_t> RunQueue::Append(const SpoolUnit& unit, absl::string_view /*payload*/) {
  return absl::InvalidArgumentError(absl::StrCat("append to queue: ", unit.collector, " is queued as runs"));
}

absl::StatusOr<std::vector<SpoolEntry>> RunQueue::Read(uint64_t from, size_t max_entries, size_t max_bytes) {
  std::vector<SpoolEntry> read;
  size_t bytes = 0;
  for (uint64_t sequence = std::max(from, first_); sequence - first_ < entries_.size() && read.size() < max_entries;
       ++sequence) {
    const Entry& entry = entries_[sequence - first_];
    const absl::StatusOr<pb::Batch> batch = runs_->MakeBatch(host_, entry.run, entry.part, clock_->Now());
    if (!batch.ok()) return batch.status();
    std::string payload = batch->SerializeAsString();
    bytes += payload.size();
    if (!read.empty() && bytes > max_bytes) break;
    read.push_back({sequence, std::move(payload)});
    if (bytes >= max_bytes) break;
  }
  return read;
}

absl::Status RunQueue::Acknowledge(uint64_t sequence) {
  const absl::Duration now = clock_->Monotonic();
  for (; first_ <= sequence && !entries_.empty(); ++first_) {
    const Entry& entry = entries_.front();
    ++stats_->batches_acknowledged;
    stats_->records_acknowledged += entry.records;
    if (entry.sent_at != absl::InfiniteDuration()) stats_->acknowledgement.Add(now - entry.sent_at);
    entries_.pop_front();
  }
  return absl::OkStatus();
}

bool RunQueue::HasPending(const SpoolUnit& unit) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return model_->units()[entry.run.unit].collector == unit.collector; });
}

absl::Status RunQueue::MarkNeedsFull(const SpoolUnit& unit) {
  needs_full_.insert(unit);
  return absl::OkStatus();
}

absl::Status RunQueue::ClearNeedsFull(const SpoolUnit& unit) {
  needs_full_.erase(unit);
  return absl::OkStatus();
}

SpoolStats RunQueue::Stats() const {
  SpoolStats stats;
  stats.entries = entries_.size();
  stats.first_sequence = first_;
  stats.next_sequence = first_ + entries_.size();
  return stats;
}

}  // namespace rollcall
