// What ingest tells whoever counts: metrics in the server, nothing in most tests.
#ifndef ROLLCALL_BACKEND_INGEST_INGEST_OBSERVER_H_
#define ROLLCALL_BACKEND_INGEST_INGEST_OBSERVER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/ingest/batch_validator.h"
#include "backend/store/store.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

// Where a session takes up, by the epochs of Hello and of the agent's units.
enum class Greeting {
  // The store has nothing of the agent.
  kNew,
  // The agent's process goes on.
  kContinued,
  // A later life: the agent was restarted, upgraded or reset.
  kLaterLife,
  // An earlier life: a copy of the agent, or one whose state was put back.
  kEarlierLife,
};

// Called from any thread; must not block. Labels come from closed sets.
class IngestObserver {
 public:
  virtual ~IngestObserver() = default;
  virtual void OnSessionOpened() {}
  virtual void OnSessionClosed() {}
  // `reason` is one of the literals in ingest_session.cc, ingest_service.cc and session_registry.cc.
  virtual void OnSessionRefused(absl::string_view /*reason*/) {}
  // What the agent's Hello says against what the store has of it.
  virtual void OnGreeting(Greeting /*greeting*/) {}
  // A new session was told to poll.
  virtual void OnPollAsked() {}
  virtual void OnDrain(pb::Drain::Reason /*reason*/) {}
  // A session's window was changed.
  virtual void OnWindow(bool /*lowered*/) {}
  virtual void OnBatchReceived(size_t /*wire_bytes*/) {}
  virtual void OnBatchRejected(RejectReason /*reason*/) {}
  // The second look for secrets replaced `values` by the rule; both names are from closed sets.
  virtual void OnRedactedAgain(absl::string_view /*kind*/, absl::string_view /*rule*/, uint64_t /*values*/) {}
  // A complete set was asked for.
  virtual void OnResync(pb::Resync::Cause /*cause*/) {}
  virtual void OnBatchApplied(const ApplyOutcome& /*outcome*/, size_t /*records*/, size_t /*clock_suspects*/) {}
  // From receipt to commit.
  virtual void OnCommitted(absl::Duration /*latency*/) {}
  virtual void OnGroup(size_t /*batches*/, absl::Duration /*store_time*/) {}
  virtual void OnStoreRetry() {}
  virtual void OnQueueBytes(size_t /*shard*/, size_t /*bytes*/) {}
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_INGEST_OBSERVER_H_
