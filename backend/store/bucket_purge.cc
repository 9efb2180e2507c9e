#include "backend/store/bucket_purge.h"

#include "platform/status_macros.h"

namespace rollcall {
namespace {

absl::Status Pause(absl::Duration duration, const Clock& clock, const StopToken& stop) {
  if (clock.WaitFor(duration, stop) && !stop.stop_requested()) return absl::OkStatus();
  return absl::CancelledError("purge bucket: stopped");
}

class Purger {
 public:
  Purger(BucketStore* store, const BucketRef& bucket, uint64_t fence, const PurgePace& pace, const Clock& clock,
         const StopToken& stop)
      : store_(store), bucket_(bucket), fence_(fence), pace_(pace), clock_(clock), stop_(stop) {}

  absl::StatusOr<PurgeReport> Run(bool erase_residue) {
    // Rows that changed while they were looked at are found the next time; so many times in a row they do not.
    constexpr int kPasses = 3;
    for (int pass = 0; pass < kPasses; ++pass) {
      ROLLCALL_RETURN_IF_ERROR(DeleteAll());
      ROLLCALL_ASSIGN_OR_RETURN(const uint64_t parts, store_->DropStaged(bucket_, fence_));
      report_.staged_parts += parts;
      if (erase_residue) ROLLCALL_RETURN_IF_ERROR(EraseResidue(store_, pace_, clock_, stop_));
      ROLLCALL_ASSIGN_OR_RETURN(report_.remaining, store_->CountBucket(bucket_));
      if (report_.remaining.records == 0 && report_.remaining.staged == 0) break;
    }
    return report_;
  }

 private:
  absl::Status DeleteAll() {
    std::string cursor;
    do {
      ROLLCALL_ASSIGN_OR_RETURN(const BucketRowPage page,
                                store_->ScanBucket(bucket_, cursor, pace_.batch_rows, RowContent::kFacts));
      ROLLCALL_RETURN_IF_ERROR(DeletePage(page.rows));
      cursor = page.next_cursor;
    } while (!cursor.empty());
    return absl::OkStatus();
  }

  absl::Status DeletePage(absl::Span<const BucketRow> rows) {
    while (!rows.empty()) {
      const absl::Duration end = clock_.Monotonic() + pace_.batch_time;
      ROLLCALL_ASSIGN_OR_RETURN(const DeleteOutcome outcome,
                                store_->DeleteRows(bucket_, fence_, rows, [&] { return clock_.Monotonic() < end; }));
      report_.deleted += outcome.deleted;
      report_.bytes += outcome.bytes;
      ++report_.batches;
      rows.remove_prefix(outcome.handled);
      ROLLCALL_RETURN_IF_ERROR(Pause(pace_.pause, clock_, stop_));
    }
    return absl::OkStatus();
  }

  BucketStore* const store_;
  const BucketRef& bucket_;
  const uint64_t fence_;
  const PurgePace& pace_;
  const Clock& clock_;
  const StopToken& stop_;
  PurgeReport report_;
};

}  // namespace

absl::StatusOr<PurgeReport> PurgeBucket(BucketStore* store, const BucketRef& bucket, uint64_t fence,
                                        const PurgePace& pace, const Clock& clock, const StopToken& stop) {
  return Purger(store, bucket, fence, pace, clock, stop).Run(/*erase_residue=*/true);
}

absl::StatusOr<PurgeReport> EmptyBucket(BucketStore* store, const BucketRef& bucket, uint64_t fence,
                                        const PurgePace& pace, const Clock& clock, const StopToken& stop) {
  return Purger(store, bucket, fence, pace, clock, stop).Run(/*erase_residue=*/false);
}

absl::Status EraseResidue(BucketStore* store, const PurgePace& pace, const Clock& clock, const StopToken& stop) {
  const absl::Duration end = clock.Monotonic() + pace.residue_wait;
  while (true) {
    if (stop.stop_requested()) return absl::CancelledError("erase residue: stopped");
    const absl::Status status = store->EraseResidue(stop);
    if (!absl::IsUnavailable(status) || clock.Monotonic() >= end) return status;
    ROLLCALL_RETURN_IF_ERROR(Pause(absl::Milliseconds(100), clock, stop));
  }
}

}  // namespace rollcall
