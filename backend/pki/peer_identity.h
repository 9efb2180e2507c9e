// Who a certificate speaks for: the SAN URI of agents and operators.
#ifndef ROLLCALL_BACKEND_PKI_PEER_IDENTITY_H_
#define ROLLCALL_BACKEND_PKI_PEER_IDENTITY_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// What a peer is to a tenant: its agent, or a person in one of four roles. What each may do:
// backend/access/role_table.h.
enum class PeerRole { kAgent, kViewer, kOperator, kPrivacyOfficer, kAuditor };

// Identity of a peer, as a SAN URI of its certificate states it:
//   rollcall://TENANT/agent/UUID
//   rollcall://TENANT/ROLE/NAME  where ROLE is viewer, operator, privacy-officer or auditor
// An agent's certificate has one; a person's has one for each role in each tenant.
struct PeerIdentity {
  std::string tenant;
  PeerRole role = PeerRole::kAgent;
  // UUID of an agent, name of a person.
  std::string id;
  friend bool operator==(const PeerIdentity&, const PeerIdentity&) = default;
};

// As in the URI.
absl::string_view PeerRoleName(PeerRole role);
// The role of that name; InvalidArgument lists them.
absl::StatusOr<PeerRole> ParsePeerRole(absl::string_view name);

// Tenant: 1 to 63 of [a-z0-9-], beginning and ending with a letter or digit.
absl::Status ValidateTenantName(absl::string_view tenant);
// Agent id: a UUID in its canonical lowercase form.
absl::Status ValidateAgentId(absl::string_view id);
// Operator name: 1 to 64 of [A-Za-z0-9._@-], beginning with a letter or digit.
absl::Status ValidateOperatorName(absl::string_view name);

// Parses a SAN URI. Strict: exactly one spelling per identity, so there is nothing to
// normalise and no second way to write a name. InvalidArgument otherwise. Pure.
absl::StatusOr<PeerIdentity> ParseIdentityUri(absl::string_view uri);

// The URI that parses to `identity`. InvalidArgument if a part of it is not valid.
absl::StatusOr<std::string> IdentityUri(const PeerIdentity& identity);

// A version 4 UUID (RFC 9562) from 16 random bytes. Pure.
std::string UuidFromBytes(std::array<uint8_t, 16> random);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PKI_PEER_IDENTITY_H_
