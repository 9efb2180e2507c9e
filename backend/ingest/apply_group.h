// One group of batches on its way into the store.
#ifndef ROLLCALL_BACKEND_INGEST_APPLY_GROUP_H_
#define ROLLCALL_BACKEND_INGEST_APPLY_GROUP_H_

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "backend/ingest/apply_workers.h"
#include "backend/ingest/second_redaction.h"

namespace rollcall {

// Collects validated batches, applies them in one transaction and answers their sessions:
// first every Resync, then one cumulative acknowledgement per session. Used by one thread.
class ApplyGroup {
 public:
  // Runs an attempt on the store until it is decided; see ApplyWorkers::Retrying.
  using Retry = std::function<absl::Status(const std::function<absl::Status()>& attempt)>;

  // No second look for secrets if `redactor` is nullptr.
  ApplyGroup(Store* store, const Clock* clock, Logger* logger, IngestObserver* observer, SecondRedactor* redactor,
             const BatchLimits& limits)
      : store_(store), clock_(clock), logger_(logger), observer_(observer), redactor_(redactor), limits_(limits) {}

  // Validates the batch of `job`, which must stay alive until Commit returned, and redacts it again.
  void Add(const Job& job, const BatchJob& work);
  bool empty() const { return entries_.empty(); }
  // Of the bodies of its batches, before compression.
  size_t body_bytes() const { return body_bytes_; }

  // Applies and answers. If the store could not be reached until the workers were stopped,
  // nobody is answered: the agents still have everything.
  void Commit(const Retry& retry);

 private:
  struct Entry {
    const Job* job;
    const BatchJob* work;
    // Position in `prepared_`; -1 if the batch was refused.
    int prepared = -1;
    size_t clock_suspects = 0;
    pb::Resync resync;
    bool needs_resync = false;
  };

  // Fill `outcomes_`. When the store refuses the group for its content, each batch is tried
  // alone, so that one cannot hold up the others.
  absl::Status Apply(const Retry& retry);
  absl::Status ApplyOneByOne(const Retry& retry);
  void Resolve(Entry& entry);
  void Answer();

  Store* const store_;
  const Clock* const clock_;
  Logger* const logger_;
  IngestObserver* const observer_;
  SecondRedactor* const redactor_;
  const BatchLimits limits_;
  size_t body_bytes_ = 0;
  std::vector<Entry> entries_;
  std::vector<PreparedBatch> prepared_;
  // One for each of prepared_; an error if the store refused that batch.
  std::vector<absl::StatusOr<ApplyOutcome>> outcomes_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_APPLY_GROUP_H_
