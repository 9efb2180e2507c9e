// A spool that syncs in groups and tells when there is something to send.
#ifndef ROLLCALL_AGENT_TRANSPORT_NOTIFYING_SPOOL_H_
#define ROLLCALL_AGENT_TRANSPORT_NOTIFYING_SPOOL_H_

#include <functional>
#include <mutex>

#include "agent/spool/spool.h"
#include "agent/spool/sync_policy.h"
#include "platform/clock.h"

namespace rollcall {

// Decorates the spool on the collection side: what is appended is synced in groups, as
// SyncPolicy says, and at the latest by Commit() at the end of a run. Thread-safe.
class NotifyingSpool : public Spool {
 public:
  // `appended` is called after each append, outside of locks. Pointers must outlive this.
  NotifyingSpool(Spool* spool, const Clock* clock, std::function<void()> appended);

  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override;
  absl::StatusOr<uint64_t> AppendAs(EntryClass entry_class, const SpoolUnit& unit, absl::string_view payload) override;
  absl::Status Supersede(const SpoolUnit& unit) override;
  absl::Status Sync() override;
  absl::StatusOr<std::vector<SpoolEntry>> Read(uint64_t from, size_t max_entries, size_t max_bytes) override;
  absl::Status Acknowledge(uint64_t sequence) override;
  bool HasPending(const SpoolUnit& unit) const override;
  absl::Status MarkNeedsFull(const SpoolUnit& unit) override;
  bool NeedsFull(const SpoolUnit& unit) const override;
  absl::Status ClearNeedsFull(const SpoolUnit& unit) override;
  SpoolStats Stats() const override;

  // Syncs if anything waits for it.
  absl::Status Commit();

  // How the last append or sync went: whether what is found can be kept.
  absl::Status last_write() const;

 private:
  void Note(const absl::Status& status);

  Spool* const spool_;
  const Clock* const clock_;
  const std::function<void()> appended_;
  mutable std::mutex mutex_;
  SyncPolicy policy_;
  absl::Status last_write_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_NOTIFYING_SPOOL_H_
