// What whoever sends from this host needs of it: who it is, how its spool is opened and how its backend is
// reached. The agent and `rollcall-agent spool drain` must not differ in any of it.
#ifndef ROLLCALL_AGENT_HOST_SESSION_H_
#define ROLLCALL_AGENT_HOST_SESSION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/config/agent_config.h"
#include "agent/identity/agent_identity.h"
#include "agent/identity/epoch.h"
#include "agent/live_host.h"
#include "agent/spool/directory_spool.h"
#include "agent/transport/grpc_session.h"
#include "platform/clock.h"
#include "platform/host_identity.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

struct ThisHost {
  AgentIdentity agent;
  LiveHost live;
  HostIdentity identity;
  // Tells two machines with one agent's certificate apart; empty if it cannot be read.
  std::string boot_id;
  std::unique_ptr<EpochSource> epoch;
};

// Reads the certificate, and recognises the host below `config.root` by what the state directory, which
// must exist, says of it; what is new is written there. Says which file stands in the way.
absl::StatusOr<ThisHost> OpenThisHost(const AgentConfig& config, const Clock& clock);

// `reducer` must outlive the spool.
DirectorySpoolOptions SpoolOptionsOf(const AgentConfig& config, const EntryReducer* reducer);

// Where the spool of this state directory is.
std::string SpoolDirectoryOf(const AgentConfig& config);

// How the session introduces itself.
pb::Hello HelloOf(const AgentConfig& config, const ThisHost& host);

GrpcSession::Options SessionOptionsOf(const AgentConfig& config);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_HOST_SESSION_H_
