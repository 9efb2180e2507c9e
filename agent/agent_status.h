// An agent's parts as a status message.
#ifndef ROLLCALL_AGENT_AGENT_STATUS_H_
#define ROLLCALL_AGENT_AGENT_STATUS_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/collection.h"
#include "agent/pipeline/redacting_sink.h"
#include "agent/scheduler/scheduler.h"
#include "agent/spool/spool.h"
#include "agent/transport/grpc_session.h"
#include "agent/watch/change_watcher.h"
#include "agent/watch/process_watcher.h"
#include "rollcall/v1/agent_status.pb.h"

namespace rollcall {

// A collector that is this much over its time limit does not react any more.
inline constexpr absl::Duration kStuckAfterTimeout = absl::Minutes(2);

// Everything a status is made of, taken at one moment.
struct AgentSnapshot {
  absl::Time now;
  absl::Duration monotonic;
  std::vector<CollectionStats> collectors;
  std::vector<TaskStats> tasks;
  SpoolStats spool;
  uint64_t spool_max_bytes = 0;
  // How the last write to the spool went.
  absl::Status spool_write;
  SessionStatus session;
  absl::Time certificate_not_after = absl::InfinitePast();
  RedactionCounters redactions;
  // Unset if off.
  std::optional<ChangeWatcherStats> watch;
  std::optional<ProcessWatcherStats> process_watch;
  uint64_t resident_bytes = 0;
  absl::Duration cpu_time;
};

// Fills all but the identity and start time. Live unless a collector is stuck; ready unless the
// spool cannot be written. The backend has no part in either. Pure.
void FillAgentStatus(const AgentSnapshot& snapshot, pb::AgentStatus* status);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_AGENT_STATUS_H_
