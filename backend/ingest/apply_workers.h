// Between the gRPC reactions, which may not block, and the store, which does.
#ifndef ROLLCALL_BACKEND_INGEST_APPLY_WORKERS_H_
#define ROLLCALL_BACKEND_INGEST_APPLY_WORKERS_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "backend/ingest/batch_validator.h"
#include "backend/ingest/byte_budget.h"
#include "backend/ingest/ingest_observer.h"
#include "backend/ingest/second_redaction.h"
#include "backend/store/store.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

// The session a job came from. Called from worker threads, one at a time per session; must
// not block. Outlives its jobs (they share ownership).
class JobOwner {
 public:
  virtual ~JobOwner() = default;
  // The agent is enrolled; `units` is what the store holds of it.
  virtual void OnWelcome(std::vector<UnitInfo> units) = 0;
  // Everything up to `sequence` is durable. Resyncs of the same group come first.
  virtual void OnCommitted(uint64_t sequence) = 0;
  virtual void OnResync(pb::Resync resync) = 0;
  // The session must end: the agent may not report (any more).
  virtual void OnRefused(absl::Status status) = 0;
  // A job of the session is done, whatever became of it.
  virtual void OnJobDone() = 0;
};

// A batch as received, with what the session knows of its sender.
struct BatchJob {
  pb::Batch batch;
  absl::Time received_at;
  absl::Duration clock_offset;
};
// Hello: check the enrolment, record the contact, list the units.
struct HelloJob {
  AgentContact contact;
};
// A heartbeat worth writing down.
struct ContactJob {
  AgentContact contact;
  // Whether the contact itself is due to be recorded.
  bool record_contact = true;
  std::vector<PreparedConfirmation> confirmations;
};

struct Job {
  std::shared_ptr<JobOwner> owner;
  AgentName agent;
  std::variant<BatchJob, HelloJob, ContactJob> work;
  // What the job occupies until it is done, and that much of the budget, if there is one.
  size_t bytes = 0;
  ByteBudget::Hold hold;
};

// Applies jobs on a fixed number of threads. An agent's jobs all go to one of them, so they
// are done in the order they came, across sessions too. A thread takes what has piled up as
// one group and commits it in one transaction: the busier the store, the larger the groups.
//
// While the store is unavailable a group is tried again until it goes through; nothing is
// acknowledged meanwhile, and the bounded queues make the sessions stop reading.
class ApplyWorkers {
 public:
  struct Options {
    size_t threads = 2;
    // Bytes waiting per thread before sessions are told to wait.
    size_t queue_bytes = size_t{32} << 20;
    // Largest group, in bytes on the wire and in batches, and for how long one is prepared.
    size_t group_bytes = size_t{8} << 20;
    size_t group_batches = 256;
    // Of bodies before compression: what a group takes in memory is a few times this.
    size_t group_body_bytes = size_t{16} << 20;
    absl::Duration group_time = absl::Milliseconds(50);
    absl::Duration retry_first = absl::Milliseconds(100);
    absl::Duration retry_last = absl::Seconds(10);
    BatchLimits limits;
    // Whether records are searched for secrets again before they are stored.
    bool second_redaction = true;
  };

  // Everything pointed to must outlive the workers.
  ApplyWorkers(Store* store, const Clock* clock, Logger* logger, IngestObserver* observer, Options options);
  // Drains within a second, then stops.
  ~ApplyWorkers();

  ApplyWorkers(const ApplyWorkers&) = delete;
  ApplyWorkers& operator=(const ApplyWorkers&) = delete;

  // Takes the job if there is room. Otherwise leaves `*job` as it is, returns false, and calls
  // `room` once from a worker thread when there is room again; try again then.
  // An empty queue takes a job of any size. After Drain began: false, and `room` is dropped.
  bool Enqueue(Job* job, std::function<void()> room);

  // Takes no more jobs, waits until all taken ones are done or `timeout` passed, and ends the
  // threads. True if nothing was left undone; what was is not acknowledged. Idempotent.
  bool Drain(absl::Duration timeout);

 private:
  struct Shard;

  Shard& ShardOf(const AgentName& agent);
  void RunShard(Shard& shard);
  std::vector<Job> TakeGroup(Shard& shard);
  void Finish(Shard& shard, std::vector<Job>& jobs);
  void Handle(const HelloJob& hello, JobOwner& owner);
  void Handle(const ContactJob& contact, JobOwner& owner);
  absl::Status Confirm(const ContactJob& contact, JobOwner& owner);
  // Asks for the units' complete sets: the backend holds other runs or sets than those confirmed.
  absl::Status AskAgain(const ContactJob& contact, const std::vector<PreparedConfirmation>& refused, JobOwner& owner);
  // Calls `attempt` until it is not Unavailable (or damaged) or the workers are stopped.
  absl::Status Retrying(absl::string_view what, const std::function<absl::Status()>& attempt);

  Store* const store_;
  const Clock* const clock_;
  Logger* const logger_;
  IngestObserver* const observer_;
  const Options options_;
  // nullptr if not asked for.
  const std::unique_ptr<SecondRedactor> redactor_;
  StopSource stop_;
  std::mutex drain_mutex_;
  bool drained_ = false;
  bool drained_clean_ = true;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_APPLY_WORKERS_H_
