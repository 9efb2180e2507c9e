// An agent's status for people and for probes.
#ifndef ROLLCALL_AGENT_STATUS_STATUS_TEXT_H_
#define ROLLCALL_AGENT_STATUS_STATUS_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "rollcall/v1/agent_status.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Reads the JSON line the agent answers with; fields of newer agents are passed over.
absl::StatusOr<pb::AgentStatus> ParseAgentStatus(absl::string_view json);

// A page of text: identity, session, spool, own usage and a table of collectors, fitted to
// `width` columns (0: any). Times are told relative to `now`.
std::string AgentStatusText(const pb::AgentStatus& status, absl::Time now, size_t width);

// One line, and whether the agent is well: live, or with `live_only` unset also ready.
std::string HealthText(const pb::AgentStatus& status, bool live_only, bool* healthy);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_STATUS_STATUS_TEXT_H_
