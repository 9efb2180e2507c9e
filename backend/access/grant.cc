#include "backend/access/grant.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rollcall {

absl::StatusOr<Grant> GrantOf(absl::Span<const std::string> uris, absl::Time expires_at) {
  if (uris.empty() || uris.size() > kMaxIdentities) {
    return absl::UnauthenticatedError(absl::StrCat("authenticate operator: its certificate has ", uris.size(),
                                                   " SAN URIs, not 1 to ", kMaxIdentities));
  }
  Grant grant;
  grant.expires_at = expires_at;
  bool agent = false;
  for (const std::string& uri : uris) {
    const absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(uri);
    if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
    agent |= identity->role == PeerRole::kAgent;
    if (grant.person.empty()) grant.person = identity->id;
    if (grant.person != identity->id) {
      return absl::UnauthenticatedError("authenticate operator: its certificate names several people");
    }
    RoleSet& roles = grant.tenants[identity->tenant];
    if (roles.Has(identity->role)) {
      return absl::UnauthenticatedError("authenticate operator: its certificate names a role twice");
    }
    roles.Add(identity->role);
  }
  if (agent) {
    return absl::PermissionDeniedError(
        "authorize peer: its certificate speaks for an agent, and this takes the role of a person");
  }
  return grant;
}

}  // namespace rollcall
