// Who the agent is: what its certificate says.
#ifndef ROLLCALL_AGENT_IDENTITY_AGENT_IDENTITY_H_
#define ROLLCALL_AGENT_IDENTITY_AGENT_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

struct AgentIdentity {
  std::string tenant;
  std::string agent_id;
  // When the certificate ends.
  absl::Time not_after;
};

// Splits `rollcall://TENANT/agent/UUID`. InvalidArgument for anything else. Pure.
absl::StatusOr<AgentIdentity> ParseAgentUri(absl::string_view uri);

// Reads the first certificate of a PEM chain (RFC 5280): its subject alternative name of type
// URI, of which exactly one must be an agent's. InvalidArgument says what is missing. Pure.
absl::StatusOr<AgentIdentity> IdentityFromCertificate(absl::string_view pem);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_IDENTITY_AGENT_IDENTITY_H_
