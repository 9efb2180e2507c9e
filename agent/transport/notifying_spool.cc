#include "agent/transport/notifying_spool.h"

#include <utility>

namespace rollcall {

NotifyingSpool::NotifyingSpool(Spool* spool, const Clock* clock, std::function<void()> appended)
    : spool_(spool), clock_(clock), appended_(std::move(appended)) {}

void NotifyingSpool::Note(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  last_write_ = status;
}

absl::StatusOr<uint64_t> NotifyingSpool::Append(const SpoolUnit& unit, absl::string_view payload) {
  return AppendAs(EntryClass::kState, unit, payload);
}

absl::StatusOr<uint64_t> NotifyingSpool::AppendAs(EntryClass entry_class, const SpoolUnit& unit,
                                                  absl::string_view payload) {
  const absl::StatusOr<uint64_t> sequence = spool_->AppendAs(entry_class, unit, payload);
  Note(sequence.status());
  if (!sequence.ok()) return sequence;
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    const absl::Duration now = clock_->Monotonic();
    policy_.NoteAppended(payload.size(), now);
    due = policy_.Due(now);
  }
  // An entry that is not on the disk yet is still kept; last_write() and the next sync tell.
  if (due) Sync().IgnoreError();
  appended_();
  return sequence;
}

absl::Status NotifyingSpool::Sync() {
  {
    const std::lock_guard lock(mutex_);
    policy_.NoteSynced();
  }
  const absl::Status status = spool_->Sync();
  Note(status);
  return status;
}

absl::Status NotifyingSpool::Commit() {
  {
    const std::lock_guard lock(mutex_);
    if (policy_.deadline() == absl::InfiniteDuration()) return absl::OkStatus();
  }
  return Sync();
}

absl::Status NotifyingSpool::last_write() const {
  const std::lock_guard lock(mutex_);
  return last_write_;
}

absl::Status NotifyingSpool::Supersede(const SpoolUnit& unit) { return spool_->Supersede(unit); }
absl::StatusOr<std::vector<SpoolEntry>> NotifyingSpool::Read(uint64_t from, size_t max_entries, size_t max_bytes) {
  return spool_->Read(from, max_entries, max_bytes);
}
absl::Status NotifyingSpool::Acknowledge(uint64_t sequence) { return spool_->Acknowledge(sequence); }
bool NotifyingSpool::HasPending(const SpoolUnit& unit) const { return spool_->HasPending(unit); }
absl::Status NotifyingSpool::MarkNeedsFull(const SpoolUnit& unit) { return spool_->MarkNeedsFull(unit); }
bool NotifyingSpool::NeedsFull(const SpoolUnit& unit) const { return spool_->NeedsFull(unit); }
absl::Status NotifyingSpool::ClearNeedsFull(const SpoolUnit& unit) { return spool_->ClearNeedsFull(unit); }
SpoolStats NotifyingSpool::Stats() const { return spool_->Stats(); }

}  // namespace rollcall
